"""What was kept of a material, a card's sentence or a quotation: does the material still say it?"""

import re
import uuid
from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import and_, or_, select, text
from sqlalchemy.orm import Session

from app.materials.retrieval.passages import MARKED_UP
from app.materials.retrieval.plain import plain
from app.materials.retrieval.sentences import split
from models import CourseMaterial, MaterialChunk

Kept = tuple[uuid.UUID, str]
"""A material, and a text that was taken from it."""

TELLING = 3
"""So many of a text's longest words: a passage without one of them is not looked at."""

_MARKS = r"[\s*_`~#|>·\\]+"
_WITHOUT = text(
    r"""
    with held as materialized (
        select material_id, regexp_replace(content, :marks, '', 'g') as content
        from material_chunks where material_id = any(cast(:materials as uuid[]))
    )
    select number
    from unnest(cast(:materials as uuid[]), cast(:texts as text[]))
         with ordinality as asked (material_id, its_text, number)
    where not exists (
        select from held
        where held.material_id = asked.material_id
          and strpos(held.content, regexp_replace(asked.its_text, :marks, '', 'g')) > 0
    )
    """
)
_WORD = re.compile(r"[A-Za-z]{3,}")


def without(session: Session, texts: Collection[Kept]) -> set[Kept]:
    """Those of the texts, each with a material, that the material does not hold, neither as it is
    written nor, where that is Markdown, as it reads: without marks, addresses of links and
    entities. Spaces do not count, since lines may break elsewhere."""
    if not texts:
        return set()
    asked = list(texts)
    rows = session.scalars(
        _WITHOUT,
        {
            "materials": [one for one, _ in asked],
            "texts": [it for _, it in asked],
            "marks": _MARKS,
        },
    )
    missing = {asked[number - 1] for number in rows}
    return missing - _read_in(session, missing)


def _read_in(session: Session, texts: Collection[Kept]) -> set[Kept]:
    """Those of the texts that a reader of the material's Markdown sees. They are few: parsing
    Markdown takes time, so this is asked only about what does not stand there letter by letter."""
    by_material: dict[uuid.UUID, list[str]] = {}
    for material_id, it in texts:
        by_material.setdefault(material_id, []).append(it)
    found = set[Kept]()
    for material_id, passages in _passages(session, by_material).items():
        read = [_bare("".join(_as_it_reads(content))) for content in passages]
        for it in by_material[material_id]:
            if any(_bare(it) in one for one in read):
                found.add((material_id, it))
    return found


def _passages(
    session: Session, texts: Mapping[uuid.UUID, Collection[str]]
) -> dict[uuid.UUID, list[str]]:
    """The passages of Markdown that hold the telling words of a text asked of their material."""
    chunk = MaterialChunk
    likely = [
        and_(chunk.material_id == material_id, *map(chunk.content.contains, _telling(it)))
        for material_id, its in texts.items()
        for it in its
    ]
    if not likely:
        return {}
    rows = session.execute(
        select(chunk.material_id, chunk.content)
        .join(CourseMaterial, CourseMaterial.material_id == chunk.material_id)
        .where(CourseMaterial.file_type.in_(MARKED_UP), or_(*likely))
    )
    found: dict[uuid.UUID, list[str]] = {}
    for material_id, content in rows:
        found.setdefault(material_id, []).append(content)
    return found


def _telling(it: str) -> list[str]:
    return sorted(_WORD.findall(it), key=len, reverse=True)[:TELLING]


def _as_it_reads(content: str) -> Iterable[str]:
    for unit in split(content, is_wrapped=True):
        yield unit.text if unit.kind == "code" else plain(unit.text, is_markdown=True)


def _bare(it: str) -> str:
    return re.sub(_MARKS, "", it)
