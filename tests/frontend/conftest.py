"""A real browser before a stand-in of the tool that serves the real templates and bundle."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.frontend.site import ROOT, Serving, Site, create_site

AXE = ROOT / "node_modules/axe-core/axe.min.js"


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The system's Chromium, else Playwright's own."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox"] if os.geteuid() == 0 else []
        )
        yield browser
        browser.close()


@pytest.fixture
def site() -> Site:
    return create_site()


@pytest.fixture
def serving(site: Site) -> Iterator[Serving]:
    serving = Serving(site)
    yield serving
    serving.stop()


@dataclass
class Visit:
    """A page, and everything that went wrong on it."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str, *, ready: str = "body") -> Page:
        self.page.goto(self.url + path)
        self.page.wait_for_selector(ready)
        return self.page

    def violations(self) -> list[str]:
        """What axe finds, a line each; every fold opened."""
        self.page.evaluate(
            "document.querySelectorAll('details').forEach(fold => { fold.open = true; })"
        )
        self.page.evaluate(AXE.read_text())
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{rule['id']}: {node['html'][:150]} {node['failureSummary']}"
            for rule in found["violations"]
            for node in rule["nodes"]
        ]


Opening = Callable[..., Visit]


@pytest.fixture
def visit(browser: Browser, serving: Serving) -> Iterator[Opening]:
    """`visit(path="/enter", width=1200, …)` opens a page; the console's complaints are kept."""
    contexts: list[BrowserContext] = []

    def opened(
        path: str = "/enter",
        *,
        width: int = 1200,
        height: int = 800,
        ready: str = "body",
        without: str = "",
        scheme: str = "light",
        script: bool = True,
    ) -> Visit:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,  # type: ignore[arg-type]
            java_script_enabled=script,
            accept_downloads=True,
        )
        contexts.append(context)
        context.set_default_timeout(10_000)
        context.add_init_script(_blocked(without))
        visit = Visit(context.new_page(), serving.url)
        visit.page.on(
            "console", lambda m: visit.complaints.append(m.text) if m.type == "error" else None
        )
        visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
        visit.go(path, ready=ready)
        return visit

    yield opened
    for context in contexts:
        context.close()


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
