"""The materials page in a real browser: uploads with progress, faults, drag and drop, looks."""

import re
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Locator, Page, Route, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import config
from app.materials import jobs
from app.materials.files.storage import storage
from models import Course, CourseMaterial, CourseRole
from tests.browsers import admit, serving, violations
from tests.helpers import enter
from tests.materials import makers
from tests.materials.conftest import Add, Look, Model
from tests.workers import until

LOGO = b"\x89PNG\r\n\x1a\n" + bytes(99)
BOOK = makers.pdf(["Photosynthesis needs light", "Respiration frees energy"])


@dataclass
class Room:
    """The teacher's page, and what the browser complained about."""

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)

    def open(self) -> None:
        self.page.goto(self.address)
        self.page.wait_for_selector("[data-upload-drop]:not([hidden])")


@pytest.fixture
def room(
    app: Flask, session: Session, model: Model, course: Course, browser: Browser
) -> Iterator[Room]:
    """A teacher in the materials room of a server that runs."""
    teacher = enter(app, session, course, CourseRole.TEACHER)
    context = browser.new_context(viewport={"width": 1200, "height": 800})
    admit(context, teacher)
    with serving(app) as origin:
        config.install(replace(config.current(), upload_limit_bytes=30 << 20))
        room = Room(context.new_page(), f"{origin}/s/{teacher.sid}/materials/")
        room.page.set_default_timeout(20_000)
        room.page.on("pageerror", lambda error: room.complaints.append(str(error)))
        room.page.on(
            "console",
            lambda said: room.complaints.append(said.text) if said.type == "error" else None,
        )
        room.open()
        yield room
        context.close()


def choose(page: Page, *files: tuple[str, bytes]) -> None:
    folder = Path(tempfile.mkdtemp())
    for name, content in files:
        (folder / name).write_bytes(content)
    page.set_input_files("#files", [folder / name for name, _ in files])
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
    choose(room.page, ("big.pdf", bytes(31 << 20)), ("tiny.md", b"# Small"))
    expect(row(room.page, "big.pdf")).to_contain_text("larger than 30 MB")
    expect(row(room.page, "tiny")).to_contain_text("Waiting to be read")
    room.page.get_by_role("button", name="Remove the row of big.pdf").click()
    expect(room.page.locator("#files-h")).to_have_text("1 file")


@pytest.mark.parametrize("name", ["copy.pdf", "Week 1.pdf"])
def test_the_same_file_again_is_told_calmly(room: Room, name: str) -> None:
    """Under its own name it is not even sent."""
    page, sent = room.page, list[str]()
    choose(page, ("Week 1.pdf", BOOK))
    expect(row(page, "Week 1")).to_contain_text("Waiting to be read")
    page.on("request", lambda one: sent.append(one.url) if one.method == "POST" else None)
    choose(page, (name, BOOK))
    told = page.locator("li.cl-file").filter(has_text="here already, as “Week 1”")
    expect(told).to_have_count(1)
    expect(told.locator(".cl-error")).to_have_count(0)
    heard = page.locator("[role=status]").filter(has_text=f"{name}: This file is here already")
    expect(heard).to_be_attached()
    expect(page.locator("#files-h")).to_have_text("1 file")
    assert bool(sent) == (name == "copy.pdf")
    told.get_by_role("button", name=f"Remove the row of {name}").click()
    expect(page.locator("li.cl-file")).to_have_count(1)
    assert room.complaints == []


def test_a_file_of_the_same_name_and_size_is_compared_by_content(room: Room, read: Add) -> None:
    read("Week 1.md", b"# One\n\nOld words")
    room.open()
    choose(room.page, ("Week 1.md", b"# One\n\nNew words"))
    expect(room.page.get_by_role("button", name="Replace it: Week 1")).to_be_visible()


def big(kilobytes: int) -> bytes:
    return b"Osmosis moves water through a membrane.\n" * (kilobytes * 1024 // 40)


def test_an_upload_that_fails_can_be_tried_again(room: Room) -> None:
    page = room.page
    page.route("**/materials/uploads/", lambda route: route.abort(), times=6)
    page.clock.install()
    choose(page, ("Week 1.pdf", BOOK))
    lost = row(page, "Week 1.pdf").filter(has_text="could not be reached")
    until(lambda: page.clock.fast_forward(10_000) or lost.is_visible(), 20)
    page.clock.resume()
    page.get_by_role("button", name="Try again").click()
    expect(row(page, "Week 1")).to_contain_text("Waiting to be read")


def test_a_dropped_connection_is_gone_on_with_by_itself(room: Room) -> None:
    """The server is away for the second piece; what came before is not sent again."""
    page, offsets = room.page, []
    page.on(
        "request",
        lambda sent: offsets.append(sent.headers["upload-offset"]) if sent.method == "PATCH" else 0,
    )
    broken = iter([False, True, True])

    def pass_on(route: Route) -> None:
        if route.request.method == "PATCH" and next(broken, False):
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/materials/uploads/*", pass_on)
    choose(page, ("Book.txt", big(20 * 1024)))
    expect(row(page, "Book")).to_contain_text("Waiting to be read", timeout=60_000)
    piece = 8 << 20
    assert offsets == ["0", *[str(piece)] * 3, str(2 * piece)]


def test_after_a_reload_the_same_file_goes_on(room: Room, tmp_path: Path) -> None:
    page, file = room.page, tmp_path / "Book.txt"
    file.write_bytes(big(12 * 1024))
    is_cut = True

    def cut_second(route: Route) -> None:
        if is_cut and route.request.headers.get("upload-offset", "0") != "0":
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/materials/uploads/*", cut_second)
    page.set_input_files("#files", file)
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(row(page, "Book.txt")).to_contain_text("Uploading, 66 %", timeout=60_000)
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(row(page, "Book.txt")).to_contain_text("Uploading stopped at 66 %")
    is_cut = False
    expect(row(page, "Book.txt")).to_contain_text("Choose the same file again")
    offsets: list[str] = []
    page.on(
        "request",
        lambda sent: offsets.append(sent.headers["upload-offset"]) if sent.method == "PATCH" else 0,
    )
    page.set_input_files("#files", file)
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(row(page, "Book")).to_contain_text("Waiting to be read", timeout=60_000)
    assert offsets == [str(8 << 20)]
    expect(page.locator("li.cl-file")).to_have_count(1)


def test_an_upload_is_cancelled(room: Room) -> None:
    room.page.route("**/materials/uploads/", lambda _: None, times=1)  # never answered
    choose(room.page, ("Week 1.pdf", BOOK))
    room.page.get_by_role("button", name="Cancel the upload of Week 1.pdf").click()
    expect(room.page.locator("li.cl-file")).to_have_count(0)


def test_uploads_go_on_while_another_page_is_shown(room: Room) -> None:
    page, held = room.page, list[Route]()

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/materials/uploads/", hold, times=1)
    choose(page, ("Week 1.pdf", BOOK))
    expect(row(page, "Week 1.pdf")).to_contain_text("Connecting")
    page.get_by_role("link", name="Tutor", exact=True).click()
    page.wait_for_selector(".cl-composer")
    page.get_by_role("link", name="Materials", exact=True).click()
    expect(row(page, "Week 1.pdf")).to_contain_text("Connecting")
    held[0].continue_()
    expect(row(page, "Week 1")).to_contain_text("Waiting to be read")
    expect(page.locator("li.cl-file")).to_have_count(1)


def test_one_comes_back_to_an_upload_that_is_on_its_way(room: Room) -> None:
    """Its first piece has arrived: the server knows of it too, and the page has its row still."""
    page, held = room.page, list[Route]()

    def hold_second(route: Route) -> None:
        if route.request.headers.get("upload-offset", "0") == "0":
            route.continue_()
        else:
            held.append(route)

    page.route("**/materials/uploads/*", hold_second)
    choose(page, ("Book.txt", big(12 * 1024)))
    expect(row(page, "Book.txt")).to_contain_text("Uploading, 66 %", timeout=60_000)
    page.get_by_role("link", name="Tutor", exact=True).click()
    page.wait_for_selector(".cl-composer")
    page.get_by_role("link", name="Materials", exact=True).click()
    expect(row(page, "Book.txt")).to_contain_text("Uploading, 66 %")
    expect(row(page, "Book.txt")).to_have_count(1)
    expect(page.get_by_text("drop", exact=False).first).to_be_visible()
    held[0].continue_()
    expect(row(page, "Book")).to_contain_text("Waiting to be read", timeout=60_000)


def version_of(session: Session, material_id: uuid.UUID) -> uuid.UUID:
    session.rollback()
    query = select(CourseMaterial.material_id).where(
        CourseMaterial.replaces_id == material_id, CourseMaterial.deleted_at.is_(None)
    )
    return session.scalars(query).one()


def test_a_file_of_the_same_name_may_be_a_new_version(
    room: Room, session: Session, read: Add
) -> None:
    """It is one row all the while, for ears too: ticked and focused as it was."""
    page = room.page
    old = read("Week 1.md", b"# One\n\nOld words")
    room.open()
    choose(page, ("Week 1.md", b"# One\n\nNew words"))
    page.get_by_label("Choose Week 1").check()
    page.get_by_role("button", name="Replace it: Week 1").click()
    expect(row(page, "New version, Markdown, 1 kB: until it is read")).to_be_visible()
    expect(row(page, "Week 1")).to_contain_text("Waiting to be read")
    expect(row(page, "Week 1")).to_have_count(1)
    expect(page.locator("#files-h")).to_have_text("1 file")
    page.get_by_label("Choose Week 1").check()
    page.get_by_role("link", name="Edit Week 1").focus()
    jobs.index_words(str(version_of(session, old)))
    expect(row(page, "Week 1")).to_contain_text("Searchable")
    expect(row(page, "Week 1")).to_have_count(1)
    heard = page.locator("[role=status]").filter(has_text="The new version of Week 1 is in use.")
    expect(heard).to_be_attached()
    expect(page.get_by_role("link", name="Edit Week 1")).to_be_focused()
    expect(page.get_by_label("Choose Week 1")).to_be_checked()
    page.locator("#chosen").get_by_role("button", name="Hide").click()
    expect(row(page, "Hidden from students")).to_contain_text("Week 1")
    expect(page.locator("#files-h")).to_have_text("1 file")
    assert room.complaints == []


def test_a_third_version_takes_the_row_that_the_second_lives_in(
    room: Room, session: Session, read: Add
) -> None:
    page, old = room.page, read("Week 1.md", b"# One")
    room.open()
    for content in (b"# Two", b"# Three"):
        choose(page, ("Week 1.md", content))
        page.get_by_role("button", name="Replace it: Week 1").click()
        expect(row(page, "New version")).to_be_visible()
        old = version_of(session, old)
        jobs.index_words(str(old))
        expect(row(page, "Week 1")).not_to_contain_text("New version")
        expect(page.locator("li.cl-file")).to_have_count(1)
    assert room.complaints == []


def test_a_new_version_that_cannot_be_read_says_so_in_the_row(
    room: Room, session: Session, read: Add
) -> None:
    page, old = room.page, read("Week 1.pdf", BOOK)
    room.open()
    choose(page, ("Week 1.pdf", makers.pdf(["x"], encrypted=True)))
    page.get_by_role("button", name="Replace it: Week 1").click()
    expect(row(page, "New version")).to_contain_text("Waiting to be read")
    jobs.index_words(str(version_of(session, old)))
    expect(row(page, "Week 1")).to_contain_text("The new version could not be read.")
    expect(row(page, "Week 1")).to_contain_text("The one before stays in use.")
    heard = "The new version of Week 1 could not be read."
    expect(page.locator("[role=status]").filter(has_text=heard)).to_be_attached()
    page.get_by_role("link", name="Edit Week 1").click()
    page.get_by_role("button", name="Discard it").click()
    expect(page.get_by_text("The new version of “Week 1” was deleted.")).to_be_visible()
    expect(row(page, "Week 1").first).not_to_contain_text("new version")
    expect(page.locator("#files-h")).to_have_text("1 file")
    assert room.complaints == []


def test_a_new_version_comes_by_the_files_own_page(room: Room, read: Add) -> None:
    page = room.page
    read("Week 1.md", b"# One\n\nOld words")
    page.goto(room.address)
    page.get_by_role("link", name="Edit Week 1").click()
    page.wait_for_selector("form[data-then][data-live]")
    page.get_by_label("New version", exact=True).set_input_files(
        {"name": "b.md", "mimeType": "", "buffer": b"# New"}
    )
    page.get_by_role("button", name="Upload the new version").click()
    expect(row(page, "New version")).to_contain_text("Waiting to be read")
    expect(page.locator("li.cl-file")).to_have_count(1)


def test_an_upload_that_failed_stays_with_the_file_whose_new_version_it_is(
    room: Room, read: Add, tmp_path: Path
) -> None:
    page, big = room.page, tmp_path / "big.pdf"
    with big.open("wb") as file:
        file.truncate(31 << 20)
    for number in (1, 2):
        read(f"Week {number}.md", f"# {number}\n\nWords".encode())
    room.open()

    def open_file(name: str) -> None:
        page.get_by_role("link", name=f"Edit {name}").click()
        page.get_by_role("heading", name=name, level=1).wait_for()
        page.wait_for_selector("form[data-then][data-live]")

    open_file("Week 1")
    page.get_by_label("New version", exact=True).set_input_files(big)
    page.get_by_role("button", name="Upload the new version").click()
    expect(row(page, "big.pdf")).to_contain_text("larger than 30 MB")
    page.get_by_role("link", name="Materials", exact=True).last.click()
    expect(row(page, "big.pdf")).to_be_visible()
    open_file("Week 2")
    expect(page.locator("li.cl-file")).to_have_count(0)
    page.get_by_role("link", name="Materials", exact=True).last.click()
    open_file("Week 1")
    expect(row(page, "big.pdf")).to_be_visible()


@pytest.mark.parametrize("way", ["its own page", "the list"])
def test_a_lost_file_is_uploaded_again(room: Room, read: Add, look: Look, way: str) -> None:
    page = room.page
    material_id = read("Week 1.pdf", BOOK)
    lost = look(material_id).storage_path
    storage().delete(lost)
    jobs.verify(0)
    page.goto(room.address)
    expect(row(page, "Week 1")).to_contain_text("The file is missing on the server.")
    if way == "its own page":
        page.get_by_role("link", name="Upload it again").click()
        page.wait_for_selector("form[data-then][data-live]")
        page.get_by_label("New version", exact=True).set_input_files(
            {"name": "Week 1.pdf", "mimeType": "", "buffer": BOOK}
        )
        page.get_by_role("button", name="Upload the new version").click()
    else:
        page.wait_for_selector("[data-upload-drop]:not([hidden])")
        choose(page, ("Week 1.pdf", BOOK))  # nothing is asked: it is the very file
    expect(page.get_by_text("missing on the server")).to_have_count(0)
    expect(page.locator("li.cl-file")).to_have_count(1)
    expect(row(page, "Week 1")).to_contain_text("Searchable")
    assert look(material_id).storage_path != lost
    assert room.complaints == []


def test_a_file_is_renamed_hidden_deleted_and_brought_back(room: Room, read: Add) -> None:
    page = room.page
    read("Week 1.pdf", BOOK)
    page.goto(room.address)
    page.get_by_role("link", name="Edit Week 1").click()
    page.get_by_label("Name").fill("Week one")
    page.get_by_label("Not at all: only teachers see it").check()
    page.get_by_role("button", name="Save").click()
    expect(row(page, "Week one")).to_contain_text("Hidden from students")
    expect(page.get_by_role("link", name="Edit Week one")).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Delete file").click()
    expect(page.locator("#files-h")).to_have_text("No files")
    expect(page.get_by_role("button", name="Undo")).to_be_focused()
    page.keyboard.press("Enter")
    expect(row(page, "Week one")).to_contain_text("Hidden from students")
    assert room.complaints == []


def test_nothing_ticked_is_told_with_the_way_back(room: Room, read: Add) -> None:
    page = room.page
    read("Week 1.md", b"# One")
    page.goto(room.address)
    page.locator("#chosen").get_by_role("button", name="Hide").click()
    expect(page.locator("main")).to_contain_text("No file is chosen.")
    page.get_by_role("link", name="Back to the materials").click()
    expect(row(page, "Week 1")).to_be_visible()


def test_ticks_stay_while_rows_live_and_many_are_deleted_at_once(room: Room, add: Add) -> None:
    page = room.page
    ids = [add(f"Week {number}.md", f"# {number}".encode()) for number in (1, 2, 3)]
    page.goto(room.address)
    for number in (1, 3):
        page.get_by_label(f"Choose Week {number}").check()
    for material_id in ids:
        jobs.index_words(str(material_id))
    expect(row(page, "Week 1")).to_contain_text("Searchable")
    expect(row(page, "Week 3")).to_contain_text("Searchable")
    told = page.locator("[role=status]").filter(has_text="Week")
    expect(told, "nobody hears each step of each row").to_have_count(0)
    expect(page.get_by_label("Choose Week 1")).to_be_checked()
    page.locator("#chosen").get_by_role("button", name="Delete").click()
    expect(page.locator("#files-h")).to_have_text("1 file")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#files-h")).to_have_text("3 files")
    assert room.complaints == []


def test_files_are_put_in_order_by_keyboard(room: Room, read: Add) -> None:
    page = room.page
    for number in (1, 2, 3):
        read(f"Week {number}.md", f"# {number}".encode())
    page.goto(room.address)
    page.get_by_role("link", name="Change the order").click()
    up = page.get_by_role("button", name="Move Week 3 up")
    up.focus()
    for expected in ("2. Week 3", "1. Week 3"):
        page.keyboard.press("Enter")
        expect(page.locator("main li h2").filter(has_text="Week 3")).to_have_text(expected)
        expect(up).to_be_focused()
    assert room.complaints == []


def test_a_source_opens_at_its_page(room: Room, read: Add) -> None:
    material_id = read("Week 1.pdf", BOOK)
    room.page.goto(f"{room.address}{material_id}?page=2&quote=Respiration+frees+energy")
    room.page.wait_for_selector(".cl-reader canvas.cl-page")
    expect(room.page.locator("[data-source-place]")).to_have_text("Page 2 of 2 · PDF")
    room.page.get_by_role("link", name="As text").click()
    expect(room.page.locator(".cl-source-text mark")).to_have_text("Respiration frees energy")
    room.page.get_by_role("link", name="Page 1").click()
    expect(room.page.locator(".cl-source-text")).to_contain_text("Photosynthesis")
    assert room.complaints == []


def test_uploads_work_in_a_session_without_cookies(
    app: Flask, session: Session, course: Course, room: Room
) -> None:
    teacher = enter(app, session, course, CourseRole.TEACHER)
    context = room.page.context.browser.new_context()  # type: ignore[union-attr]
    context.add_init_script(f"sessionStorage.setItem('bearer.{teacher.sid}', '{teacher.secret}')")
    page = context.new_page()
    page.goto(re.sub("/s/[^/]+/", f"/s/{teacher.sid}/", room.address))
    page.wait_for_selector("[data-upload-drop]:not([hidden])")
    choose(page, ("Week 1.pdf", BOOK))
    expect(row(page, "Week 1")).to_contain_text("Waiting to be read", timeout=20_000)
    context.close()


@pytest.mark.parametrize("width", [320, 1280])
def test_the_page_fits_and_axe_finds_nothing(
    room: Room, session: Session, course: Course, add: Add, read: Add, look: Look, width: int
) -> None:
    read("protected.pdf", makers.pdf(["x"], encrypted=True))
    read("scan.pdf", makers.pdf(["Text", ""]))
    jobs.embed_chunks(str(course.course_id))
    jobs.embed_chunks(str(course.course_id))
    read("A_very_long_name_" * 14 + ".txt", b"words")
    read("\u202etxt.exe \u05e9\u05d1\u05d5\u05e2.txt", b"right to left")
    read("logo.png", LOGO)
    add("waiting.txt", b"other words")
    lost = read("Lost.pdf", BOOK)
    storage().delete(look(lost).storage_path)
    jobs.verify(0)
    gone, edited = read("gone.txt", b"gone"), read("Week 7.md", b"# Seven")
    for name in ("Week 5.md", "Week 6.md"):
        older = read(name, name.encode())
        newer = add(name, makers.pdf(["x"], encrypted=True) + name.encode())
        session.get_one(CourseMaterial, newer).replaces_id = older
        session.commit()
    jobs.index_words(str(newer))
    page = room.page
    page.set_viewport_size({"width": width, "height": 640})
    page.route("**/materials/uploads/", lambda _: None)  # never answered
    page.goto(f"{room.address}{gone}/edit")
    page.get_by_role("button", name="Delete file").click()
    page.wait_for_selector("[data-upload-drop]:not([hidden])")
    choose(page, ("Week 7.md", b"# Once more"), ("Week 8.md", b"# Eight"), ("logo.png", LOGO))
    expect(row(page, "Week 8.md")).to_contain_text("Connecting")
    expect(row(page, "This file is here already")).to_be_visible()
    page.locator("summary", has_text="Recently deleted").click()
    check(page, width)
    assert re.search("protected.*waiting.*scan", page.inner_text("main"), re.S)
    for path in (f"{edited}/edit", "order"):
        page.goto(room.address + path)
        check(page, width)


@pytest.mark.parametrize("width", [320, 1280])
def test_a_row_with_a_new_version_goes_and_comes_back_whole(
    room: Room, session: Session, read: Add, add: Add, look: Look, width: int
) -> None:
    """Beside what was replaced, and what came too late."""
    old = read("Sheet.txt", b"One sheet")
    waiting = [add(f"Sheet {number}.txt", str(number).encode()) for number in range(3)]
    for one in waiting:
        session.get_one(CourseMaterial, one).replaces_id = old
    session.commit()
    jobs.index_words(str(waiting[1]))
    page = room.page
    page.set_viewport_size({"width": width, "height": 640})
    page.goto(f"{room.address}{waiting[1]}/edit")
    page.get_by_role("button", name="Delete file").click()
    page.wait_for_selector("[data-upload-drop]:not([hidden])")
    page.locator("summary", has_text="Recently deleted (3)").click()
    gone = page.locator("details li")
    assert [text.split("\n\n")[1:-1] for text in gone.all_inner_texts()] == [
        [],
        ["Another version took its place."],
        ["A new version that never came into use: a later one was read first."],
    ]
    check(page, width)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".cl-version")).to_contain_text("until it is read")
    assert look(waiting[2]).deleted_at is None


@pytest.mark.parametrize("width", [320, 1280])
def test_a_source_fits_and_axe_finds_nothing(room: Room, read: Add, width: int) -> None:
    room.page.set_viewport_size({"width": width, "height": 640})
    code, row = "x = " + "very_long_name + " * 20, "| wide " * 20
    notes = f"# Code\n\nOsmosis moves water.\n\n```\n{code}\n```\n\n{row}|\n{'|-' * 20}|\n{row}|"
    for name, content, shown in (
        ("Notes.md", notes.encode(), ".cl-source-text mark"),
        ("Book.pdf", makers.pdf(["Osmosis moves water."]), ".cl-reader canvas.cl-page"),
    ):
        room.page.goto(f"{room.address}{read(name, content)}?quote=Osmosis+moves+water.")
        room.page.wait_for_selector(shown)
        check(room.page, width)
    assert room.complaints == []


def check(page: Page, width: int) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert violations(page) == []
