"""Reads imsmanifest.xml: which files of a package are course material, called what, in which order.

IMS Content Packaging 1.1.4 and Common Cartridge 1.0 to 1.4, whose elements differ in their
namespaces alone. The Thin Common Cartridge has no files.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from lxml import etree

from .page import Unreadable

NAME = "imsmanifest.xml"
LARGEST = 20_000_000
_BASE = "{http://www.w3.org/XML/1998/namespace}base"
_FILE_TYPES = ("webcontent", "associatedcontent")
UNREADABLE = (
    "The list of contents in the package (imsmanifest.xml) cannot be read. Export the course "
    "again, or upload its files in a ZIP of your own."
)


@dataclass(frozen=True, slots=True)
class Item:
    """A file of the package by its path, and the title that the course gives it."""

    path: str
    title: str | None


@dataclass(frozen=True, slots=True)
class Manifest:
    """The files in the course's order, those that it does not name last; `activities` counts
    quizzes, discussions, links and other things that are no files."""

    items: list[Item]
    activities: int


def read(content: bytes) -> Manifest:
    """Raises `Unreadable`, also for whatever declares entities."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Unreadable(UNREADABLE) from error
    if root.getroottree().docinfo.doctype:
        raise Unreadable(UNREADABLE)
    resources = {one.get("identifier", ""): one for one in _under(root, "resource")}
    files = {key: _paths(one) for key, one in resources.items() if _holds_files(one)}
    named = [Item(files[key][0], title) for key, title in _items(root) if files.get(key)]
    others = [Item(path, None) for paths in files.values() for path in paths]
    return Manifest(list(_once([*named, *others])), len(resources) - len(files))


def _items(root: etree._Element) -> Iterator[tuple[str, str | None]]:
    """Resources as the course's outline names them, with their titles, in its order."""
    for organization in _under(root, "organization"):
        for item in _under(organization, "item"):
            if reference := item.get("identifierref"):
                title = next((_text(one) for one in item if _name(one) == "title"), "")
                yield reference, title or None


def _once(items: list[Item]) -> Iterator[Item]:
    seen: set[str] = set()
    for item in items:
        if item.path not in seen:
            seen.add(item.path)
            yield item


def _holds_files(resource: etree._Element) -> bool:
    kind: str = resource.get("type", "")
    return kind.lower().startswith(_FILE_TYPES)


def _paths(resource: etree._Element) -> list[str]:
    """The resource's own file first, then what belongs to it."""
    base = _base(resource)
    hrefs = [resource.get("href"), *(one.get("href") for one in _under(resource, "file"))]
    return list(dict.fromkeys(base + unquote(href) for href in hrefs if href))


def _base(resource: etree._Element) -> str:
    around = [one.get(_BASE, "") for one in resource.iterancestors()]
    return unquote("".join([*reversed(around), resource.get(_BASE, "")]))


def _under(element: etree._Element, name: str) -> Iterator[etree._Element]:
    return (one for one in element.iter(etree.Element) if _name(one) == name)


def _name(element: etree._Element) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _text(element: etree._Element) -> str:
    """A title may stand in a `langstring` or `string` of its own."""
    return " ".join("".join(element.itertext()).split())
