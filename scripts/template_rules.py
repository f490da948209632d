"""What the content security policy and the design language forbid in templates.

    python -m scripts.template_rules templates

No style attributes or elements, no inline script without a nonce, no event attributes, no
evaluated htmx expressions, no colours: look.css alone holds those.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

COMMENT = re.compile(r"\{#.*?#\}|<!--.*?-->", re.DOTALL)
TAG = re.compile(r"<[a-zA-Z](?:[^<>\"']|\"[^\"]*\"|'[^']*')*>")
ATTRIBUTE = re.compile(r"""([@:\w.-]+)\s*=\s*("[^"]*"|'[^']*')""")
# Attributes whose "#name" is the address of an element.
REFERENCES = re.compile(r"href|xlink:href|src|action|hx-[\w:-]+|data-[\w-]+|aria-[\w-]+|for|id")
HEX_COLOUR = re.compile(r"(?<![&\w])#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})\b", re.IGNORECASE)


def main() -> None:
    """Print every fault with its place; exit status 1 where there is one."""
    files = [file for folder in sys.argv[1:] for file in sorted(Path(folder).rglob("*.html"))]
    faults = [
        f"{file}:{line}: {what}" for file in files for line, what in faults_of(file.read_text())
    ]
    if faults:
        sys.exit("\n".join(faults))


def faults_of(template: str) -> Iterator[tuple[int, str]]:
    """(line, fault) for one template's text."""
    text = COMMENT.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), template)
    for tag in TAG.finditer(text):
        line = text.count("\n", 0, tag.start()) + 1
        for what in (*_element_faults(tag[0]), *_attribute_faults(tag[0])):
            yield line, what


def _element_faults(tag: str) -> Iterator[str]:
    name = re.match(r"<([\w-]+)", tag)
    element = name[1].lower() if name else ""
    if element == "style":
        yield "a <style> element: styles belong to look.css"
    if element == "script" and "src=" not in tag and "nonce=" not in tag and "json" not in tag:
        yield "an inline <script> without a nonce"


def _attribute_faults(tag: str) -> Iterator[str]:
    for name, value in ATTRIBUTE.findall(tag):
        if name == "style":
            yield "a style attribute: use a class of look.css"
        if re.fullmatch(r"on[a-z]+", name) or name.startswith("hx-on"):
            yield f"the event attribute {name}: bind it in frontend/"
        if name.startswith("hx-") and re.match(r"[\"']\s*(?:js|javascript):", value):
            yield f"an evaluated expression in {name}"
        if not REFERENCES.fullmatch(name) and HEX_COLOUR.search(value):
            yield f"a colour in {name}: colours belong to look.css"


if __name__ == "__main__":
    main()
