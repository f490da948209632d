"""What teachers and students do, step by step, in the words of the pages they see."""

import re
from pathlib import Path

from playwright.sync_api import BrowserContext, Frame, Locator, Page, expect

from tests.stack import Stack

INDEXED_MS = 240_000
WRITTEN_MS = 120_000
GRADED_MS = 60_000


class Desk:
    """One person's browser at the course page; `problems` are complaints of the console."""

    def __init__(self, context: BrowserContext, stack: Stack, person: str) -> None:
        self.page: Page = context.new_page()
        self.stack = stack
        self.person = person
        self.problems: list[str] = []
        self.page.on("console", self._note)
        self.page.goto(f"{stack.lms}/?as={person}")

    def _note(self, message: object) -> None:
        text = getattr(message, "text", "")
        if "Content Security Policy" in text or "Uncaught" in text:
            self.problems.append(text)

    def open(self, link: str) -> None:
        """Open a link of the course page; its frame shows the tool."""
        self.page.goto(self.stack.lms)
        self.page.get_by_role("link", name=link, exact=True).click()

    @property
    def tool(self) -> Frame:
        """The tool's frame, as it is now."""
        handle = self.page.locator("iframe").element_handle()
        frame = handle.content_frame()
        assert frame is not None
        return frame

    def tab(self, name: str) -> None:
        self.tool.get_by_role("navigation").get_by_role("link", name=name, exact=True).click()
        expect(self.tool.locator(f'nav a[aria-current]:text-is("{name}")')).to_be_visible()

    def close(self) -> None:
        assert self.problems == []
        self.page.close()


def upload(desk: Desk, file: Path) -> Locator:
    """A teacher gives a file; its row once it is found by its words."""
    desk.open("Course tutor")
    desk.tab("Materials")
    desk.tool.get_by_label("Add files").set_input_files(str(file))
    desk.tool.get_by_role("button", name="Upload", exact=True).click()
    title = re.compile(".".join(re.findall(r"\w+", file.stem.replace("_", " "))))
    row = desk.tool.locator(".cl-file").filter(has_text=title)
    expect(row).to_contain_text(re.compile("Searchable|Ready"), timeout=30_000)
    return row


def see_ready(row: Locator) -> None:
    """The file is found by its meaning too."""
    expect(row).to_contain_text("Ready", timeout=INDEXED_MS)


def allow_small_model(desk: Desk, allowed: bool) -> None:
    """The teacher's switch; nothing happens where it stands right."""
    desk.open("Course tutor")
    expect(desk.tool.get_by_label("Your question")).to_be_visible()
    on = desk.tool.get_by_role("button", name="Let the small trial model write answers")
    off = desk.tool.get_by_role("button", name="Show the pages alone again")
    expect(on.or_(off)).to_be_visible()
    if on.is_visible() == allowed:
        (on if allowed else off).click()
        expect(off if allowed else on).to_be_visible()


def ask(desk: Desk, question: str) -> None:
    """Ask and wait for the evidence card."""
    desk.tool.locator("[data-tutor][data-live]").wait_for()  # before, Enter breaks the line
    composer = desk.tool.get_by_label("Your question")
    composer.fill(question)
    composer.press("Enter")
    heading = desk.tool.locator(".cl-turn .cl-question").filter(has_text=question)
    expect(heading).to_be_visible()


def ask_in_tutor(desk: Desk, question: str) -> None:
    """Go to the tutor and ask."""
    desk.tab("Tutor")
    ask(desk, question)


def see_evidence(desk: Desk, *, page: int, words: str) -> None:
    """The card names the page, and shows it with the sentence marked."""
    card = desk.tool.get_by_role("region", name="What the materials say")
    expect(card).to_contain_text("Answered in your materials")
    expect(card.locator(".cl-evidence-head")).to_contain_text(f"p. {page}")
    expect(card).to_contain_text(words)
    see_marker(card.locator("canvas"))


def see_marker(canvas: Locator) -> None:
    """The page is painted, and some of it in the marker's yellow."""
    expect(canvas).to_be_visible()
    share = canvas.evaluate(
        """canvas => {
             const { width, height } = canvas;
             const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
             let yellow = 0;
             for (let i = 0; i < data.length; i += 4)
               if (data[i] > 230 && data[i + 1] > 190 && data[i + 2] < 190) yellow += 4;
             return yellow / data.length;
           }"""
    )
    assert 0.002 < share < 0.5, f"{share:.4f} of the page is marked"


def watch_writing(desk: Desk) -> None:
    """Count from now on the pieces of text that reach the paragraph being written.

    A short answer is there and gone again between two looks at the page.
    """
    desk.tool.evaluate(
        """() => {
             window.piecesWritten = 0;
             const isLive = (node) => node.parentElement?.closest(".cl-live");
             new MutationObserver((records) => {
               for (const { type, target, addedNodes } of records)
                 for (const node of type === "characterData" ? [target] : addedNodes)
                   if (node instanceof Text && isLive(node)) window.piecesWritten += 1;
             }).observe(document.body, { subtree: true, childList: true, characterData: true });
           }"""
    )


def see_answer_written(desk: Desk) -> str:
    """A written answer streamed below the card, piece by piece; its whole text in the end.

    The writing is watched since before the question was asked.
    """
    section = desk.tool.locator(".cl-turn").get_by_role("region", name="Explained from these pages")
    expect(section).to_be_visible(timeout=30_000)
    expect(section).not_to_have_attribute("aria-busy", "true", timeout=WRITTEN_MS)
    expect(section).to_contain_text(re.compile(r"\w"))
    assert desk.tool.evaluate("window.piecesWritten") > 1, "the first words came before the last"
    return section.inner_text()


def open_citation(desk: Desk, *, page: int, words: str) -> None:
    """Open the right page by a link of the written answer, and find the sentence marked there."""
    section = desk.tool.locator(".cl-turn").get_by_role("region", name="Explained from these pages")
    links = section.get_by_role("link", name=re.compile(rf"p\. {page}\b"))
    links.first.press("Enter")
    panel = desk.tool.locator("#source")
    expect(panel).to_contain_text(re.compile(rf"Page {page} of \d+"))
    see_marker(panel.locator("canvas"))
    expect(panel.locator(".cl-textlayer")).to_contain_text(words)


def place_practice(desk: Desk, *, concept: str, title: str, count: int, points: int) -> None:
    """Add a graded practice link to the course page by the content picker."""
    desk.page.goto(desk.stack.lms)
    desk.page.get_by_role("link", name="Add from CourseLLM").click()
    tool = desk.tool
    expect(tool.get_by_role("heading", name="What should the link open?")).to_be_visible()
    tool.get_by_role("radio", name="Practice").check()
    concepts = tool.get_by_role("group", name="Concepts")
    for box in concepts.get_by_role("checkbox").all():
        box.uncheck()
    concepts.get_by_role(
        "checkbox", name=re.compile(f"^{re.escape(concept)} \\d+ question")
    ).check()
    tool.get_by_label("Questions", exact=True).fill(str(count))
    tool.get_by_label("Points", exact=True).fill(str(points))
    tool.get_by_label("Title on the course page").fill(title)
    tool.get_by_role("button", name="Add link").click()
    expect(desk.page.get_by_role("status")).to_contain_text(title)


def answer_questions(desk: Desk, link: str, right_keys: dict[str, str], count: int) -> None:
    """Answer questions of the set, the right option each time."""
    desk.open(link)
    for _ in range(count):
        form = desk.tool.locator("form", has=desk.tool.get_by_role("button", name="Check answer"))
        expect(form).to_be_visible()
        question = form.locator("input[name=question]").get_attribute("value")
        form.locator(f'input[type=radio][value="{right_keys[question or ""]}"]').check()
        form.get_by_role("button", name="Check answer").click()
        expect(desk.tool.get_by_role("heading", name="Right")).to_be_visible()
        desk.tool.get_by_role("link", name="Next question").click()


def see_grade(desk: Desk, *, grade: str) -> None:
    """The score stands in the LMS's own gradebook."""
    desk.page.goto(f"{desk.stack.lms}/gradebook")
    for _ in range(GRADED_MS // 1000):
        if desk.page.locator("table.grades").get_by_text(grade).count():
            return
        desk.page.wait_for_timeout(1000)
        desk.page.reload()
    raise AssertionError(f"{grade!r} is not in the gradebook")
