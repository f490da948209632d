"""A course at an LMS that answers whatever a test wants, over real HTTP."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.connections import registrations
from app.connections.registrations import NewRegistration
from app.roster import sync
from lti_config import nrps
from lti_config.addresses import TrustedHosts
from models import (
    Course,
    CourseRole,
    Enrollment,
    EnrollmentStatus,
    LtiContext,
    LtiIdentity,
    Platform,
    User,
    now,
)
from tests import factories
from tests.lti_config.conftest import Answer, Asked, Peer, peer

__all__ = ["peer"]

MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership"
LEARNER, INSTRUCTOR = f"{MEMBERSHIP}#Learner", f"{MEMBERSHIP}#Instructor"
ASSISTANT = f"{MEMBERSHIP}/Instructor#TeachingAssistant"
TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"
TOKEN = json.dumps({"access_token": "tok", "token_type": "Bearer", "expires_in": 3600}).encode()


def entry(subject: object, *roles: str, **given: Any) -> dict[str, Any]:
    """A member as an LMS lists them."""
    return {"user_id": subject, "roles": list(roles or (LEARNER,)), "status": "Active", **given}


def container(entries: Sequence[Any]) -> bytes:
    return json.dumps({"id": "x", "context": {"id": "c"}, "members": entries}).encode()


@dataclass
class School:
    """A course, its LMS, and what tests do with them."""

    session: Session
    peer: Peer
    course: Course
    context: LtiContext
    platform: Platform

    def lists(self, *entries: Any) -> None:
        """The LMS lists these, in pages as long as it is asked for."""

        def answer(asked: Asked) -> Answer:
            if asked.path == "/token":
                return 200, {}, TOKEN
            query = parse_qs(urlsplit(asked.path).query)
            start, size = int(query.get("from", ["0"])[0]), int(query["limit"][0])
            headers = {"Content-Type": nrps.CONTAINER_TYPE}
            if start + size < len(entries):
                url = f"{self.peer.url}/members?limit={size}&from={start + size}"
                headers["Link"] = f'<{url}>; rel="next"'
            return 200, headers, container(entries[start : start + size])

        self.peer.answer = answer

    def answers(self, *answers: Answer) -> None:
        """The LMS gives tokens, and these answers in turn, the last one for ever."""
        left = list(answers)

        def answer(asked: Asked) -> Answer:
            if asked.path == "/token":
                return 200, {}, TOKEN
            return left.pop(0) if len(left) > 1 else left[0]

        self.peer.answer = answer

    def read(self) -> LtiContext:
        """Read the roster as the job does; the context afterwards."""
        self.session.commit()
        sync.read(self.context.context_id)
        return self.fresh(self.context)

    def fresh(self, row: Any) -> Any:
        self.session.rollback()
        self.session.expire_all()
        return self.session.merge(row)

    def person(
        self, subject: str, role: CourseRole = CourseRole.STUDENT, **given: Any
    ) -> Enrollment:
        """Somebody who came by a launch a day ago."""
        row = factories.member(
            self.session,
            self.course,
            role,
            lti_subject=subject,
            **{"last_launch_at": now() - timedelta(days=1), **given},
        )
        self.session.add(
            LtiIdentity(
                platform_id=self.platform.platform_id, subject=subject, user_id=row.student_id
            )
        )
        self.session.commit()
        return row

    def people(self) -> dict[str, Enrollment]:
        """Everybody of the course by subject."""
        self.session.rollback()
        self.session.expire_all()
        found = self.session.scalars(
            select(Enrollment).where(Enrollment.course_id == self.course.course_id)
        )
        return {one.lti_subject or "": one for one in found}

    def user(self, subject: str) -> User:
        return self.session.get_one(User, self.people()[subject].student_id)

    def standing(self) -> dict[str, tuple[CourseRole, EnrollmentStatus]]:
        return {subject: (one.role, one.status) for subject, one in self.people().items()}


@pytest.fixture
def school(app: Flask, session: Session, peer: Peer) -> School:
    url = peer.url
    registration = registrations.add(
        session,
        NewRegistration("LMS", url, "client", f"{url}/auth", f"{url}/token", f"{url}/jwks", ("d",)),
        TrustedHosts(("127.0.0.1",)),
    )
    course = factories.course(session)
    context = LtiContext(
        deployment_id=registration.deployments[0].deployment_id,
        lti_context_id="c",
        course_id=course.course_id,
        memberships_url=f"{url}/members",
    )
    session.add(context)
    session.commit()
    platform = session.get_one(Platform, registration.platform_id)
    return School(session, peer, course, context, platform)
