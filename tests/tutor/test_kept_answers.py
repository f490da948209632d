"""Answers of the past, after their file was hidden, replaced or taken away for good."""

import re
import uuid
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.extensions import transaction
from app.materials.deletion import take_away
from models import Course, CourseMaterial, FileType, now
from tests.helpers import Visitor
from tests.llm.fake_endpoint import FakeEndpoint, Script
from tests.tutor.conftest import PAGES, AddText, ask

ANSWER = ("It stays as it is [1]. ", "Both names show it [2].")
LATER = "The difference between a tuple and a list\nA tuple is never changed by an assignment."
OF_THE_FILE = re.compile("never copies|second label|Both arrows|Week 4|shallow")


@pytest.fixture
def answered(
    session: Session, course: Course, student: Visitor, capable: FakeEndpoint
) -> CourseMaterial:
    """A student was answered from the course's one file."""
    capable.script = Script(pieces=ANSWER)
    ask(student)
    ask(student, "What happens when a list is passed to functions?")
    assert OF_THE_FILE.search(told(student))
    return session.scalars(select(CourseMaterial)).one()


Replace = Callable[..., CourseMaterial]


@pytest.fixture(params=[False, True], ids=["kept", "purged"])
def replace(
    request: pytest.FixtureRequest,
    session: Session,
    course: Course,
    answered: CourseMaterial,
    add_text: AddText,
) -> Replace:
    """`replace(pages)` puts another file in the place of the one that the answers are from, which
    can be brought back or is gone for good."""
    return partial(_replace, session, course, answered, add_text, request.param)


def told(student: Visitor) -> str:
    """The conversation as the page tells it: without what the student asked."""
    return re.sub(r"<h2.*?</h2>", "", student.get("tutor/").text, flags=re.S)


def links(page: str) -> set[str]:
    """The materials that sources of the conversation lead to."""
    return set(re.findall(r'/materials/([0-9a-f-]{36})[^"]*" data-source', page))


@pytest.mark.parametrize(
    "state",
    [{"is_public": False}, {"release_at": now() + timedelta(days=1)}, {"deleted_at": now()}],
)
def test_what_is_hidden_is_hidden_in_old_answers_too(
    session: Session, student: Visitor, answered: CourseMaterial, state: dict[str, Any]
) -> None:
    for column, value in state.items():
        setattr(answered, column, value)
    session.commit()
    page = told(student)
    assert not OF_THE_FILE.search(page)
    assert "not shown any more: a teacher has removed, hidden or changed it." in page
    assert "It stays as it is" in page, "the tutor's own words stay"
    assert "A file, not shown any more" in page
    assert links(page) == {str(uuid.UUID(int=0))}
    gone = student.get(f"materials/{uuid.UUID(int=0)}")
    assert gone.status_code == 404 and "may have removed or hidden it" in gone.text
    assert "not from your materials" not in page


def test_a_replaced_files_citations_lead_to_the_version_in_use(
    session: Session, student: Visitor, replace: Replace
) -> None:
    new = replace()
    page = told(student)
    assert links(page) == {str(new.material_id)}
    assert "An assignment never copies a list." in page
    address = unescape(re.findall(r'href="([^"]*)" data-source', page)[0])
    source = student.get(f"{address}&view=text").text
    assert "Page 1 of 3" in source
    assert re.search("<mark>[^<]*copies a list", source), "the sentence is marked where it stands"


def test_what_the_version_in_use_says_no_more_is_not_shown(
    session: Session, student: Visitor, replace: Replace
) -> None:
    """A teacher replaces a sheet to take a solution out of it."""
    pages = [page.replace("An assignment never copies a list.", "") for page in PAGES]
    assert pages != list(PAGES)
    replace(pages)
    page = told(student)
    assert "never copies" not in page
    assert "not shown any more" in page


def test_they_lead_nowhere_while_the_version_in_use_is_hidden(
    session: Session, student: Visitor, replace: Replace
) -> None:
    new = replace()
    new.is_public = False
    session.commit()
    assert not OF_THE_FILE.search(told(student))


def test_after_a_file_is_gone_for_good_its_answers_say_so(
    session: Session, student: Visitor, answered: CourseMaterial
) -> None:
    _delete(session, answered, is_purged=True)
    assert not OF_THE_FILE.search(told(student))
    assert "not shown any more" in told(student)


def _replace(
    session: Session,
    course: Course,
    old: CourseMaterial,
    add_text: AddText,
    is_purged: bool,
    pages: Sequence[str] = PAGES,
    file_type: FileType = FileType.PDF,
) -> CourseMaterial:
    new = add_text(
        course,
        *pages,
        title="Week 4",
        file_type=file_type,
        replaces_id=old.material_id,
    )
    _delete(session, old, is_purged=is_purged)
    return new


def _delete(session: Session, material: CourseMaterial, *, is_purged: bool) -> None:
    material.deleted_at = now()
    session.commit()
    if not is_purged:
        return
    with transaction() as step:
        assert take_away(step, now() + timedelta(seconds=1)) == 1
    session.expire_all()


@pytest.mark.parametrize(
    "state",
    [{"is_public": False}, {"deleted_at": now()}, {"release_at": now() + timedelta(days=1)}],
)
def test_a_source_that_is_gone_is_told_where_an_answer_names_none(
    session: Session,
    course: Course,
    student: Visitor,
    capable: FakeEndpoint,
    add_text: AddText,
    state: dict[str, Any],
) -> None:
    later = add_text(course, LATER, title="Quagga tuples", file_type=FileType.PDF)
    capable.script = Script(pieces=("It stays as it is.",))
    ask(student)
    assert "Quagga tuples" in told(student) and "available any more" not in told(student)
    _set(session, later, state)
    page = " ".join(told(student).split())
    assert "It was written from" in page and "Week 4, p. 1" in page
    assert "One more source is not available any more." in page
    assert "Quagga" not in page
    for one in session.scalars(select(CourseMaterial)):
        _set(session, one, state)
    page = " ".join(told(student).split())
    assert "It names no sources. What it was written from is not available any more." in page


def test_a_card_of_markdown_is_kept_where_the_version_in_use_says_it_still(
    session: Session, course: Course, student: Visitor, add_text: AddText
) -> None:
    text = "# Tuples\n\nA **zubrowka** tuple is `never`\nchanged by *any* assignment at all."
    old = add_text(course, text, title="Tuples", file_type=FileType.MD)
    ask(student, "What is a zubrowka tuple?")
    _replace(session, course, old, add_text, False, [text + "\n\nMore."])
    assert "A zubrowka tuple is never changed by any assignment at all." in told(student)


RICH = (
    "# Tuples\n\nA **zubrowka** tuple, says [the guide](https://example.org/a_b?x=1&y=2), is never "
    "changed.\nThe zubrowka tuple &amp; its kin stay &#8220;as they are&#8221; when ![a "
    "picture](tuple.png) is drawn of them all.\n"
)


def test_links_pictures_and_entities_of_markdown_are_kept_as_they_read(
    session: Session, course: Course, student: Visitor, add_text: AddText
) -> None:
    old = add_text(course, RICH, title="Tuples", file_type=FileType.MD)
    ask(student, "What is a zubrowka tuple?")
    before = told(student)
    first = "A zubrowka tuple, says the guide, is never changed."
    second = (
        "The zubrowka tuple &amp; its kin stay “as they are” when a picture is drawn of them all."
    )
    assert first in before and second in before
    _replace(session, course, old, add_text, False, [RICH + "\n\nMore."], FileType.MD)
    after = told(student)
    for said in (first, second):
        assert after.count(said) == before.count(said)
    assert "not shown any more" not in after


def test_a_sentence_of_markdown_with_a_link_that_is_there_no_more_is_not_shown(
    session: Session, course: Course, student: Visitor, add_text: AddText
) -> None:
    old = add_text(course, RICH, title="Tuples", file_type=FileType.MD)
    ask(student, "What is a zubrowka tuple?")
    assert "says the guide" in told(student)
    pages = [RICH.replace("is never changed", "may be changed"), "The guide says more of a tuple."]
    _replace(session, course, old, add_text, False, pages, FileType.MD)
    assert "says the guide" not in told(student)


def _set(session: Session, material: CourseMaterial, state: dict[str, Any]) -> None:
    for column, value in state.items():
        setattr(material, column, value)
    session.commit()
