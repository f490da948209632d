"""A real browser before a stand-in of the tool that serves the real templates and bundle."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import urljoin

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browsers import admit, chromium, serving, violations
from tests.frontend.site import Serving, Site, create_site
from tests.helpers import Visitor


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One for this folder, not for the whole run."""
    with chromium("--process-per-site") as browser:
        yield browser


@pytest.fixture(scope="package")
def contexts(browser: Browser, serving: Serving) -> dict[bool, BrowserContext]:
    """A profile with script and one without.

    The page that stays open in each keeps the site's process: a new one for every test takes more
    time than the test itself.
    """
    contexts = {script: browser.new_context(java_script_enabled=script) for script in (True, False)}
    for context in contexts.values():
        context.set_default_timeout(20_000)
        context.new_page().goto(serving.url + "/lms")
    return contexts


@pytest.fixture(scope="package", name="serving")
def serving_stand_in() -> Iterator[Serving]:
    serving = Serving(create_site())
    yield serving
    serving.stop()


@pytest.fixture(autouse=True)
def site(serving: Serving) -> Site:
    """The stand-in, as new."""
    serving.site.reset()
    return serving.site


@dataclass
class Visit:
    """A page, and everything that went wrong on it."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str, *, ready: str = "body") -> Page:
        self.page.goto(urljoin(self.url, path))
        self.page.wait_for_selector(ready)
        return self.page

    def violations(self) -> list[str]:
        """What axe finds in the light and, of colours, in the dark, a line each; folds opened."""
        self.page.evaluate(
            "document.querySelectorAll('details').forEach(fold => { fold.open = true; })"
        )
        light = violations(self.page)
        self.page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        return light + violations(self.page, runOnly=["color-contrast", "link-in-text-block"])


Opening = Callable[..., Visit]


@pytest.fixture
def visit(contexts: dict[bool, BrowserContext], serving: Serving) -> Iterator[Opening]:
    """`visit(path="/enter", width=1200, …)` opens a page; the console's complaints are kept.

    The path is the stand-in's; a whole address may be the tool's own.
    """
    pages: list[Page] = []

    def opened(
        path: str = "/enter",
        *,
        width: int = 1200,
        height: int = 800,
        ready: str = "body",
        without: str = "",
        script: bool = True,
    ) -> Visit:
        page = contexts[script].new_page()
        pages.append(page)
        page.set_viewport_size({"width": width, "height": height})
        page.add_init_script(_blocked(without))
        visit = Visit(page, serving.url)
        page.on("console", lambda m: visit.complaints.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: visit.complaints.append(str(error)))
        visit.go(path, ready=ready)
        return visit

    yield opened
    for context in {page.context for page in pages}:
        _empty(context)


def _empty(context: BrowserContext) -> None:
    """Close all pages but the first, forget cookies and what the pages stored."""
    first, *others = context.pages
    origins = {frame.evaluate("origin") for page in others for frame in page.frames} - {"null"}
    session = context.new_cdp_session(first)
    for page in others:
        page.close()
    for origin in origins:
        session.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})
    session.detach()
    context.clear_cookies()
    context.set_offline(False)


@pytest.fixture
def tool(app: Flask) -> Iterator[str]:
    """The tool itself behind a real socket: its address."""
    with serving(app) as address:
        yield address


@pytest.fixture
def let_in(contexts: dict[bool, BrowserContext]) -> Callable[[Visitor], None]:
    """`let_in(visitor)` gives the browser the cookie of a session."""

    return partial(admit, contexts[True])


def _blocked(without: str) -> str:
    """Script that makes storages throw, as browsers do that block them."""
    code = []
    for name in ("sessionStorage", "localStorage"):
        if name in without:
            code.append(
                f"Object.defineProperty(window, '{name}', "
                "{get() { throw new DOMException('blocked', 'SecurityError'); }});"
            )
    if "cookies" in without:
        code.append("Object.defineProperty(document, 'cookie', {get: () => '', set() {}});")
    return "\n".join(code)
