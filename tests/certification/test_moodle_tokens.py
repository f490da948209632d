"""Real id_tokens of Moodle 5.0 and 4.1, posted again with the clock set back: all open as they
should. They are checked whole, the signature with Moodle's own key."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app import config
from app.connections import key_sets, registrations
from app.connections.registrations import NewRegistration
from app.launch import opening
from demo_lms import vocabulary as lti
from lti_config import addresses, keysets, states
from lti_config.addresses import TrustedHosts
from models import (
    Course,
    CourseRole,
    Enrollment,
    LaunchState,
    LineItem,
    LtiContext,
    Platform,
    ToolSession,
    User,
)
from tests.certification.captured import CAPTURED, OPEN, REVIEWS, TOKENS, claims_of


@dataclass(frozen=True)
class Replay:
    """What came of one token."""

    answer: TestResponse
    session: ToolSession | None
    claims: dict[str, Any]


@dataclass
class Post:
    """Posts a captured token as if its login had just been begun here."""

    app: Flask
    session: Session
    monkeypatch: pytest.MonkeyPatch

    def __call__(self, name: str, late: timedelta = timedelta(seconds=5)) -> Replay:
        token, claims = TOKENS[name], claims_of(name)
        state = self._begin(claims)
        made = datetime.fromtimestamp(claims["iat"], UTC)
        self.monkeypatch.setattr(opening, "now", lambda: made + late)
        answer = self.app.test_client(use_cookies=False).post(
            "/lti/launch",
            base_url=config.current().url,
            data={"id_token": token, "state": state.state},
            headers={"Cookie": f"__Host-lti_{state.state[:8]}={state.secret}"},
        )
        self.session.rollback()
        found = self.session.scalars(select(ToolSession)).one_or_none()
        return Replay(answer, found, claims)

    def _begin(self, claims: dict[str, Any]) -> states.NewState:
        target, issuer = claims[lti.TARGET_LINK_URI], claims["iss"]
        settings = replace(
            config.current(),
            url=addresses.origin(target),
            trusted_private_hosts=("127.0.0.0/8", "localhost"),
        )
        config.install(settings)
        base = f"{issuer}/mod/lti"
        new = NewRegistration(
            name="Moodle",
            issuer=issuer,
            client_id=claims["aud"],
            auth_url=f"{base}/auth.php",
            token_url=f"{base}/token.php",
            jwks_url=f"{base}/certs.php",
            deployments=(claims[lti.DEPLOYMENT_ID],),
        )
        row = registrations.add(self.session, new, TrustedHosts(settings.trusted_private_hosts))
        state = states.begin(self.session, row.registration_id, target)
        self.session.flush()
        self.session.get_one(LaunchState, state.state).nonce = claims["nonce"]
        usable = [{**key, "alg": "RS256"} for key in CAPTURED["keys"]]
        fetched = keysets.Fetched(usable, timedelta(hours=1))
        key_sets.keep(self.session, f"{base}/certs.php", fetched)
        self.session.commit()
        return state


@pytest.fixture
def post(app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch) -> Post:
    return Post(app, session, monkeypatch)


@pytest.mark.parametrize("name", OPEN)
def test_a_real_launch_opens(name: str, post: Post, session: Session):
    replay = post(name)
    assert replay.answer.status_code == 303, replay.answer.text
    assert replay.session and replay.session.role is OPEN[name]
    assert (replay.session.deep_linking is not None) is ("deep_linking" in name)
    assert session.scalars(select(Enrollment.role)).all() == [OPEN[name]]
    assert session.scalars(select(Platform.product_family)).all() == ["moodle"]
    context = session.scalars(select(LtiContext)).one()
    assert context.title == replay.claims[lti.CONTEXT]["title"]
    assert bool(context.memberships_url) is (lti.NRPS_SERVICE in replay.claims)
    assert session.scalars(select(Course.course_code)).one() == context.label


def test_names_with_letters_of_the_world(post: Post, session: Session):
    claims = post("launch_graded_student2_unicode").claims
    person = session.scalars(select(User).where(User.sso_id != "system")).one()
    assert (person.first_name, person.last_name) == (claims["given_name"], claims["family_name"])
    assert person.email == claims["email"]


def test_a_school_that_shares_nothing(post: Post, session: Session):
    post("noprivacy_launch_graded_student2_unicode")
    person = session.scalars(select(User).where(User.sso_id != "system")).one()
    assert (person.first_name, person.last_name) == ("", "")
    assert person.email.endswith("@users.invalid")


@pytest.mark.parametrize(
    ("name", "has_column"),
    [
        ("launch_graded_student1", True),
        ("launch_graded_student1_two_lineitems", False),
        ("launch_plain_student1_lineitem_empty_string", False),
        ("launch_plain_student1", False),
    ],
)
def test_the_links_own_column(name: str, has_column: bool, post: Post, session: Session):
    post(name)
    urls = session.scalars(select(LineItem.url)).all()
    assert bool(urls) is has_column
    assert all(url.endswith("/lineitem?type_id=1") for url in urls)


@pytest.mark.parametrize(
    ("late", "status"),
    [
        (timedelta(seconds=119), 303),  # 60 s of life, and the leeway
        (timedelta(seconds=121), 401),
        (timedelta(seconds=-59), 303),
        (timedelta(seconds=-61), 401),
    ],
)
def test_moodles_minute(late: timedelta, status: int, post: Post):
    assert post("launch_graded_student1", late).answer.status_code == status


@pytest.mark.parametrize(("name", "role"), REVIEWS.items())
def test_a_real_submission_review_opens(name: str, role: CourseRole, post: Post, session: Session):
    """The teacher's names a learner who has never come, so the page asks whose work it is to be."""
    replay = post(name)
    assert replay.answer.status_code == 303, replay.answer.text
    assert replay.answer.location.endswith("/review/")
    assert replay.session and replay.session.role is role
    own = session.scalars(select(User.user_id).where(User.sso_id != "system")).one()
    assert replay.session.reviewed_user_id == (own if role is CourseRole.STUDENT else None)
    assert session.scalars(select(LineItem)).all() == [], "a review moves no column"
