"""A course with a text to ask about, people in it, and a model that a test can direct."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app import config
from app.config import Settings
from app.extensions import transaction
from app.materials.indexing import steps
from app.materials.indexing.chunking import chunk_pages
from app.materials.indexing.extraction import Extraction
from app.materials.readers.page import Page
from models import Course, CourseMaterial, CourseRole, FileType, IndexingStatus
from tests import factories
from tests.helpers import Visitor, enter
from tests.llm.fake_endpoint import FakeEndpoint, fake_endpoint

PAGES = (
    "Names and lists\nAn assignment never copies a list. It puts one more name on the list that is "
    "already there, as a second label on one box. After the assignment there are two names and one "
    "list, so a change made through one name is seen through the other.\n"
    ">>> a = [1, 2, 3]\n>>> b = a\n>>> b.append(4)\n>>> print(a)\n[1, 2, 3, 4]",
    "Two names, one list\nBoth arrows end at the same box. For example, append through the second "
    "name changes the list that the first name shows. This is no fault of the language: it saves "
    "time and memory, and functions rely on it when a list is passed to them.",
    "Making a second list\nWhen two lists are wanted, say so. A copy is a new list with the same "
    "items. The method copy makes one, and so does a slice of the whole list. The new list is "
    "shallow: lists inside it are still shared between the copies.",
)
QUESTION = "Why does an assignment never copy a list?"
UNKNOWN = "Who won the football championship yesterday evening?"


@dataclass
class Event:
    name: str
    data: str


def events(text: str) -> list[Event]:
    """The events of a stream; comments are left out."""
    found = []
    for block in text.split("\n\n"):
        lines = [line for line in block.split("\n") if line and not line.startswith(":")]
        if lines:
            name = lines[0].removeprefix("event: ")
            found.append(Event(name, "\n".join(line.removeprefix("data: ") for line in lines[1:])))
    return found


def of(name: str, stream: list[Event]) -> list[str]:
    return [event.data for event in stream if event.name == name]


AddText = Callable[..., CourseMaterial]


@pytest.fixture
def add_text(session: Session) -> AddText:
    """Puts a material with the given pages into a course, findable by words."""

    def add(course: Course, *pages: str, **given: Any) -> CourseMaterial:
        row = factories.material(
            session, course, **{"indexing_status": IndexingStatus.PROCESSING, **given}
        )
        session.commit()
        found = Extraction(
            row.file_type.value,
            len(pages),
            [Page(n, text, heading=text.split("\n")[0]) for n, text in enumerate(pages, start=1)],
        )
        with transaction() as step:
            steps.store_words(step, row.material_id, found, chunk_pages(found.pages))
        return row

    return add


@pytest.fixture
def course(session: Session, add_text: AddText) -> Course:
    """A course of one PDF, "Week 4", of three pages."""
    course = factories.course(session)
    add_text(course, *PAGES, title="Week 4", file_type=FileType.PDF)
    return course


@pytest.fixture
def student(app: Flask, session: Session, course: Course) -> Visitor:
    return enter(app, session, course)


@pytest.fixture
def teacher(app: Flask, session: Session, course: Course) -> Visitor:
    return enter(app, session, course, CourseRole.TEACHER)


@pytest.fixture
def endpoint() -> Iterator[FakeEndpoint]:
    with fake_endpoint() as endpoint:
        yield endpoint


def connect(endpoint: FakeEndpoint, name: str) -> None:
    config.install(replace(config.current(), openai_base_url=endpoint.url, chat_model=name))


@pytest.fixture
def capable(app: Flask, settings: Settings, endpoint: FakeEndpoint) -> Iterator[FakeEndpoint]:
    """A capable chat model is connected."""
    connect(endpoint, "test-model")
    yield endpoint
    config.install(settings)


@pytest.fixture
def tiny(app: Flask, settings: Settings, endpoint: FakeEndpoint) -> Iterator[FakeEndpoint]:
    """A tiny chat model is connected."""
    connect(endpoint, "smollm2-135m-instruct")
    yield endpoint
    config.install(settings)


SSE = {"Accept": "text/event-stream"}


def ask(visitor: Visitor, question: str = QUESTION) -> list[Event]:
    response = visitor.post("tutor/ask", data={"question": question}, headers=SSE)
    assert response.status_code == 200, response.text
    return events(response.text)
