"""What one search looks into: the materials of the course that the asker may find, and the model
whose vectors are compared."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.llm.profiles import EmbeddingProfile, embedding_profile, embedding_profile_of
from app.materials.visibility import FINDABLE, parameters
from models import Course


@dataclass(frozen=True, slots=True)
class Scope:
    """Materials in the order of their ids, the configurations that made their terms, how many of
    their chunks have a vector. Hits name a material by its number there, from 0. `chunks` and
    `usual_length` are those of all of them."""

    course_id: uuid.UUID
    model: str
    materials: Sequence[uuid.UUID]
    configs: Sequence[str]
    embedded: Sequence[int]
    chunks: int
    usual_length: float


# Statements with lists of any length would be planned anew for each search, a fifth of a small
# course's time: until this transaction ends, the plan that is kept is taken.
_SCOPE = text(
    f"""
    select material_id, course_materials.search_config, embedded_count, chunk_count, term_total,
           embedding_model
    from courses left join course_materials
           on course_materials.course_id = courses.course_id and {FINDABLE},
         (select set_config('plan_cache_mode', 'force_generic_plan', true)) as planned_once
    where courses.course_id = :course_id
    order by material_id
    """  # noqa: S608  (what goes in is ours)
)


def embedding_of(session: Session, course_id: uuid.UUID) -> EmbeddingProfile:
    """The model by which questions in this course are embedded: that of its vectors."""
    name = session.scalar(select(Course.embedding_model).where(Course.course_id == course_id))
    return embedding_profile_of(name) if name else embedding_profile()


def scope_of(session: Session, course_id: uuid.UUID, *, see_hidden: bool) -> Scope:
    """What a search by this person looks into at this moment."""
    rows = session.execute(_SCOPE, {"course_id": course_id, **parameters(see_hidden)}).all()
    model = rows[0].embedding_model if rows else None
    rows = [row for row in rows if row.material_id]  # a course without any is one row all the same
    ids, configs, embedded, chunks, terms, _ = zip(*rows, strict=True) if rows else [()] * 6
    return Scope(
        course_id,
        model or embedding_profile().name,
        list(ids),
        list(configs),
        list(embedded),
        sum(chunks),
        max(sum(terms) / max(sum(chunks), 1), 1.0),
    )
