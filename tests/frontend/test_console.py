"""The operator's console in a real browser: log-in, pages in both themes, never in a frame."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import expect
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.admin import entrance, rotation
from app.admin.views import overview
from app.connections import health, invitations, key_sets, registrations, switches
from app.connections.registrations import NewRegistration
from lti_config import keys, keysets
from lti_config.addresses import TrustedHosts
from lti_config.errors import Fault
from models import (
    AuditEvent,
    Deployment,
    FileFault,
    Institution,
    LtiContext,
    OperatorLink,
    OperatorSession,
    Platform,
    Registration,
    RegistrationStatus,
    now,
)
from tests import factories
from tests.frontend.conftest import Opening, Visit
from tests.frontend.site import Serving

KEY = "0" * 40


def _add(session: Session, name: str, host: str, client_id: str, *deployments: str) -> Registration:
    url = f"https://{host}"
    new = NewRegistration(
        name, url, client_id, f"{url}/auth", f"{url}/token", f"{url}/jwks", deployments
    )
    return registrations.add(session, new, TrustedHosts())


@pytest.fixture
def filled(app: Flask, session: Session) -> Platform:
    """An installation with something on every page: the platform whose page is looked at."""
    schools = [Institution(name=name) for name in ("Lakeside College", "Northern University")]
    schools[1].is_active = False
    session.add_all(schools)
    good = _add(session, "Lakeside Moodle", "moodle.lakeside.example", "aB3dE5gH7jK9mN1", "2", "17")
    hosted = _add(session, "Northern Canvas", "canvas.example", "170000000000559", "189:7f956bcc")
    waiting = _add(session, "Harbour Moodle", "learn.harbour.example", "zY9xW8vU7tS6rQ5")
    waiting.status = RegistrationStatus.PENDING
    session.flush()
    for row, school in ((good, schools[0]), (hosted, schools[1])):
        for one in row.deployments:
            one.institution_id = school.institution_id
    switches.note_unknown_deployment(session, good.registration_id, "23")
    health.note_token(session, good.registration_id)
    health.note_score(session, good.registration_id)
    health.note_error(
        session, good.registration_id, Fault.CLOCK, "iat: issued 95 s ahead of our clock"
    )
    found = keysets.Fetched([{"kid": KEY, "n": "AA", "e": "AQAB"}], timedelta(hours=1))
    key_sets.keep(session, "https://moodle.lakeside.example/jwks", found)
    keys.signing_key(session, ("test-key-" + "0" * 32,))
    rotation.rotate(session, ("test-key-" + "0" * 32,))
    invitations.invite(session, "Moodle of Harbour School, Ms Berg", schools[0].institution_id)
    row, _code = invitations.invite(session, "Mr Roe")
    invitations.revoke(session, row.invitation_id)
    factories.material(session, factories.course(session), file_fault=FileFault.MISSING)
    for number in range(60):
        session.add(
            AuditEvent(
                operator_name="Grace",
                action="institution.renamed",
                subject=str(number),
                details={"name": f"School {number}"},
            )
        )
    session.commit()
    return session.get_one(Platform, good.platform_id)


Entering = Callable[..., Visit]


@pytest.fixture
def enter_console(tool: str, session: Session, visit: Opening) -> Entering:
    """`enter_console("/admin/keys", width=…)` comes by a fresh link, then goes to the page."""

    def enter_console(path: str = "/admin/", **size: int) -> Visit:
        secret = entrance.make_link(session, "Ada")
        session.commit()
        visiting = visit(f"{tool}/admin/login#{secret}", ready="h1:text('Overview')", **size)
        visiting.url = tool
        if path != "/admin/":
            visiting.go(path, ready="main h1")
        return visiting

    return enter_console


def test_the_link_opens_the_console_and_leaves_no_trace(
    app: Flask, tool: str, session: Session, visit: Opening
) -> None:
    secret = entrance.make_link(session, "Ada")
    session.commit()
    visiting = visit(f"{tool}/admin/login#{secret}", ready="h1:text('Overview')")
    page = visiting.page
    assert page.url == f"{tool}/admin/"
    (cookie,) = [one for one in page.context.cookies() if one["name"] == "__Host-operator"]
    assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "Strict")
    assert page.evaluate("document.cookie") == ""
    page.go_back()
    page.wait_for_selector('h1:text("Operator\'s console")')
    assert page.evaluate("location.href") == f"{tool}/admin/login", "the fragment is gone"
    assert secret not in page.content()
    assert visiting.complaints == []


def test_a_link_on_another_sites_page_opens_it_too(
    tool: str, session: Session, visit: Opening, serving: Serving
) -> None:
    """As in a web mail: the strict cookie is set and sent all the same."""
    secret = entrance.make_link(session, "Ada")
    session.commit()
    page = visit("/lms").page
    page.goto(serving.url.replace("localhost", "127.0.0.1") + "/lms")
    page.evaluate("address => { location.href = address; }", f"{tool}/admin/login#{secret}")
    page.wait_for_selector("h1:text('Overview')")

    page.goto(serving.url.replace("localhost", "127.0.0.1") + "/lms")
    page.evaluate("address => { location.href = address; }", f"{tool}/admin/keys")
    page.wait_for_selector('h1:text("Operator\'s console")')
    page.click("text=Go to the console")
    page.wait_for_selector("h1:text('Overview')")


def test_a_link_that_was_used_says_so(
    tool: str, session: Session, visit: Opening, enter_console: Entering
) -> None:
    enter_console()
    used = entrance.make_link(session, "Ada")
    session.execute(update(OperatorLink).values(spent_at=now()))
    session.commit()
    page = visit(f"{tool}/admin/login#{used}", ready="[role=alert]").page
    assert "used already" in page.inner_text("[role=alert]")
    assert used not in page.url


def test_without_script_the_code_is_pasted(tool: str, session: Session, visit: Opening) -> None:
    secret = entrance.make_link(session, "Ada")
    session.commit()
    page = visit(f"{tool}/admin/login#{secret}", script=False).page
    page.fill("#secret", secret)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_selector("h1:text('Overview')")


def test_logging_out_leads_back_to_the_log_in(filled: Platform, enter_console: Entering) -> None:
    visiting = enter_console()
    page = visiting.page
    page.click("text=Log out")
    page.wait_for_selector('h1:text("Operator\'s console")')
    page.go_back()
    page.wait_for_selector('h1:text("Operator\'s console")')
    assert "Lakeside" not in page.content(), "nor does the way back show what was there"
    visiting.go("/admin/keys")
    assert page.url.endswith("/admin/login")
    assert visiting.complaints == []


def test_a_session_that_has_ended_says_so_and_changes_nothing(
    filled: Platform, enter_console: Entering, session: Session
) -> None:
    page = enter_console("/admin/institutions").page
    page.fill("#name", "Harbour School")
    session.execute(delete(OperatorSession))
    session.commit()
    page.click("text=Add institution")
    page.wait_for_selector("text=You are not logged in any more")
    page.get_by_role("link", name="Log in").click()
    page.wait_for_selector('h1:text("Operator\'s console")')


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_no_page_of_the_console_can_be_framed(
    host: str, filled: Platform, enter_console: Entering, serving: Serving, tool: str
) -> None:
    """Neither by a page of the same site nor by another's, with the operator logged in."""
    page = enter_console().page
    for path in ("/admin/", "/admin/login", f"/admin/platforms/{filled.platform_id}"):
        outer = serving.url.replace("localhost", host)
        page.goto(f"{outer}/lms?frame={tool}{path}")
        frame = page.wait_for_selector("iframe").content_frame()
        assert frame is not None
        frame.wait_for_url("chrome-error://**")
        assert "Overview" not in frame.content() and "console" not in frame.content()


def test_what_waits_is_approved_and_what_runs_is_disabled_after_a_question(
    filled: Platform, enter_console: Entering, session: Session
) -> None:
    visiting = enter_console()
    page = visiting.page
    page.get_by_role("button", name="Approve deployment 23").click()
    page.wait_for_selector("[role=status] >> text=is approved and may launch")
    row = page.get_by_role("row", name=re.compile("^23 "))  # not a time of day that has one
    row.get_by_text("Disable", exact=True).click()
    dialog = page.get_by_role("dialog", name="Disable deployment 23?")
    assert page.evaluate("document.activeElement.textContent") == "Cancel"
    dialog.get_by_role("button", name="Disable deployment").click()
    page.wait_for_selector("[role=status] >> text=is disabled")
    assert page.get_by_role("dialog").count() == 0
    found = session.scalars(select(Deployment).where(Deployment.lti_deployment_id == "23")).one()
    assert found.status is RegistrationStatus.DISABLED
    assert visiting.complaints == []


def test_an_invitation_is_made_and_its_address_shown_once(
    filled: Platform, enter_console: Entering, tool: str
) -> None:
    visiting = enter_console("/admin/invitations")
    page = visiting.page
    page.click("text=Make invitation")
    page.wait_for_selector("#note-error")
    assert page.evaluate("document.activeElement.id") == "note"
    page.fill("#note", "Ms Berg")
    page.click("text=Make invitation")
    address = page.wait_for_selector(".cl-copy").inner_text()
    assert address.startswith(f"{tool}/lti/register?invite=")
    page.reload()
    page.wait_for_selector("h1:text('Invitations')")
    assert address not in page.content()
    assert len([one for one in visiting.complaints if "422" not in one]) == 0


def test_errors_stand_beside_their_fields(enter_console: Entering) -> None:
    page = enter_console("/admin/platforms/new").page
    page.fill("#name", "Lakeside")
    page.click("text=Add platform")
    page.wait_for_selector("#issuer-error")
    for name in ("issuer", "client_id", "auth_url", "token_url", "jwks_url"):
        assert page.get_attribute(f"#{name}", "aria-invalid") == "true"
    assert page.input_value("#name") == "Lakeside"
    assert page.evaluate("document.activeElement.id") == "issuer"


@pytest.mark.parametrize("width", [320, 1280])
def test_courses_are_taken_over(
    width: int, filled: Platform, enter_console: Entering, session: Session
) -> None:
    """The tool was removed in the LMS and added again: its courses go on under the new one."""
    by_name = {one.lti_deployment_id: one for one in session.scalars(select(Deployment))}
    for deployment, context in (("2", "5"), ("2", "6"), ("17", "5")):
        session.add(
            LtiContext(
                deployment_id=by_name[deployment].deployment_id,
                lti_context_id=context,
                course_id=factories.course(session).course_id,
            )
        )
        session.flush()
    session.commit()
    visiting = enter_console(f"/admin/platforms/{filled.platform_id}", width=width)
    page = visiting.page
    expect(page.get_by_text("1 of its courses came by another deployment before")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("link", name="Take courses over by deployment 17").click()
    expect(page.get_by_role("heading", name="Take courses over", level=1)).to_be_visible()
    page.get_by_role("button", name="Take its courses over").click()
    page.get_by_label("Whose courses").select_option(index=1)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("button", name="Take its courses over").click()
    expect(page.get_by_text("2 courses go on here now.")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert visiting.violations() == []
    assert visiting.complaints == []


PAGES = (
    "/admin/",
    "/admin/platforms",
    "/admin/platforms/new",
    "/admin/platforms/ID",
    "/admin/platforms/ID/moved",
    "/admin/institutions",
    "/admin/invitations",
    "/admin/keys",
    "/admin/record",
    "/admin/login",
    "/admin/nowhere",
)


def test_a_storage_that_is_away_fits_and_axe_finds_nothing(
    filled: Platform, enter_console: Entering, monkeypatch: pytest.MonkeyPatch
) -> None:
    reason = f"Generic S3 error: Error performing PUT http://127.0.0.1:9/files/{'a' * 90}: refused"
    monkeypatch.setattr(overview, "_storage_fault", lambda: reason)
    visiting = enter_console(width=320)
    page = visiting.page
    page.wait_for_selector("text=Course files cannot be kept or opened")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert visiting.violations() == []


@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_in_either_theme(
    path: str, filled: Platform, enter_console: Entering
) -> None:
    visiting = enter_console(path.replace("ID", str(filled.platform_id)), width=1280)
    assert visiting.violations() == []


def test_no_page_is_wider_than_the_screen(filled: Platform, enter_console: Entering) -> None:
    """Not at 320 pixels, nor with text twice as large; what is pressed lies on the screen."""
    visiting = enter_console(width=320)
    page = visiting.page
    for path in PAGES:
        visiting.go(path.replace("ID", str(filled.platform_id)), ready="main h1")
        for font in (16, 32):
            page.evaluate(f"document.documentElement.style.fontSize = '{font}px'")
            assert page.evaluate("document.documentElement.scrollWidth") <= 320, (path, font)
        page.evaluate("document.documentElement.style.fontSize = ''")
        outside = page.evaluate(
            """[...document.querySelectorAll('main :is(button, a, select, summary)')]
               .filter(one => one.getBoundingClientRect().right > 320.5)
               .map(one => one.textContent)"""
        )
        assert outside == [], path
