"""An evidence card as a value: kept with its question as JSON, so that it reads the same later."""

import enum
from collections.abc import Container, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from app.materials.retrieval.slips import Slip
from app.materials.status import innermost, place_in_words
from models import Coverage


class KeyKind(enum.StrEnum):
    """The plain heading that a key sentence stands under."""

    DEFINITION = "definition"
    EXAMPLE = "example"
    CODE = "code"
    PASSAGE = "passage"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a text stands. `page` is a page, slide or section of the file, from 1."""

    material_id: str
    chunk_id: str
    title: str
    file_type: str
    page: int
    heading: str | None = None

    @property
    def has_pages(self) -> bool:
        """Whether the file's own pages can be shown as pictures."""
        return self.file_type == "pdf"

    @property
    def short(self) -> str:
        """The page alone: "p. 7", "slide 5", or the innermost heading of a text without pages."""
        return place_in_words(self.file_type, self.page, self.heading)

    @property
    def topic(self) -> str | None:
        """The innermost heading."""
        return innermost(self.heading)

    def moved(self, where: Mapping[str, str]) -> "Place":
        """The same place in the material that stands there now; its headings are that one's own."""
        if where[self.material_id] == self.material_id:
            return self
        return replace(self, material_id=where[self.material_id], heading=None)

    @property
    def full(self) -> str:
        """Title and page."""
        return f"{self.title}, {self.short}"


@dataclass(frozen=True, slots=True)
class Key:
    """A key sentence or piece of code. `quote` is what is marked on the page, verbatim.

    `code` is what a sentence that ends with a colon leads to.
    """

    kind: KeyKind
    text: str
    place: Place
    quote: str
    code: str = ""

    @property
    def texts(self) -> tuple[str, ...]:
        """All that it shows or marks."""
        return tuple(text for text in (self.text, self.quote, self.code) if text)


@dataclass(frozen=True, slots=True)
class Piece:
    """A sentence, title or piece of code of an excerpt."""

    kind: str
    text: str
    is_marked: bool


@dataclass(frozen=True, slots=True)
class Practice:
    """A concept that the question is about and that has questions to practise."""

    concept_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Card:
    """What the materials say. Without `lead` nothing is marked, only `nearest` is named."""

    coverage: Coverage
    lead: Place | None = None
    marked: str = ""
    excerpt: tuple[Piece, ...] = ()
    keys: tuple[Key, ...] = ()
    further: tuple[Key, ...] = ()
    nearest: tuple[Place, ...] = ()
    sources: tuple[str, ...] = ()
    """Chunk ids; the first is source 1 of the written answer."""
    practice: Practice | None = None
    slips: tuple[Slip, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON column."""
        return asdict(self)

    @property
    def material_ids(self) -> set[str]:
        """The materials of all places on it."""
        places = [key.place for key in (*self.keys, *self.further)]
        places += [*self.nearest, *([self.lead] if self.lead else [])]
        return {place.material_id for place in places} | {slip.material_id for slip in self.slips}

    @property
    def texts(self) -> set[tuple[Place, str]]:
        """Each text on it with the place that it was taken from."""
        found = {(key.place, text) for key in (*self.keys, *self.further) for text in key.texts}
        if self.lead:
            found |= {
                (self.lead, text) for text in (self.marked, *(it.text for it in self.excerpt))
            }
        return found

    def as_of_now(
        self, where: Mapping[str, str], gone: Container[tuple[Place, str]] = ()
    ) -> "Card":
        """The card without what its reader may not see any more; `where` names for each material
        the one that stands in its place, `gone` those of the `texts` that this one does not hold.
        """
        nearest = tuple(place.moved(where) for place in self.nearest if place.material_id in where)
        slips = tuple(slip for slip in self.slips if slip.material_id in where)
        lead = self.lead
        if not lead or lead.material_id not in where or (lead, self.marked) in gone:
            return Card(
                self.coverage,
                nearest=nearest,
                sources=self.sources,
                practice=self.practice,
                slips=slips,
            )
        return replace(
            self,
            lead=lead.moved(where),
            excerpt=tuple(piece for piece in self.excerpt if (lead, piece.text) not in gone),
            keys=_still_there(self.keys, where, gone),
            further=_still_there(self.further, where, gone),
            nearest=nearest,
            slips=slips,
        )

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Card":
        """The card that `to_json` gave."""
        practice = data.get("practice")
        return cls(
            coverage=Coverage(data["coverage"]),
            lead=Place(**data["lead"]) if data["lead"] else None,
            marked=data["marked"],
            excerpt=tuple(Piece(**piece) for piece in data["excerpt"]),
            keys=tuple(_key(key) for key in data["keys"]),
            further=tuple(_key(key) for key in data["further"]),
            nearest=tuple(Place(**place) for place in data["nearest"]),
            sources=tuple(data["sources"]),
            practice=Practice(**practice) if practice else None,
            slips=tuple(Slip(*slip) for slip in data.get("slips", ())),
        )


def _still_there(
    keys: Iterable[Key], where: Mapping[str, str], gone: Container[tuple[Place, str]]
) -> tuple[Key, ...]:
    return tuple(
        replace(key, place=key.place.moved(where))
        for key in keys
        if key.place.material_id in where
        and not any((key.place, text) in gone for text in key.texts)
    )


def _key(data: dict[str, Any]) -> Key:
    given = {**data, "kind": KeyKind(data["kind"]), "place": Place(**data["place"])}
    return Key(**given)
