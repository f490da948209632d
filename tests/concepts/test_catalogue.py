"""The list of a course's concepts."""

import uuid

import pytest
from sqlalchemy.orm import Session

from app.concepts.catalogue import (
    ConceptRefused,
    create_concept,
    get_concept,
    list_concepts,
    match_concept,
)
from app.errors import NotFound
from tests import factories


def test_concepts_are_listed_by_name_in_their_course_alone(session: Session) -> None:
    course, other = factories.course(session), factories.course(session)
    for name in ("while loops", "Lists", "For loops"):
        create_concept(session, course.course_id, name=name)
    create_concept(session, other.course_id, name="Lists")

    names = [concept.name for concept in list_concepts(session, course.course_id)]
    assert names == ["For loops", "Lists", "while loops"]


def test_a_name_is_tidied_and_unique_whatever_its_case(session: Session) -> None:
    course = factories.course(session)
    assert create_concept(session, course.course_id, name="  For   loops ").name == "For loops"
    with pytest.raises(ConceptRefused, match="already has a concept called “for loops”"):
        create_concept(session, course.course_id, name="for loops")


@pytest.mark.parametrize(("name", "sentence"), [(" ", "Give the"), ("x" * 201, "at most 200")])
def test_a_name_that_cannot_be_is_refused(session: Session, name: str, sentence: str) -> None:
    with pytest.raises(ConceptRefused, match=sentence):
        create_concept(session, factories.course(session).course_id, name=name)


def test_a_concept_of_another_course_does_not_exist(session: Session) -> None:
    course, other = factories.course(session), factories.course(session)
    concept = factories.concept(session, other)
    with pytest.raises(NotFound):
        get_concept(session, course.course_id, concept.concept_id)
    with pytest.raises(NotFound):
        get_concept(session, other.course_id, uuid.uuid4())
    assert get_concept(session, other.course_id, concept.concept_id) is concept


def test_a_text_finds_its_concept_by_name_or_keyword(session: Session) -> None:
    course = factories.course(session)
    loops = create_concept(
        session, course.course_id, name="For loops", keywords=["range", " ", "iteration"]
    )
    create_concept(session, course.course_id, name="Lists")
    assert loops.keywords == ["range", "iteration"]
    assert match_concept(session, course.course_id, "What does range(3) give?") is loops
    assert match_concept(session, course.course_id, "Who wrote this book?") is None
