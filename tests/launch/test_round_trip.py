"""The wire both ways with the demo LMS over HTTP: links that were chosen, scores that count."""

import base64
import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app import config
from app.connections.connecting import connect
from app.extensions import transaction
from demo_lms import Platform, deep_linking, faults, links, persons
from demo_lms import vocabulary as lti
from lti_config import ags
from lti_config.ags import Result, Score
from lti_config.deep_linking import ContentItem, NewLineItem, Request, Response, respond
from lti_config.outcomes import Delivered, NotNewer, Refused, Transient
from lti_config.services import Service
from models import LineItem, Registration, ServiceToken, ToolSession
from tests.launch.lms import TOOL, Browser

ACTIVITY = str(uuid4())
ITEM = ContentItem(
    url=f"{TOOL}/lti/launch",
    title="Practice: Löops & <b>lists</b>",
    custom={"activity": ACTIVITY},
    text="Ten points",
    line_item=NewLineItem("Practice: loops", 10, ACTIVITY),
)


@pytest.fixture
def picker(browser: Browser, platform: Platform, session: Session) -> ToolSession:
    assert browser.begin_deep_linking(platform).post().status_code == 303
    return session.scalars(select(ToolSession)).one()


def answer(session: Session, picker: ToolSession, *items: ContentItem, **given: str) -> Response:
    assert picker.registration_id and picker.deployment_id and picker.deep_linking
    return respond(
        session,
        config.current().secret_keys,
        registration_id=picker.registration_id,
        deployment_id=picker.deployment_id,
        request=Request.from_session(picker.deep_linking),
        items=items,
        **given,
    )


def take(platform: Platform, response: Response) -> deep_linking.Outcome:
    ticket = response.return_url.rpartition("/")[2]
    return deep_linking.take_answer(platform, ticket, response.jwt)


def test_a_chosen_link_is_placed_and_launches(
    browser: Browser, platform: Platform, picker: ToolSession, session: Session
):
    response = answer(session, picker, ITEM, message="1 link")
    session.commit()
    outcome = take(platform, response)
    assert outcome.added == [ITEM.title]
    assert outcome.message == "1 link"

    placed = next(one for one in links.listed(platform.store) if one.title == ITEM.title)
    assert placed.custom == {"activity": ACTIVITY}
    attempt = browser.begin_as(platform, persons.get("student-1"), placed)
    assert attempt.claims[lti.AGS_ENDPOINT]["lineitem"]
    assert attempt.post().status_code == 303
    assert session.scalars(select(LineItem)).one()


def test_nothing_chosen_is_an_answer_too(platform: Platform, picker: ToolSession, session: Session):
    response = answer(session, picker)
    session.commit()
    assert take(platform, response).added == []


def test_a_long_description_in_the_settings_keeps_no_link_off(
    browser: Browser, platform: Platform
) -> None:
    attempt = browser.begin_deep_linking(platform)
    attempt.claims[lti.DL_SETTINGS]["text"] = "Read chapter two. " * 200
    address = attempt.post().location
    page = browser.open(address).text
    token = page.split('name="csrf-token" content="')[1].split('"')[0]
    described = re.search(r'name="text"[^>]*>([^<]*)</textarea>', page)
    assert described is not None
    assert described[1].endswith(" Read chapter two. Read…")
    assert "As you wrote it in your course, cut to 1000 characters." in page
    form = {"csrf_token": token, "kind": "tutor", "text": described[1]}
    placed = browser.open(address, method="POST", data=form)
    assert placed.status_code == 200, placed.text
    jwt = re.search(r'name="JWT" value="([^"]*)"', placed.text)
    assert jwt is not None
    ticket = attempt.claims[lti.DL_SETTINGS]["deep_link_return_url"].rpartition("/")[2]
    assert len(deep_linking.take_answer(platform, ticket, jwt[1]).added) == 1


def test_data_goes_back_only_if_it_came(picker: ToolSession, session: Session):
    picker.deep_linking = {**(picker.deep_linking or {}), "data": None}
    payload = answer(session, picker, ITEM).jwt.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    assert lti.DL_DATA not in claims
    assert claims["exp"] - claims["iat"] <= 300
    assert claims["aud"] == session.scalars(select(Registration.issuer)).one()


@pytest.fixture
def service(registration: Registration) -> Service:
    return connect(registration.registration_id)


@pytest.fixture
def line_item(browser: Browser, platform: Platform, picker: ToolSession, session: Session) -> str:
    take(platform, answer_and_commit(session, picker))
    placed = links.listed(platform.store)[-1]
    assert browser.begin_as(platform, persons.get("student-1"), placed).post().status_code == 303
    return session.scalars(select(LineItem.url)).one()


def answer_and_commit(session: Session, picker: ToolSession) -> Response:
    response = answer(session, picker, ITEM)
    session.commit()
    return response


def score(given: str, second: int, person: str = "student-1") -> Score:
    moment = datetime(2026, 1, 1, 0, 0, second, tzinfo=UTC)
    return Score(persons.get(person).subject, Decimal(given), Decimal(10), moment)


def test_scores_go_and_results_come(
    platform: Platform, service: Service, line_item: str, session: Session
):
    subject = persons.get("student-1").subject
    session.rollback()
    assert ags.read_result(service, line_item, subject) == Result(None, None)
    assert isinstance(ags.post_score(service, line_item, score("7.5", 1)), Delivered)
    assert isinstance(ags.post_score(service, line_item, score("9", 1)), NotNewer)
    assert ags.read_result(service, line_item, subject) == Result(Decimal("7.5"), Decimal(10))
    assert isinstance(ags.post_score(service, line_item, score("9", 2, "teacher")), Refused)
    gone = line_item.replace("/lineitem?", "9/lineitem?")
    assert isinstance(ags.post_score(service, gone, score("9", 3)), Refused)


def test_an_lms_that_is_down(platform: Platform, service: Service, line_item: str):
    try:
        faults.set_faults(platform.store, ags_down=True)
        assert isinstance(ags.post_score(service, line_item, score("5", 10)), Transient)
        faults.set_faults(platform.store, ags_down=False, token_down=True)
        with transaction() as session:
            session.execute(delete(ServiceToken))
        service = connect(service.account.registration_id)  # another run, with no token yet
        assert isinstance(ags.post_score(service, line_item, score("5", 11)), Transient)
    finally:
        faults.clear_faults(platform.store)
    assert isinstance(ags.post_score(service, line_item, score("5", 12)), Delivered)


def test_the_key_set_may_be_kept(browser: Browser):
    page = browser.open("/lti/jwks")
    assert page.headers["Cache-Control"] == "public, max-age=3600"
    (key,) = page.json["keys"]
    assert {"kty", "n", "e", "kid", "alg", "use"} == set(key)
