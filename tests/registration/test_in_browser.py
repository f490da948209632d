"""From the LMS's page through ours to a registered, approved, launching tool, in a real browser.

The demo LMS (127.0.0.1) and the tool (localhost) are two sites, so the tool's page is framed as in
a real LMS.
"""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Thread
from urllib.parse import urlencode

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from app import config
from app.admin import entrance
from app.connections import invitations
from demo_lms import Platform, Settings, registration
from demo_lms.serving import free_port, running
from models import Deployment, Invitation, Registration, RegistrationStatus
from tests.browsers import AXE, chromium
from tests.registration.conftest import TOKEN, Lms

pytestmark = pytest.mark.journey


@dataclass
class Both:
    """The tool and the LMS, each on its port, and an invitation's address."""

    tool_url: str
    platform: Platform
    address: str

    @property
    def lms(self) -> str:
        return self.platform.settings.issuer

    def direct(self, manner: str = "moodle") -> str:
        """The address as the LMS's frame has it."""
        token = registration.open_token(self.platform, manner)
        return registration.address(self.platform, self.address, manner, token)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def both(app: Flask, session: Session, tmp_path: Path) -> Iterator[Both]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    url = f"http://localhost:{server.server_port}"
    config.install(replace(config.current(), url=url))
    _, code = invitations.invite(session, "Lakeside College")
    session.commit()
    settings = Settings(folder=tmp_path / "lms", port=free_port(), tool_url=url)
    with running(Platform.open(settings)) as platform:
        yield Both(url, platform, invitations.address(url, code))
    server.shutdown()


Opening = Callable[..., Page]


@pytest.fixture
def opened(browser: Browser) -> Iterator[Opening]:
    """`opened(width=…, dark=…, script=…)`: a page of a fresh profile."""
    contexts = []

    def open_page(width: int = 1280, *, dark: bool = False, script: bool = True) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 800},
            color_scheme="dark" if dark else "light",
            java_script_enabled=script,
        )
        context.set_default_timeout(30_000)
        contexts.append(context)
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()


def register(page: Page, both: Both, manner: str) -> None:
    """The administrator's way, from the LMS's list of tools and back to it."""
    page.goto(f"{both.lms}/tools?as=admin")
    page.get_by_label("The tool's registration address").fill(both.address)
    page.get_by_label(manner.capitalize(), exact=True).check()
    page.get_by_role("button", name="Register", exact=True).click()
    frame = page.frame_locator("iframe.tool")
    expect(frame.get_by_role("heading", name="Connect CourseLLM to")).to_be_visible()
    expect(frame.get_by_text("send scores")).to_be_visible()
    frame.get_by_role("button", name="Register CourseLLM").click()
    expect(frame.get_by_role("heading", name="CourseLLM is registered")).to_be_visible()
    frame.get_by_role("button", name="Close").click()
    page.wait_for_url(f"{both.lms}/tools")


@pytest.mark.parametrize("manner", ["canvas", "moodle"])
def test_from_the_lmss_page_to_a_launching_tool(
    manner: str, opened: Opening, both: Both, app: Flask, session: Session
) -> None:
    page = opened()
    register(page, both, manner)
    expect(page.get_by_text("pending")).to_be_visible()
    row = session.scalars(select(Registration)).one()
    assert row.status is RegistrationStatus.PENDING and row.issuer == both.lms
    assert row.name == ("Lakeside College (demo)" if manner == "canvas" else "Lakeside College")
    given = session.scalars(select(Deployment.lti_deployment_id)).all()
    assert given == ([] if manner == "canvas" else ["2"])
    assert session.scalars(select(Invitation.registration_id)).one() == row.registration_id

    page.get_by_role("button", name="Switch on").click()
    expect(page.get_by_text("the course uses it")).to_be_visible()
    page.goto(f"{both.lms}/links/course-tutor?as=student-1")
    frame = page.frame_locator("iframe.tool")
    expect(frame.get_by_role("heading", name="Waiting for approval")).to_be_visible()

    run = app.test_cli_runner().invoke
    assert run(args=["platform", "approve", str(row.registration_id)]).exit_code == 0
    page.goto(f"{both.lms}/links/course-tutor?as=student-1")
    expect(frame.locator("nav.cl-tabs")).to_be_visible()
    session.expire_all()
    deployment = session.scalars(select(Deployment)).one()
    assert deployment.status is RegistrationStatus.ACTIVE
    assert (":" in deployment.lti_deployment_id) is (manner == "canvas")


def test_a_second_use_of_the_address_says_so(opened: Opening, both: Both) -> None:
    page = opened()
    register(page, both, "moodle")
    page.goto(both.direct())
    expect(page.get_by_text("used already")).to_be_visible()


def test_it_says_that_it_is_under_way_and_is_sent_once(
    opened: Opening, both: Both, lms: Lms
) -> None:
    """Whoever presses again while the LMS thinks would else read that it is under way already."""
    page = opened()
    query = {"openid_configuration": lms.configuration_url, "registration_token": TOKEN}
    page.goto(f"{both.address}&{urlencode(query)}")
    answer = lms.peer.answer
    lms.peer.answer = lambda asked: time.sleep(1.5) or answer(asked)
    page.evaluate(
        """() => {
            const button = document.querySelector("form button");
            button.click();
            sessionStorage.said = document.querySelector("[role=status]").textContent;
            sessionStorage.button = button.getAttribute("aria-disabled");
            setTimeout(() => button.click(), 500);
        }"""
    )
    expect(page.get_by_role("heading", name="CourseLLM is registered")).to_be_visible()
    assert page.evaluate("sessionStorage.said").startswith("Registering")
    assert page.evaluate("sessionStorage.button") == "true"
    assert len(lms.bodies) == 1


def test_without_script_the_form_is_enough(opened: Opening, both: Both, session: Session) -> None:
    page = opened(script=False)
    page.goto(both.direct("canvas"))
    page.get_by_role("button", name="Register CourseLLM").click()
    expect(page.get_by_text("You can close this page.")).to_be_visible()
    assert session.scalars(select(Registration)).one()


@pytest.fixture
def attacker(both: Both) -> Iterator[str]:
    """Another site that shows our page in a frame."""
    frame = f'<iframe src="{both.direct().replace("&", "&amp;")}"></iframe>'
    app = Flask("attacker")
    app.add_url_rule("/", "page", lambda: frame)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_another_site_cannot_frame_the_page(opened: Opening, attacker: str) -> None:
    page = opened()
    with page.expect_event("console", lambda said: "frame-ancestors" in said.text):
        page.goto(attacker)
    expect(page.frame_locator("iframe").locator("h1", has_text="CourseLLM")).to_have_count(0)


@pytest.mark.parametrize(
    ("width", "dark"), [(320, False), (320, True), (1280, False), (1280, True)]
)
def test_the_pages_hold_on_a_phone_and_for_everybody(
    width: int, dark: bool, opened: Opening, both: Both, tmp_path: Path
) -> None:
    page = opened(width, dark=dark)
    shots = Path(os.environ.get("SHOTS", tmp_path))

    def look(name: str, heading: str) -> None:
        expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()
        page.screenshot(path=shots / f"{name}-{width}-{'dark' if dark else 'light'}.png")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.evaluate(AXE.read_text())
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        assert [rule["id"] for rule in found["violations"]] == []

    page.goto(both.address)
    look("invited", "Connect your LMS to CourseLLM")
    page.goto(both.direct("canvas"))
    look("confirm", "Connect CourseLLM to")
    page.get_by_role("button", name="Register CourseLLM").focus()
    page.keyboard.press("Enter")
    look("done", "CourseLLM is registered")
    page.goto(both.direct("canvas"))
    look("refused", "This invitation does not work")
    page.goto(f"{both.lms}/tools?as=admin")
    look("tools", "Tools")


def test_the_operator_invites_approves_and_sees_that_it_works(
    opened: Opening, both: Both, session: Session
) -> None:
    """The console's side: an invitation made there, what came of it approved, its health seen."""
    secret = entrance.make_link(session, "Ada")
    session.commit()
    console = opened()
    console.goto(f"{both.tool_url}/admin/login#{secret}")
    expect(console.get_by_text("No LMS is connected yet.")).to_be_visible()
    console.get_by_role("link", name="Make an invitation").click()
    console.get_by_label("Whom it is for").fill("Ms Berg, Lakeside")
    console.get_by_role("button", name="Make invitation").click()
    both.address = console.locator(".cl-copy").inner_text()

    page = opened()
    register(page, both, "moodle")
    page.get_by_role("button", name="Switch on").click()
    expect(page.get_by_text("the course uses it")).to_be_visible()

    console.get_by_role("link", name="Overview").click()
    waiting = console.get_by_role("row", name="Ms Berg, Lakeside")
    expect(waiting.get_by_text("Invited: Ms Berg, Lakeside")).to_be_visible()
    waiting.get_by_role("button", name="Approve").click()
    expect(console.get_by_text("is approved and may launch.")).to_be_visible()
    never = console.locator("div", has=console.get_by_text("Last launch", exact=True))
    expect(never.last).to_contain_text("never")

    page.goto(f"{both.lms}/links/course-tutor?as=student-1")
    expect(page.frame_locator("iframe.tool").locator("nav.cl-tabs")).to_be_visible()
    console.reload()
    expect(never.last).not_to_contain_text("never")
    expect(console.get_by_text("Not working")).to_have_count(0)
    console.get_by_role("link", name="Record").click()
    expect(console.get_by_role("row", name="Registration approved")).to_contain_text("Ada")
