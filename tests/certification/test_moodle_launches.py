"""Moodle's captured launches, each person's and deep linking's, made anew: the whole way from the
login, the same claims, signed now with the demo LMS's key."""

import time
from dataclasses import dataclass, replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app import config
from demo_lms import Platform, tokens
from demo_lms import vocabulary as lti
from lti_config import addresses
from models import CourseRole, LtiIdentity, ToolSession, User
from tests.certification.captured import OPEN, REVIEWS, TOKENS, claims_of
from tests.launch import lms
from tests.launch.lms import authentication_request


@dataclass
class Moodle:
    """A Moodle as it was captured, with the demo LMS's key in place of its own."""

    app: Flask
    session: Session
    served: Platform

    def launch(self, name: str) -> TestResponse:
        """Log in and launch as the captured person did."""
        claims = claims_of(name)
        url = addresses.origin(claims[lti.TARGET_LINK_URI])
        config.install(replace(config.current(), url=url))
        self._register(claims)
        client = self.app.test_client()
        login = client.post("/lti/login", base_url=url, data=self._login(claims))
        asked = authentication_request(login)
        now = int(time.time())
        claims |= {"nonce": asked["nonce"], "iat": now, "exp": now + 60}
        form = {"id_token": tokens.sign(self.served, claims), "state": asked["state"]}
        opened = client.post("/lti/launch", base_url=url, data=form)
        self.session.rollback()
        return client.get(opened.location, base_url=url) if opened.status_code == 303 else opened

    def _register(self, claims: dict[str, Any]) -> None:
        base = f"{claims['iss']}/mod/lti"
        lms.register(
            self.session,
            self.served,
            issuer=claims["iss"],
            client_id=claims["aud"],
            auth_url=f"{base}/auth.php",
            token_url=f"{base}/token.php",
            deployments=(claims[lti.DEPLOYMENT_ID],),
        )

    def _login(self, claims: dict[str, Any]) -> dict[str, str]:
        return {
            "iss": claims["iss"],
            "target_link_uri": claims[lti.TARGET_LINK_URI],
            "login_hint": claims["sub"],
            "lti_message_hint": '{"cmid":3,"launchid":"ltilaunch1_973695986"}',
            "client_id": claims["aud"],
            "lti_deployment_id": claims[lti.DEPLOYMENT_ID],
        }


@pytest.fixture
def moodle(app: Flask, session: Session, served: Platform) -> Moodle:
    return Moodle(app, session, served)


@pytest.mark.parametrize("name", OPEN)
def test_a_captured_launch_opens(name: str, moodle: Moodle, session: Session):
    page = moodle.launch(name)
    assert page.status_code == 200, page.text
    opened = session.scalars(select(ToolSession)).one()
    assert opened.role is OPEN[name]
    assert (opened.deep_linking is not None) is ("deep_linking" in name)
    claims = claims_of(name)
    assert session.scalars(select(LtiIdentity.subject)).all() == [claims["sub"]]
    person = session.get_one(User, opened.user_id)
    assert (person.first_name, person.last_name) == (
        claims.get("given_name", ""),
        claims.get("family_name", ""),
    )


@pytest.mark.parametrize("name", REVIEWS)
def test_a_captured_submission_review_opens(name: str, moodle: Moodle, session: Session):
    """Of a learner who never came: the teacher is asked whose work it is to be."""
    page = moodle.launch(name)
    assert page.status_code == 200, page.text
    assert page.request.path.endswith("/review/")
    opened = session.scalars(select(ToolSession)).one()
    assert opened.role is REVIEWS[name]
    own = opened.user_id if opened.role is CourseRole.STUDENT else None
    assert opened.reviewed_user_id == own


def test_no_captured_message_is_left_out():
    """Every captured token has what should come of it."""
    assert OPEN.keys() | REVIEWS.keys() == TOKENS.keys()


def test_an_administrator_teaches_on_moodle(moodle: Moodle, session: Session):
    """Moodle says Instructor of its administrators, and that is what counts."""
    moodle.launch("launch_graded_admin")
    assert session.scalars(select(ToolSession.role)).one() is CourseRole.TEACHER
