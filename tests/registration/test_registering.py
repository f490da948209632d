"""Dynamic registration as it should go: what the LMS gets, what is kept, who approves."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app import config
from app.connections import registrations, switches
from lti_config.approval import check_registration
from lti_config.errors import LaunchRefused
from models import (
    AuditEvent,
    Deployment,
    Institution,
    Invitation,
    Registration,
    RegistrationSource,
    RegistrationStatus,
)
from tests.lti_config.conftest import Answer, Asked
from tests.registration.conftest import AGS, MOODLE, PLATFORM, TOKEN, TOOL, Administrator, Lms

CANVAS = "https://canvas.instructure.com/lti/"


def kept(session: Session) -> Registration:
    session.expire_all()
    return session.scalars(select(Registration)).one()


def spent(session: Session) -> bool:
    session.expire_all()
    return session.scalars(select(Invitation)).one().spent_at is not None


def test_looking_shows_what_would_be_and_registers_nothing(
    administrator: Administrator, lms: Lms, session: Session
):
    page = administrator.look(lms)
    assert page.status_code == 200, page.text
    for words in (lms.peer.url, "send scores", "names and e-mail addresses"):
        assert words in page.text
    assert "Lakeside College" not in page.text, "an operator's note is the operator's"
    assert "who is in the course" not in page.text, "this LMS offers no roster"
    assert [asked.method for asked in lms.peer.asked] == ["GET"]
    assert session.scalars(select(Registration)).all() == [] and not spent(session)


def test_confirming_registers_and_waits_for_approval(
    administrator: Administrator, lms: Lms, session: Session
):
    done = administrator.confirm(administrator.look(lms))
    assert done.status_code == 200, done.text
    assert "pending" in done.text and "Manage tools" in done.text
    row = kept(session)
    assert (row.issuer, row.client_id, row.name) == (
        lms.peer.url,
        "given-by-lms",
        "Lakeside College",
    )
    assert (row.status, row.source) == (RegistrationStatus.PENDING, RegistrationSource.DYNAMIC)
    assert (row.auth_url, row.token_url) == (f"{lms.peer.url}/auth", f"{lms.peer.url}/token")
    assert row.platform.jwks_url == f"{lms.peer.url}/jwks"
    assert row.platform.product_family == "moodle"
    deployment = session.scalars(select(Deployment)).one()
    assert (deployment.lti_deployment_id, deployment.status) == ("7", RegistrationStatus.PENDING)
    invitation = session.scalars(select(Invitation)).one()
    assert invitation.spent_at and invitation.registration_id == row.registration_id
    event = session.scalars(select(AuditEvent)).one()
    assert (event.operator_name, event.action) == (
        "Lakeside College (by invitation)",
        "registration.added",
    )
    assert event.subject == str(row.registration_id)


def test_what_the_lms_is_told(administrator: Administrator, lms: Lms):
    administrator.confirm(administrator.look(lms))
    (body,) = lms.bodies
    ours = "http://localhost:8000/lti/"
    tool = body.pop(TOOL)
    assert body == {
        "application_type": "web",
        "response_types": ["id_token"],
        "grant_types": ["client_credentials", "implicit"],
        "initiate_login_uri": ours + "login",
        "redirect_uris": [ours + "launch"],
        "client_name": "CourseLLM",
        "client_uri": "http://localhost:8000",
        "logo_uri": ours + "icon.svg",
        "jwks_uri": ours + "jwks",
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": f"{AGS}lineitem {AGS}score",
    }
    assert tool["domain"] == "localhost:8000", "Moodle compares it with the port"
    assert tool["target_link_uri"] == ours + "launch"
    assert {"name", "email", "sub"} <= set(tool["claims"])
    assert tool["custom_parameters"] == {"context_history": "$Context.id.history"}
    picker = next(one for one in tool["messages"] if one["type"] == "LtiDeepLinkingRequest")
    assert picker["target_link_uri"] == ours + "launch"
    assert picker["placements"] == ["ContentArea"]
    assert not any(name.startswith(CANVAS) for name in tool)


@pytest.mark.parametrize("prefix", ["", CANVAS])
def test_canvas_is_told_in_its_own_keys_and_spelling(
    prefix: str, administrator: Administrator, lms: Lms, session: Session
):
    lms.needs_token = True
    lms.configuration["authorization_server"] = "canvas.lakeside.example"  # a bare host, as it does
    lms.configuration[PLATFORM] = {
        "product_family_code": "canvas",
        "messages_supported": [
            {
                "type": "LtiResourceLinkRequest",
                "placements": [f"{prefix}course_navigation", f"{prefix}account_navigation"],
            },
            {
                "type": "LtiDeepLinkingRequest",
                "placements": [f"{prefix}{one}" for one in ("assignment_selection", "collaboration",
                               "editor_button", "link_selection", "module_index_menu_modal")],
            },
            {"type": "LtiAssetProcessorSettingsRequest"},
        ],
        "variables": ["Context.id.history", "Canvas.api.domain"],
        CANVAS + "account_name": "Lakeside <b>University</b>",
    }  # fmt: skip
    lms.reply = {"client_id": 10000000000007, TOOL: {}}
    page = administrator.look(lms)
    assert "Lakeside &lt;b&gt;University" in page.text and "<b>Univ" not in page.text
    assert "a tab in the courses" in page.text
    done = administrator.confirm(page)
    assert "Developer Keys" in done.text and "<b>Univ" not in done.text

    tool = lms.bodies[0][TOOL]
    assert tool[CANVAS + "privacy_level"] == "public" and tool[CANVAS + "tool_id"] == "coursellm"
    messages = {one["type"]: one for one in tool["messages"]}
    assert set(messages) == {"LtiResourceLinkRequest", "LtiDeepLinkingRequest"}
    tab = messages["LtiResourceLinkRequest"]
    assert all(one["icon_uri"].endswith("/lti/icon.svg") for one in messages.values())
    assert tab["placements"] == [f"{prefix}course_navigation"]
    assert tab[CANVAS + "course_navigation/default_enabled"] is False
    assert tab["target_link_uri"] == "http://localhost:8000/lti/launch"
    picker = messages["LtiDeepLinkingRequest"]
    assert (picker[CANVAS + "launch_width"], picker[CANVAS + "launch_height"]) == (800, 600)
    assert picker[CANVAS + "visibility"] == "admins", "no button for students in their editor"
    assert CANVAS + "visibility" not in tab
    assert messages["LtiDeepLinkingRequest"]["placements"] == [
        f"{prefix}{one}"
        for one in (
            "assignment_selection",
            "editor_button",
            "link_selection",
            "module_index_menu_modal",
        )
    ]
    assert tool["custom_parameters"] == {
        "context_history": "$Context.id.history",
        "canvas_domain": "$Canvas.api.domain",
    }
    row = kept(session)
    assert (row.client_id, row.name) == ("10000000000007", "Lakeside <b>University</b>")
    assert row.auth_audience is None and row.adopts_first_deployment
    assert session.scalars(select(Deployment)).all() == []


def test_a_message_without_a_place_is_not_told_to_canvas(administrator: Administrator, lms: Lms):
    """Canvas would offer it where teachers choose links."""
    lms.configuration[PLATFORM] = {
        "product_family_code": "canvas",
        "messages_supported": [
            {"type": "LtiResourceLinkRequest", "placements": ["account_navigation"]},
            {"type": "LtiDeepLinkingRequest", "placements": ["link_selection"]},
        ],
    }
    administrator.confirm(administrator.look(lms))
    (body,) = lms.bodies
    assert [one["type"] for one in body[TOOL]["messages"]] == ["LtiDeepLinkingRequest"]


def test_an_lms_that_lists_nothing_is_told_all(administrator: Administrator, lms: Lms):
    del lms.configuration[PLATFORM], lms.configuration["scopes_supported"]
    administrator.confirm(administrator.look(lms))
    (body,) = lms.bodies
    messages = {one["type"]: one.get("placements") for one in body[TOOL]["messages"]}
    assert messages == {"LtiResourceLinkRequest": None, "LtiDeepLinkingRequest": ["ContentArea"]}
    assert len(body["scope"].split()) == 5


def test_approval_switches_the_registration_and_its_deployment_on(
    app: Flask, administrator: Administrator, lms: Lms, session: Session
):
    administrator.confirm(administrator.look(lms))
    row = kept(session)
    with pytest.raises(LaunchRefused) as waiting:
        check_registration(row)
    assert waiting.value.status == 403 and "approve" in waiting.value.sentence
    run = app.test_cli_runner().invoke
    assert "Lakeside College" in run(args=["platform", "list"]).output
    assert run(args=["platform", "approve", str(row.registration_id)]).exit_code == 0
    session.expire_all()
    check_registration(row)
    assert session.scalars(select(Deployment.status)).all() == [RegistrationStatus.ACTIVE]


def test_approval_later_leaves_other_deployments_alone(session: Session, lms: Lms):
    """Only the first approval means what came with the registration."""
    row = registrations.add(
        session,
        registrations.NewRegistration(
            "x", lms.peer.url, "c", lms.peer.url, lms.peer.url, lms.peer.url, ("1",)
        ),
        registrations.TrustedHosts(("127.0.0.1",)),
    )
    switches.note_unknown_deployment(session, row.registration_id, "2")
    for status in (RegistrationStatus.DISABLED, RegistrationStatus.ACTIVE):
        switches.set_status(session, row.registration_id, status)
    statuses = session.execute(select(Deployment.lti_deployment_id, Deployment.status)).all()
    assert dict(list(map(tuple, statuses))) == {
        "1": RegistrationStatus.ACTIVE,
        "2": RegistrationStatus.PENDING,
    }


@pytest.mark.parametrize("says_deployment", [True, False])
def test_the_school_of_the_invitation_owns_what_comes(
    says_deployment: bool, administrator: Administrator, lms: Lms, session: Session
):
    school = Institution(name="Lakeside")
    session.add(school)
    session.flush()
    session.get_one(
        Invitation, administrator.invitation.invitation_id
    ).institution_id = school.institution_id
    session.commit()
    if not says_deployment:
        del lms.reply[TOOL]
    administrator.confirm(administrator.look(lms))
    row = kept(session)
    switches.set_status(session, row.registration_id, RegistrationStatus.ACTIVE)
    if not says_deployment:
        switches.note_unknown_deployment(session, row.registration_id, "1:abc")
    owners = session.execute(select(Deployment.institution_id, Deployment.status)).all()
    assert list(map(tuple, owners)) == [(school.institution_id, RegistrationStatus.ACTIVE)]


def test_the_same_page_sent_again_is_the_same_registration(
    administrator: Administrator, lms: Lms, session: Session
):
    page = administrator.look(lms)
    for _ in range(2):
        assert "CourseLLM is registered" in administrator.confirm(page).text
    assert len(lms.bodies) == 1
    assert kept(session).client_id == "given-by-lms"


def test_of_two_uses_at_once_one_reaches_its_lms(
    administrator: Administrator, lms: Lms, session: Session
):
    pages = [administrator.look(lms), administrator.look(lms)]
    arrived, may_answer, answer = Event(), Event(), lms.peer.answer

    def slowly(asked: Asked) -> Answer:
        arrived.set()
        assert may_answer.wait(30)
        return answer(asked)

    lms.peer.answer = slowly
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(administrator.confirm, pages[0])
        assert arrived.wait(30)
        second = administrator.confirm(pages[1])
        may_answer.set()
    assert second.status_code == 409 and "under way" in second.text
    assert first.result().status_code == 200
    assert len(lms.bodies) == 1
    assert kept(session) and spent(session)


def test_the_frame_is_the_lmss_own(administrator: Administrator, lms: Lms):
    page = administrator.look(lms)
    for answer in (page, administrator.confirm(page)):
        policy = answer.headers["Content-Security-Policy"]
        assert f"frame-ancestors 'self' {lms.peer.url}" in policy
        assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_an_invitation_opened_by_hand_says_where_it_goes(administrator: Administrator, lms: Lms):
    page = administrator.look(lms, openid_configuration=None, registration_token=None)
    assert page.status_code == 200
    assert f"/lti/register?invite={administrator.code}" in page.text
    assert lms.peer.asked == []


def test_an_audience_of_its_own(administrator: Administrator, lms: Lms, session: Session):
    lms.configuration["authorization_server"] = f"{lms.peer.url}/oauth"
    administrator.confirm(administrator.look(lms))
    assert kept(session).auth_audience == f"{lms.peer.url}/oauth"


def test_an_lms_that_sends_no_token(administrator: Administrator, lms: Lms):
    assert administrator.look(lms, registration_token=None).status_code == 200


# What may fail after the administrator has confirmed


@pytest.mark.parametrize("given", MOODLE["refusals"], ids=lambda given: given["name"])
def test_moodles_refusals_say_what_to_do(
    given: dict[str, Any], administrator: Administrator, lms: Lms, session: Session
):
    """Replayed as a real Moodle sent them; the invitation stays open."""
    page = administrator.look(lms)
    lms.refusal = (
        given["status"],
        {"Content-Type": given["content_type"]},
        given["body"].encode(),
    )
    refused = administrator.confirm(page)
    assert refused.status_code == 400
    assert "start" in refused.text.lower() and "same address" in refused.text
    if given["status"] == 400:
        assert given["body"] in refused.text
    assert "<head> <title>Error" not in refused.text
    assert session.scalars(select(Registration)).all() == [] and not spent(session)
    lms.refusal = None
    assert administrator.confirm(administrator.look(lms)).status_code == 200


@pytest.mark.parametrize("name", MOODLE["answers"])
def test_moodles_registrations_replayed(
    name: str, administrator: Administrator, lms: Lms, session: Session
):
    """Configuration and answer of a real Moodle, at this LMS's address."""
    url = lms.peer.url
    said = MOODLE["configurations"][name]
    lms.configuration = {
        key: value.replace(said["issuer"], url) if isinstance(value, str) else value
        for key, value in said.items()
    }
    lms.configuration["registration_endpoint"] = f"{url}/register"
    answer: dict[str, Any] = MOODLE["answers"][name]
    lms.reply = answer
    done = administrator.confirm(administrator.look(lms))
    assert done.status_code == 200, done.text
    row = kept(session)
    assert row.client_id == answer["client_id"]
    assert row.auth_url == f"{url}/mod/lti/auth.php"
    deployments = session.scalars(select(Deployment.lti_deployment_id)).all()
    assert deployments == [answer[TOOL]["deployment_id"]]
    (body,) = lms.bodies
    assert len(body["scope"].split()) == 5
    assert [one["type"] for one in body[TOOL]["messages"]][:2] == [
        "LtiResourceLinkRequest",
        "LtiDeepLinkingRequest",
    ]


@pytest.mark.parametrize(
    "answer",
    [
        (200, {"Content-Type": "text/html"}, b'{"client_id": "x"}'),
        (200, {"Content-Type": "application/json"}, b"[]"),
        (200, {"Content-Type": "application/json"}, b'{"client_id": ""}'),
        (200, {"Content-Type": "application/json"}, b'{"client_id": "a\\u0000b"}'),
        (200, {"Content-Type": "application/json"}, b'{"client_id": true}'),
        (200, {"Content-Type": "application/json"}, b"[" * 5000),
        (302, {"Location": "http://169.254.169.254/"}, b""),
        (500, {"Content-Type": "application/json"}, b"{}"),
    ],
)
def test_an_answer_that_is_none(
    answer: Any, administrator: Administrator, lms: Lms, session: Session
):
    page = administrator.look(lms)
    lms.refusal = answer
    refused = administrator.confirm(page)
    assert refused.status_code == 400 and "delete it there" in refused.text
    assert session.scalars(select(Registration)).all() == [] and not spent(session)


def test_an_existing_registration_is_never_overwritten(
    administrator: Administrator, lms: Lms, session: Session
):
    url = lms.peer.url
    new = registrations.NewRegistration(
        "Old", url, "given-by-lms", f"{url}/old", f"{url}/old", f"{url}/old", ("1",)
    )
    registrations.add(session, new, registrations.TrustedHosts(("127.0.0.1",)))
    session.commit()
    refused = administrator.confirm(administrator.look(lms))
    assert refused.status_code == 409 and "connected already" in refused.text
    row = kept(session)
    assert (row.auth_url, row.status) == (f"{url}/old", RegistrationStatus.ACTIVE)
    assert session.scalars(select(Deployment.lti_deployment_id)).all() == ["1"]
    assert not spent(session)


def test_registered_there_but_not_kept_here(
    administrator: Administrator,
    lms: Lms,
    session: Session,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    page = administrator.look(lms)

    def fail(*_args: Any) -> None:
        raise OperationalError("insert", {}, Exception("the database is gone"))

    with monkeypatch.context() as patched:
        patched.setattr(registrations, "add", fail)
        refused = administrator.confirm(page)
    assert refused.status_code == 500 and "Delete the tool in your LMS" in refused.text
    assert "given-by-lms" in caplog.text and TOKEN not in caplog.text
    assert not spent(session)
    lms.reply = {"client_id": "second-try"}
    assert administrator.confirm(administrator.look(lms)).status_code == 200
    assert kept(session).client_id == "second-try"


def test_production_has_a_domain_without_a_port(administrator: Administrator, lms: Lms):
    config.install(replace(config.current(), url="https://tutor.example"))
    administrator.confirm(administrator.look(lms))
    (body,) = lms.bodies
    assert body[TOOL]["domain"] == "tutor.example"
    assert body["jwks_uri"] == "https://tutor.example/lti/jwks"
