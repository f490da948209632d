"""Asks a course's materials: a question is embedded by the course's own model, then searched."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from app.extensions import transaction
from app.llm.client import embed_question
from app.llm.profiles import EmbeddingProfile, embedding_profile_of
from app.materials.search import SearchResult, search


@contextmanager
def searched(
    course_id: uuid.UUID,
    question: str,
    model: EmbeddingProfile,
    *,
    see_hidden: bool,
    limit: int = 8,
) -> Iterator[tuple[Session, SearchResult]]:
    """What the course says to `question`, and the transaction in which that was found, to go on in.

    `model` is the course's (`embedding_of`). Where the course has moved to another one in this very
    moment, the question is embedded anew by that one, once. No transaction is open meanwhile.
    """
    for is_last in (False, True):
        vector = embed_question(question, model)
        with transaction() as session:
            found = search(
                session,
                course_id,
                question,
                question_vector=vector,
                question_model=model.name,
                see_hidden=see_hidden,
                limit=limit,
            )
            if is_last or found.model == model.name:
                yield session, found
                return
        model = embedding_profile_of(found.model)
