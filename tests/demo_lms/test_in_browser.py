"""The LMS in a real browser, with a tool on another site in its frame and cookies as they are."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from joserfc.jwk import RSAKey
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from demo_lms import Platform, Settings, faults, gradebook, line_items, links, persons
from demo_lms.serving import free_port, running
from tests.browsers import AXE, chromium
from tests.demo_lms.stub_tool import StubTool

pytestmark = pytest.mark.journey


@contextmanager
def served(app: Flask, port: int) -> Iterator[None]:
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def stub(tmp_path: Path, tool_key: RSAKey) -> Iterator[tuple[Platform, StubTool]]:
    port = free_port()
    tool_url = f"http://localhost:{port}"
    settings = Settings(folder=tmp_path / "lms", port=free_port(), tool_url=tool_url)
    tool = StubTool(settings, tool_key)
    platform = Platform.open(settings)
    with served(tool.application(), port), running(platform):
        yield platform, tool


@pytest.fixture
def page(browser: Browser, stub: tuple[Platform, StubTool]) -> Iterator[Page]:
    """A page whose console must stay silent; it goes before the servers do."""
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(15_000)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


def test_a_student_opens_the_tool_in_the_frame(page: Page, stub: tuple[Platform, StubTool]) -> None:
    """The Lax cookie stays behind on the way from the tool, so the request is posted again."""
    platform, tool = stub
    asked: list[str] = []
    page.on(
        "request", lambda request: asked.append(f"{request.method} {urlsplit(request.url).path}")
    )
    page.goto(f"{platform.settings.issuer}/links/course-tutor?as=student-1")
    expect(page.frame_locator("iframe").get_by_text("Hello Ada Novak")).to_be_visible()
    assert [step for step in asked if step.endswith("/auth")] == ["GET /auth", "POST /auth"]
    assert tool.errors == []
    assert [claims["sub"] for claims in tool.launches] == [persons.get("student-1").subject]


def test_another_person_by_the_top_bar(page: Page, stub: tuple[Platform, StubTool]) -> None:
    platform, _ = stub
    page.goto(f"{platform.settings.issuer}/links/course-tutor")
    expect(page.frame_locator("iframe").get_by_text("Hello Thea Laurent")).to_be_visible()
    page.get_by_label("You are:").select_option("student-3")
    page.get_by_role("button", name="Switch").click()
    expect(page.frame_locator("iframe").get_by_text("Hello somebody")).to_be_visible()
    assert page.url == f"{platform.settings.issuer}/links/course-tutor"


def test_the_teacher_adds_from_the_tool(page: Page, stub: tuple[Platform, StubTool]) -> None:
    platform, _ = stub
    page.goto(platform.settings.issuer)
    page.get_by_role("link", name="Add from CourseLLM").click()
    page.frame_locator("iframe").get_by_role("button", name="Add “Practice: loops”").click()
    expect(page.get_by_role("status")).to_have_text("Added to the course: Practice: loops.")
    expect(page.get_by_role("link", name="Practice: loops", exact=True)).to_be_visible()
    assert links.listed(platform.store)[-1].custom == {"activity": "loops"}
    assert line_items.listed(platform.store)[0].label == "Practice: loops"


def test_a_link_in_a_window_of_its_own(page: Page, stub: tuple[Platform, StubTool]) -> None:
    platform, _ = stub
    links.place(platform.store, links.Link("w", "Wide", target="window"))
    page.goto(f"{platform.settings.issuer}/?as=ta")
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Wide").click()
    expect(opened.value.get_by_text("Hello Tomás Okafor")).to_be_visible()


@pytest.mark.parametrize("path", ["/", "/links/course-tutor", "/gradebook", "/add"])
def test_nothing_is_wider_than_a_phone(
    page: Page, stub: tuple[Platform, StubTool], path: str
) -> None:
    platform, _ = stub
    line_items.create(platform.store, {"label": "Loops", "scoreMaximum": 10})
    page.set_viewport_size({"width": 320, "height": 700})
    page.goto(platform.settings.issuer + path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize(
    "path",
    [
        "/?as=teacher",
        "/links/course-tutor",
        "/links/course-tutor/edit",
        "/links/course-tutor/delete",
        "/gradebook",
        "/gradebook/1/student-1",
        "/gradebook?as=student-1",
        "/faults?as=admin",
    ],
)
def test_axe_finds_nothing(page: Page, stub: tuple[Platform, StubTool], path: str) -> None:
    platform, _ = stub
    body = {"label": "Loops", "scoreMaximum": 10, "resourceLinkId": "course-tutor"}
    line_items.create(platform.store, body)
    gradebook.override(platform, 1, "student-1", "7", "Well done")
    faults.set_faults(platform.store, platform_storage=faults.FORWARDING_FRAME)
    page.goto(platform.settings.issuer + path)
    page.wait_for_load_state("networkidle")
    page.evaluate(AXE.read_text())
    options = "{resultTypes: ['violations'], iframes: false}"
    found = page.evaluate(f"axe.run(document, {options})")
    assert [
        f"{rule['id']}: {node['html'][:200]}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ] == []
