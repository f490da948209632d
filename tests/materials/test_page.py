"""The materials page in a real browser: uploads with progress, faults, drag and drop, looks."""

import os
import re
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from app import config
from app.materials import jobs
from app.session import COOKIE_PREFIX
from models import Course, CourseRole
from tests.helpers import enter
from tests.materials import makers
from tests.materials.conftest import Add, Model

AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
BOOK = makers.pdf(["Photosynthesis needs light", "Respiration frees energy"])


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("google-chrome")
    args = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=args)
        yield browser
        browser.close()


@dataclass
class Room:
    """The teacher's page, and what the browser complained about."""

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)


@pytest.fixture
def room(
    app: Flask, session: Session, model: Model, course: Course, browser: Browser
) -> Iterator[Room]:
    """A teacher in the materials room of a server that runs."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    origin = f"http://localhost:{server.server_port}"
    config.install(replace(config.current(), url=origin, upload_limit_bytes=200_000))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    teacher = enter(app, session, course, CourseRole.TEACHER)
    context = browser.new_context(viewport={"width": 1200, "height": 800})
    cookie = {"name": COOKIE_PREFIX + teacher.sid, "value": teacher.secret, "secure": True}
    context.add_cookies([{**cookie, "url": origin.replace("http:", "https:"), "sameSite": "None"}])  # type: ignore[list-item]
    room = Room(context.new_page(), f"{origin}/s/{teacher.sid}/materials/")
    room.page.set_default_timeout(20_000)
    room.page.on("pageerror", lambda error: room.complaints.append(str(error)))
    room.page.on(
        "console",
        lambda message: room.complaints.append(message.text) if message.type == "error" else None,
    )
    room.page.goto(room.address)
    room.page.wait_for_selector("[data-upload-drop]:not([hidden])")
    yield room
    context.close()
    server.shutdown()


def choose(page: Page, *files: tuple[str, bytes]) -> None:
    payloads = [
        {"name": name, "mimeType": "application/octet-stream", "buffer": content}
        for name, content in files
    ]
    page.set_input_files("#files", payloads)
    page.get_by_role("button", name="Upload", exact=True).click()


def row(page: Page, name: str) -> Locator:
    return page.locator("li.cl-file").filter(has_text=name)


def test_files_are_uploaded_each_with_a_row_that_lives(room: Room, course: Course) -> None:
    page = room.page
    choose(page, ("Week 1.pdf", BOOK), ("Week 2.md", b"# Two\n\nMore words"))
    for name in ("Week 1", "Week 2"):
        expect(row(page, name)).to_contain_text("Waiting to be read")
    expect(page.locator("#files-h")).to_have_text("2 files")
    for item in page.locator("li.cl-file").all():
        jobs.index_words((item.get_attribute("id") or "").removeprefix("material-"))
    expect(row(page, "Week 1")).to_contain_text("Searchable")
    for _ in range(3):
        jobs.embed_chunks(str(course.course_id))
    expect(row(page, "Week 1")).to_contain_text("Ready")
    expect(row(page, "Week 2")).to_contain_text("Ready")
    assert room.complaints == []


def test_a_file_is_dropped_on_the_page(room: Room) -> None:
    transfer = room.page.evaluate_handle(
        """() => { const data = new DataTransfer();
                   data.items.add(new File(["# Dropped"], "Dropped.md")); return data; }"""
    )
    room.page.dispatch_event("h1", "dragover", {"dataTransfer": transfer})
    room.page.dispatch_event("h1", "drop", {"dataTransfer": transfer})
    expect(row(room.page, "Dropped")).to_contain_text("Waiting to be read")


def test_a_file_that_is_too_large_is_told_at_once_and_the_others_go_on(room: Room) -> None:
    choose(room.page, ("big.pdf", bytes(300_000)), ("tiny.md", b"# Small"))
    expect(row(room.page, "big.pdf")).to_contain_text("larger than 195 kB")
    expect(row(room.page, "tiny")).to_contain_text("Waiting to be read")
    room.page.get_by_role("button", name="Remove this row").click()
    expect(room.page.locator("#files-h")).to_have_text("1 file")


def test_the_same_file_again_is_told(room: Room) -> None:
    choose(room.page, ("Week 1.pdf", BOOK))
    expect(row(room.page, "Week 1")).to_contain_text("Waiting to be read")
    choose(room.page, ("copy.pdf", BOOK))
    expect(row(room.page, "copy.pdf")).to_contain_text("here already, as “Week 1”")


def test_an_upload_that_fails_can_be_tried_again(room: Room) -> None:
    page = room.page
    page.route("**/materials/", lambda route: route.abort(), times=1)
    choose(page, ("Week 1.pdf", BOOK))
    expect(row(page, "Week 1.pdf")).to_contain_text("could not be reached")
    page.get_by_role("button", name="Try again").click()
    expect(row(page, "Week 1")).to_contain_text("Waiting to be read")


def test_an_upload_is_cancelled(room: Room) -> None:
    room.page.route("**/materials/", lambda _: None, times=1)  # never answered
    choose(room.page, ("Week 1.pdf", BOOK))
    room.page.get_by_role("button", name="Cancel the upload of Week 1.pdf").click()
    expect(room.page.locator("li.cl-file")).to_have_count(0)


def test_a_file_is_renamed_hidden_and_deleted(room: Room, read: Add) -> None:
    page = room.page
    read("Week 1.pdf", BOOK)
    page.goto(room.address)
    page.get_by_role("link", name="Edit Week 1").click()
    page.get_by_label("Name").fill("Week one")
    page.get_by_label("Released to students").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(row(page, "Week one")).to_contain_text("Hidden from students")
    page.get_by_role("link", name="Edit Week one").click()
    page.locator("summary", has_text="Delete file").click()
    page.locator("dialog").get_by_role("button", name="Delete file").click()
    expect(page.locator("#files-h")).to_have_text("No files")
    assert room.complaints == []


def test_a_source_opens_at_its_page(room: Room, read: Add) -> None:
    material_id = read("Week 1.pdf", BOOK)
    room.page.goto(f"{room.address}{material_id}?page=2&quote=Respiration+frees+energy")
    room.page.wait_for_selector(".cl-reader canvas.cl-page")
    expect(room.page.locator("[data-source-place]")).to_have_text("Page 2 of 2")
    room.page.get_by_role("link", name="As text").click()
    expect(room.page.locator(".cl-source-text mark")).to_have_text("Respiration frees energy")
    room.page.get_by_role("link", name="Page 1").click()
    expect(room.page.locator(".cl-source-text")).to_contain_text("Photosynthesis")
    assert room.complaints == []


@pytest.mark.parametrize("width", [320, 1200])
def test_the_page_fits_and_axe_finds_nothing(
    room: Room, course: Course, add: Add, read: Add, width: int
) -> None:
    read("protected.pdf", makers.pdf(["x"], encrypted=True))
    read("scan.pdf", makers.pdf(["Text", ""]))
    jobs.embed_chunks(str(course.course_id))
    jobs.embed_chunks(str(course.course_id))
    read("A_very_long_name_" * 8 + ".txt", b"words")
    add("waiting.txt", b"other words")
    page = room.page
    page.set_viewport_size({"width": width, "height": 640})
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.goto(room.address)
        page.wait_for_selector("[data-upload-drop]:not([hidden])")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.evaluate(AXE.read_text())
        found = page.evaluate("axe.run().then(result => result.violations.map(v => v.id))")
        assert found == []
    assert re.search("protected.*waiting.*scan", page.inner_text("main"), re.S)
