"""The check and the people in a real browser, in the LMS's frame: what it finds, how it reads."""

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Frame, Page, expect
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.roster import sync
from demo_lms import faults, links
from demo_lms.links import Link
from models import Deployment, LtiContext, RegistrationStatus
from tests.browsers import AXE
from tests.launch.conftest import Place, place
from tests.launch.test_in_browser import STORAGES, Opening, open_page, playwright, tool_frame

pytestmark = pytest.mark.journey

__all__ = ["open_page", "place", "playwright"]


@pytest.fixture
def check(place: Place) -> Iterator[str]:
    """The address of a link to the check on the course page."""
    links.place(place.platform.store, Link("check", "Check", url=f"{place.tool}/lti/check"))
    yield f"{place.platform.settings.issuer}/links/check?as=teacher"
    faults.clear_faults(place.platform.store)


def row(page: Page, title: str) -> str:
    """What the check says of one part, once it is done with it."""
    part = page.frame_locator("iframe[name=tool]").locator(
        "[data-finding]", has=page.locator(f'h3:text-is("{title}")')
    )
    expect(part.locator(".cl-label:visible")).to_be_visible()
    return part.inner_text()


def violations(frame: Frame) -> list[str]:
    """What axe finds in the light and in the dark, folds opened."""
    frame.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true; })")
    frame.evaluate(AXE.read_text())
    found = []
    for scheme in ("light", "dark"):
        frame.page.emulate_media(color_scheme=scheme)
        result = frame.evaluate("axe.run(document, {resultTypes: ['violations']})")
        found += [
            f"{scheme} {rule['id']}: {node['html'][:150]} {node['failureSummary']}"
            for rule in result["violations"]
            for node in rule["nodes"]
        ]
    return found


def is_wider_than_its_frame(frame: Frame) -> bool:
    width: int = frame.evaluate("document.documentElement.scrollWidth - innerWidth")
    return width > 0


@pytest.mark.parametrize(
    ("rule", "storage", "cookies", "tab", "lms"),
    [
        ("allowed", "not offered", "like those of any other", "keeps what", "does not offer"),
        ("allowed", "page", "like those of any other", "keeps what", "keeps the sign-in's secret"),
        ("blocked", "frame", "for this LMS alone", "refuses it", "keeps the sign-in's secret"),
        ("frame", "page", "no cookies here", "refuses it", "keeps the sign-in's secret"),
    ],
)
def test_what_the_browser_keeps(
    rule: str,
    storage: str,
    cookies: str,
    tab: str,
    lms: str,
    check: str,
    place: Place,
    open_page: Opening,
) -> None:
    faults.set_faults(place.platform.store, platform_storage=STORAGES[storage])
    page = open_page(rule)
    page.goto(check)
    assert place.platform.settings.issuer in row(page, "Frame")
    assert cookies in row(page, "Cookies")
    assert tab in row(page, "Storage of the tab") and tab in row(page, "Storage of the browser")
    assert lms in row(page, "Storage of the LMS")
    for title in ("Access to services", "List of members", "Gradebook"):
        assert "Works" in row(page, title)
    sign_in = row(page, "Cookie at sign-in")
    assert ("Needs a look" in sign_in) is (rule == "frame")


def test_the_check_as_text(check: str, open_page: Opening) -> None:
    page = open_page("allowed")
    page.goto(check)
    row(page, "Gradebook")
    row(page, "Cookies")
    frame = page.frame_locator("iframe[name=tool]")
    frame.get_by_role("button", name="Copy as text").click()
    expect(frame.locator("[data-copied]")).not_to_be_empty()
    field = frame.get_by_role("textbox", name="The check as text")
    text = field.input_value() if field.is_visible() else page.evaluate(_CLIPBOARD)
    assert "- Keys: Works" in text and "- Client id: coursellm-demo" in text
    assert "Laurent" not in text, "no name of a person"


_CLIPBOARD = "navigator.clipboard.readText()"


def test_it_reads_well_at_every_width(check: str, open_page: Opening) -> None:
    page = open_page("allowed")
    page.goto(check)
    row(page, "Gradebook")
    assert violations(tool_frame(page)) == []
    page.set_viewport_size({"width": 320, "height": 640})
    assert not is_wider_than_its_frame(tool_frame(page))


def test_a_refused_check_reads_well(check: str, open_page: Opening, session: Session) -> None:
    session.execute(update(Deployment).values(status=RegistrationStatus.DISABLED))
    session.commit()
    page = open_page("allowed")
    page.goto(check)
    assert "has to approve this deployment" in row(page, "Deployment")
    assert violations(tool_frame(page)) == []
    page.set_viewport_size({"width": 320, "height": 640})
    assert not is_wider_than_its_frame(tool_frame(page))


def test_people_in_the_frame(
    place: Place, open_page: Opening, app: Flask, session: Session
) -> None:
    page = open_page("allowed")
    page.goto(place.link.replace("student-1", "teacher"))
    frame = page.frame_locator("iframe[name=tool]")
    frame.get_by_role("navigation").get_by_role("link", name="Grades").click()
    frame.get_by_role("link", name="People in this course").click()
    expect(frame.get_by_role("progressbar")).to_be_visible()
    context_id = session.scalars(select(LtiContext.context_id)).one()
    session.rollback()
    sync.read(context_id)  # what the worker does; the page asks again by itself
    expect(frame.get_by_role("row", name="Farid O'Brien-Ñúñez")).to_be_visible()
    expect(frame.get_by_text("Read from the LMS")).to_be_visible()
    expect(frame.get_by_role("heading", name="People")).to_be_visible()
    assert violations(tool_frame(page)) == []
    page.set_viewport_size({"width": 320, "height": 640})
    assert not is_wider_than_its_frame(tool_frame(page))
