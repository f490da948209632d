"""Reads a web page as Markdown: its own text, without scripts, styles, menus and frames."""

from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup
from markdownify import MarkdownConverter

from .cleaning import clean, one_line
from .page import Source
from .plain import markdown_blocks
from .sections import pages_of

# What stands around the text, or is not for reading.
_FURNITURE = (
    "script, style, noscript, template, nav, footer, aside, form, iframe, object, embed, svg, "
    "button, dialog, [hidden], [aria-hidden=true], [role=navigation], [role=banner], "
    "[role=search], [role=contentinfo], .katex-html, .MathJax, .headerlink, .anchor-link"
)
_WHOLE = "main, [role=main], article"


def read(path: Path) -> Source:
    """The page's main part where it says which that is, else all of it."""
    page = BeautifulSoup(path.read_bytes(), "lxml")
    title = one_line(page.title.get_text()) if page.title else None
    _keep_formulas(page)
    for element in page.select(_FURNITURE):
        element.decompose()
    for picture in page.find_all("img"):
        picture.replace_with(str(picture.get("alt") or ""))
    found = page.select(_WHOLE)
    whole = (
        found[0] if len(found) == 1 or (found and found[0].name == "main") else page.body or page
    )
    return Source(None, pages_of(markdown_blocks(clean(_markdown(whole)))), title)


def _markdown(element: Any) -> str:
    # Nothing is escaped: names_like_this and formulas stand as they are written.
    converter = MarkdownConverter(
        heading_style="ATX",
        bullets="-",
        strip=["a"],
        escape_asterisks=False,
        escape_underscores=False,
        code_language_callback=_language,
    )
    return str(converter.convert_soup(element))


def _language(block: Any) -> str:
    """The language that a highlighter named in a class: "language-python", "highlight-c"."""
    for element in (block, block.find("code"), block.parent):
        for name in (element.get("class") or []) if element else []:
            kind, _, language = name.partition("-")
            if kind in ("language", "lang", "highlight") and language.isalnum():
                return str(language)
    return ""


def _keep_formulas(page: BeautifulSoup) -> None:
    """MathML and MathJax carry the TeX that they were made from: that is what stays."""
    for script in page.select('script[type^="math/tex"]'):
        sign = "$$" if "display" in str(script.get("type")) else "$"
        script.replace_with(f"{sign}{script.get_text().strip()}{sign}")
    for formula in page.find_all("math"):
        source = formula.find("annotation", {"encoding": "application/x-tex"})
        tex = source.get_text().strip() if source else str(formula.get("alttext") or "")
        if tex:
            sign = "$$" if formula.get("display") == "block" else "$"
            formula.replace_with(f"{sign}{tex}{sign}")
