"""What is brought along of another course's concepts, and what that costs."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from uuid import UUID

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session, aliased

from app.activities.copying import take_over_bank
from app.activities.repair import take_over_all
from app.extensions import db
from models import (
    Activity,
    ActivityKind,
    Concept,
    ConceptDependency,
    Course,
    DependencyStrength,
    PracticeQuestion,
)
from tests import factories


@dataclass
class Two:
    """A course and the one that is copied from it."""

    session: Session
    old: Course
    new: Course
    teacher: UUID

    def concepts(self, *names: str, course: Course | None = None) -> list[Concept]:
        """Each with a question, in the old course unless another is given."""
        course = course or self.old
        found = [factories.concept(self.session, course, name=name) for name in names]
        for concept in found:
            factories.question(
                self.session, concept, question_text=f"{concept.name}?", created_by=self.teacher
            )
        return found

    def edge(self, before: Concept, after: Concept, strength: str = "required") -> None:
        self.session.add(
            ConceptDependency(
                prerequisite_concept_id=before.concept_id,
                dependent_concept_id=after.concept_id,
                dependency_strength=DependencyStrength(strength),
            )
        )
        self.session.flush()

    def bring(self) -> None:
        take_over_bank(self.session, self.new.course_id, self.teacher, self.old.course_id)

    def edges(self) -> set[tuple[str, str, str]]:
        """Of the new course, by names."""
        before, after = aliased(Concept), aliased(Concept)
        found = self.session.execute(
            select(before.name, after.name, ConceptDependency.dependency_strength)
            .join(before, before.concept_id == ConceptDependency.prerequisite_concept_id)
            .join(after, after.concept_id == ConceptDependency.dependent_concept_id)
            .where(before.course_id == self.new.course_id, after.course_id == self.new.course_id)
        )
        return {(one, other, strength.value) for one, other, strength in found}

    def practice(self, concept: Concept) -> None:
        """A link of the old course that is about it."""
        self.session.add(
            Activity(
                course_id=self.old.course_id,
                kind=ActivityKind.PRACTICE,
                title=concept.name,
                question_count=1,
                concepts=[concept],
                created_by=self.teacher,
            )
        )
        self.session.flush()


@pytest.fixture
def two(session: Session) -> Two:
    old, new = factories.course(session), factories.course(session)
    return Two(session, old, new, factories.user(session).user_id)


@pytest.fixture
def statements(app: object) -> Iterator[list[str]]:
    sent: list[str] = []

    def note(*args: object) -> None:
        sent.append(str(args[2]))

    event.listen(db.engine, "before_cursor_execute", note)
    yield sent
    event.remove(db.engine, "before_cursor_execute", note)


def test_150_concepts_take_as_many_statements_as_two(two: Two, statements: list[str]) -> None:
    """The course's row is locked meanwhile."""

    def taken() -> int:
        two.session.expire_all()
        statements.clear()
        two.bring()
        two.session.flush()
        return len(statements)

    one, other = two.concepts("A", "B")
    two.edge(one, other)
    few = taken()
    assert few <= 15, "\n".join(statements)
    two.new = factories.course(two.session)
    many = two.concepts(*(f"Concept {number}" for number in range(148)))
    for before, after in pairwise(many):
        two.edge(before, after)
    assert taken() <= few, "\n".join(statements)
    course = two.new.course_id
    for kind, count in ((Concept, 150), (PracticeQuestion, 150)):
        rows = two.session.scalars(select(kind).where(kind.course_id == course)).all()
        assert len(rows) == count
    assert len(two.edges()) == 148
    assert taken() <= few, "brought twice"


def test_what_comes_before_what_comes_along(two: Two) -> None:
    variables, loops, recursion = two.concepts("Variables", "Loops", "Recursion")
    two.edge(variables, loops)
    two.edge(loops, recursion, "recommended")
    for _ in range(2):
        two.bring()
        assert two.edges() == {
            ("Variables", "Loops", "required"),
            ("Loops", "Recursion", "recommended"),
        }


def test_links_bring_what_stands_between_their_concepts(two: Two) -> None:
    variables, loops, recursion = two.concepts("Variables", "Loops", "Recursion")
    two.edge(variables, loops)
    two.edge(loops, recursion)
    two.practice(variables)
    two.practice(loops)
    take_over_all(two.session, two.new.course_id, two.teacher, two.old.course_id, {})
    assert two.edges() == {("Variables", "Loops", "required")}, "recursion stayed behind"


def test_no_circle_comes_of_what_the_course_says_already(two: Two) -> None:
    variables, loops, lists = two.concepts("Variables", "Loops", "Lists")
    two.edge(variables, loops)
    two.edge(loops, lists)
    own_lists, own_variables = two.concepts("LISTS", "variables", course=two.new)
    two.edge(own_lists, own_variables, "optional")
    two.bring()
    assert two.edges() == {
        ("LISTS", "variables", "optional"),
        ("variables", "Loops", "required"),
    }


def test_what_a_third_course_says_stays_there(two: Two) -> None:
    loops, lists = two.concepts("Loops", "Lists")
    third = factories.course(two.session)
    theirs = two.concepts("Loops", "Lists", course=third)
    two.edge(theirs[0], theirs[1])
    two.edge(theirs[0], lists)
    two.bring()
    assert two.edges() == set()
    assert loops.course_id == two.old.course_id


def test_a_name_that_the_course_has_is_not_made_again(two: Two) -> None:
    two.concepts("For Loops", "Lists")
    two.concepts("for loops", course=two.new)
    two.bring()
    course = two.new.course_id
    names = two.session.scalars(select(Concept.name).where(Concept.course_id == course))
    assert sorted(names) == ["Lists", "for loops"]
    texts = two.session.scalars(
        select(PracticeQuestion.question_text).where(PracticeQuestion.course_id == course)
    )
    assert sorted(texts) == ["For Loops?", "Lists?", "for loops?"]
