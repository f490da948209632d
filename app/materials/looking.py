"""A person looks something up in the materials: the same search as the tutor's, as a list."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import limits
from app.errors import DomainError
from app.extensions import transaction
from app.materials.questions import searched
from app.materials.retrieval.passages import Passage
from app.materials.retrieval.scope import embedding_of
from app.materials.retrieval.slips import Slip
from app.materials.status import place_in_words
from app.materials.visibility import visible
from models import CourseMaterial, Coverage

LONGEST = 300
MOST_HITS = 10
MOST_SEARCHES = 60
WITHIN = timedelta(minutes=10)


class TooManySearches(DomainError):
    status = 429
    sentence = "These are many searches in a short time. Please wait a few minutes."


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage, the page on which its snippet stands, and other files that say the same."""

    passage: Passage
    page: int
    place: str
    twins: tuple["Hit", ...] = ()

    @property
    def path(self) -> Sequence[str]:
        """The headings that it stands under, the outermost first."""
        return self.passage.heading.split(" › ") if self.passage.heading else ()


@dataclass(frozen=True, slots=True)
class Found:
    """What was looked for, as it was read, and what there is."""

    text: str
    coverage: Coverage
    hits: tuple[Hit, ...]
    slips: tuple[Slip, ...]


def look_up(course_id: uuid.UUID, user_id: uuid.UUID, text: str, *, see_hidden: bool) -> Found:
    """The passages for what a person typed. No transaction is open while the model works; without
    its vector words alone search. Raises `TooManySearches`.
    """
    text = " ".join(text.replace("\x00", "").split())[:LONGEST]
    with transaction() as session:
        key = f"look up {course_id} {user_id}"
        if not limits.take(session, key, most=MOST_SEARCHES, window=WITHIN):
            raise TooManySearches(reason=f"over {MOST_SEARCHES} within {WITHIN}")
        model = embedding_of(session, course_id)
    with searched(course_id, text, model, see_hidden=see_hidden, limit=MOST_HITS) as (_, found):
        hits = tuple(_hit(passage) for passage in found.passages)
        return Found(text, found.coverage, hits, found.slips)


def anything_to_search(session: Session, course_id: uuid.UUID, *, see_hidden: bool) -> bool:
    """Whether there is a file whose text this person may search."""
    query = select(CourseMaterial.material_id).where(
        CourseMaterial.course_id == course_id,
        CourseMaterial.chunk_count > 0,
        visible(see_hidden),
    )
    return session.scalar(query.limit(1)) is not None


def _hit(passage: Passage) -> Hit:
    page = passage.page_at(passage.snippet.offset)
    place = place_in_words(passage.file_type, page, passage.heading)
    return Hit(passage, page, place, tuple(_hit(twin) for twin in passage.twins))
