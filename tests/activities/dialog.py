"""A course whose LMS opened the picker, for tests that place links by it."""

import base64
import json
import re
import uuid
from dataclasses import asdict
from html import unescape
from typing import Any

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from demo_lms import Platform, deep_linking, persons, vocabulary
from lti_config.deep_linking import Request
from models import (
    Activity,
    Concept,
    Course,
    CourseRole,
)
from tests import factories
from tests.helpers import Visitor, enter
from tests.launch import lms


class Dialog:
    """A course whose LMS opened the picker."""

    def __init__(self, app: Flask, session: Session, platform: Platform) -> None:
        self.app, self.session, self.platform = app, session, platform
        self.course: Course = factories.course(session)
        self.concept: Concept = factories.concept(session, self.course, name="For <loops>")
        self.ticket = deep_linking.open_ticket(platform, persons.get("teacher"))
        self.registration = lms.register(session, platform)

    def enter(
        self,
        role: CourseRole = CourseRole.TEACHER,
        activity_id: uuid.UUID | None = None,
        **changes: Any,
    ) -> Visitor:
        request = Request(
            return_url=self.ticket.return_url,
            data=self.ticket.data,
            accepts_multiple=True,
            accepts_line_item=True,
            title="",
            text="",
        )
        return enter(
            self.app,
            self.session,
            self.course,
            role,
            activity_id=activity_id,
            registration_id=self.registration.registration_id,
            deployment_id=self.registration.deployments[0].deployment_id,
            deep_linking={**asdict(request), **changes},
        )

    def form(self, **changes: Any) -> dict[str, Any]:
        form = {"kind": "practice", "grade": "best", "count": "5", "points": "10"}
        return {**form, "concept": str(self.concept.concept_id), **changes}

    def bring_back(self, page: str) -> deep_linking.Outcome:
        """What the browser does with the page, and what the LMS makes of it."""
        action = re.search(r'<form[^>]*method="post" action="([^"]*)"', page)
        token = re.search(r'name="JWT" value="([^"]*)"', page)
        assert action is not None
        assert token is not None
        assert unescape(action[1]) == self.ticket.return_url
        ticket = self.ticket.return_url.rsplit("/", 1)[1]
        return deep_linking.take_answer(self.platform, ticket, token[1])

    def renew(self) -> None:
        """The LMS asks once more."""
        self.ticket = deep_linking.open_ticket(self.platform, persons.get("teacher"))

    @staticmethod
    def items(page: str) -> list[dict[str, Any]]:
        """The content items in the signed answer."""
        token = re.search(r'name="JWT" value="([^"]*)"', page)
        assert token is not None, page
        payload = token[1].split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        found: list[dict[str, Any]] = claims[vocabulary.DL_CONTENT_ITEMS]
        return found

    def activities(self) -> list[Activity]:
        return list(self.session.scalars(select(Activity)))


def item_fields(page: str) -> list[str]:
    """What the list's boxes would send."""
    return [unescape(value) for value in re.findall(r'name="item" value="([^"]*)"', page)]
