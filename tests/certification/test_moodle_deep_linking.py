"""Real deep linking requests of Moodle 5.0 and 4.1, answered: the picker that each opens, and an
answer of the kind that the same Moodle was seen to take."""

import base64
import html
import json
import re
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app import config
from demo_lms import vocabulary as lti
from models import Activity, AuditEvent, Course, CourseRole, Enrollment
from tests import factories
from tests.certification.captured import TOKENS
from tests.certification.test_moodle_tokens import Post, post  # noqa: F401

REQUESTS = [name for name in TOKENS if "deep_linking" in name]
TAKEN_BY_MOODLE = {"type", "title", "text", "icon", "url", "custom", "lineItem"}
IGNORED_BY_MOODLE = {"available", "submission"}


@dataclass
class Dialog:
    """The picker in Moodle's dialog, opened by a captured request."""

    app: Flask
    claims: dict[str, Any]
    cookie: str
    address: str
    page: str = field(default="")

    def open(self, method: str, path: str = "", **data: Any) -> TestResponse:
        return self.app.test_client(use_cookies=False).open(
            self.address + path,
            method=method,
            base_url=config.current().url,
            headers={"Cookie": self.cookie},
            data=data or None,
        )

    def see(self) -> str:
        answer = self.open("GET")
        assert answer.status_code == 200, answer.text
        self.page = answer.text
        return self.page

    def send(self, path: str = "", **form: Any) -> TestResponse:
        token = re.search(r'name="csrf_token" value="([^"]*)"', self.page)
        assert token is not None
        return self.open("POST", path, csrf_token=token[1], **form)


def answer_in(page: str) -> tuple[str, dict[str, Any]]:
    """Where the page goes, and what the token says that it brings there."""
    action = re.search(r'<form[^>]*method="post" action="([^"]*)"', page)
    token = re.search(r'name="JWT" value="([^"]*)"', page)
    assert action is not None and token is not None, page
    payload = token[1].split(".")[1]
    claims: dict[str, Any] = json.loads(
        base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    )
    return html.unescape(action[1]), claims


@pytest.fixture(params=REQUESTS)
def dialog(request: pytest.FixtureRequest, app: Flask, post: Post) -> Dialog:  # noqa: F811
    replay = post(request.param)
    assert replay.answer.status_code == 303, replay.answer.text
    cookies = replay.answer.headers.getlist("Set-Cookie")
    session_cookie = next(one for one in cookies if one.startswith("__Host-s-"))
    dialog = Dialog(app, replay.claims, session_cookie.split(";")[0], replay.answer.location)
    dialog.see()
    return dialog


def form(session: Session, **changes: str) -> dict[str, Any]:
    course = session.scalars(select(Course)).one()
    concept = factories.concept(session, course, name="Loops & <lists>")
    session.commit()
    values = {"kind": "practice", "count": "5", "points": "10", "grade": "best", "title": "Graded"}
    return {**values, "concept": str(concept.concept_id), **changes}


def test_the_requests_were_captured() -> None:
    assert len(REQUESTS) >= 2


def test_the_picker_offers_what_moodle_takes(dialog: Dialog) -> None:
    assert dialog.address.endswith("/activities/new")
    assert "Put on the list" in dialog.page
    assert 'name="points"' in dialog.page
    assert 'name="window"' not in dialog.page  # Moodle lists it and ignores it


def test_an_answer_is_what_moodle_was_seen_to_take(dialog: Dialog, session: Session) -> None:
    filled = form(session, due="2027-03-05T20:00", closes="2027-03-06T20:00")
    return_url, claims = answer_in(dialog.send(**filled).text)
    settings = dialog.claims[lti.DL_SETTINGS]
    assert return_url == settings["deep_link_return_url"]
    assert claims["iss"] == dialog.claims["aud"]
    assert claims["aud"] == dialog.claims["iss"]
    assert 0 < claims["exp"] - claims["iat"] <= 300
    assert claims["nonce"]
    assert claims[lti.MESSAGE_TYPE] == lti.DEEP_LINKING_RESPONSE
    assert claims[lti.VERSION] == "1.3.0"
    assert claims[lti.DEPLOYMENT_ID] == dialog.claims[lti.DEPLOYMENT_ID]
    assert lti.DL_DATA not in claims  # Moodle sends none

    [item] = claims[lti.DL_CONTENT_ITEMS]
    activity = session.scalars(select(Activity)).one()
    assert set(item) - IGNORED_BY_MOODLE <= TAKEN_BY_MOODLE
    assert item["type"] == "ltiResourceLink"
    assert item["url"] == config.current().url + "/lti/launch"  # found again by its domain
    assert all(isinstance(value, str) for value in item["custom"].values())
    assert all(key == key.lower() for key in item["custom"])
    assert item["custom"]["activity"] == str(activity.activity_id)
    assert item["lineItem"] == {
        "label": "Graded",
        "scoreMaximum": 10,
        "resourceId": str(activity.activity_id),
        "tag": "grade",
        "submissionReview": {
            "reviewableStatus": ["InProgress", "Submitted", "Completed"],
            "url": config.current().url + "/lti/review",
        },
    }
    assert type(item["lineItem"]["scoreMaximum"]) is int  # 7.5 would not be saved
    assert item["submission"]["endDateTime"].endswith("Z")


def test_several_links_at_once(dialog: Dialog, session: Session) -> None:
    filled = form(session)
    page = dialog.send(act="list", **filled).text
    items = [html.unescape(one) for one in re.findall(r'name="item" value="([^"]*)"', page)]
    page = dialog.send(act="list", kind="tutor", title="Tutor", item=items).text
    items = [html.unescape(one) for one in re.findall(r'name="item" value="([^"]*)"', page)]
    _, claims = answer_in(dialog.send(act="place", item=items).text)
    assert [one["title"] for one in claims[lti.DL_CONTENT_ITEMS]] == ["Graded", "Tutor"]


def test_cancelled_it_goes_back_with_nothing_and_a_word(dialog: Dialog, session: Session) -> None:
    return_url, claims = answer_in(dialog.send("/cancel").text)
    assert return_url == dialog.claims[lti.DL_SETTINGS]["deep_link_return_url"]
    assert claims[lti.DL_CONTENT_ITEMS] == []
    assert claims[lti.DL_MSG] == "No link was added."
    assert lti.DL_ERRORMSG not in claims
    assert session.scalars(select(Activity)).all() == []


def test_our_errors_are_shown_before_anything_is_sent(dialog: Dialog, session: Session) -> None:
    """Moodle swallows errormsg, so the teacher reads what is wrong here."""
    answer = dialog.send(**form(session, points="7.5"))
    assert answer.status_code == 422
    assert "A whole number from 1 to 1000." in answer.text
    assert 'name="JWT"' not in answer.text
    assert session.scalars(select(AuditEvent)).all() == []


def test_rights_that_went_meanwhile_send_nothing(dialog: Dialog, session: Session) -> None:
    session.scalars(select(Enrollment)).one().role = CourseRole.TA
    session.commit()
    assert dialog.send(**form(session)).status_code == 403
