"""`flask materials reindex`: a course moves to another embedding model while it is asked.

Questions and passages here share no word: only a vector of the right model leads to the page.
"""

import re
import signal
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app import config
from app.admin.views.record import ACTIONS
from app.config import Settings
from app.extensions import transaction
from app.llm.profiles import EmbeddingProfile
from app.materials import deletion, jobs, questions
from app.materials.indexing import moving
from models import (
    AuditEvent,
    ChunkVector,
    Course,
    CourseMaterial,
    CourseRole,
    IndexingStatus,
    MaterialChunk,
    now,
)
from tests import factories
from tests.helpers import Visitor, enter
from tests.llm.fake_endpoint import FakeEndpoint
from tests.materials import makers
from tests.materials.conftest import Add
from tests.workers import until, worker

Look = Callable[[uuid.UUID], CourseMaterial]

OLD, NEW = "old-e5-model", "new-e5-model"
WIDTH = 128
PAGES = 100
LATER = 101  # the number of what the file says that comes in meanwhile
MORE = "\n".join(["and of more that stands in this book, page by page"] * 11)
BOOK = makers.pdf([f"This page tells of thing{n} at length.\n{MORE}" for n in range(PAGES)])
LATER_FILE = f"The handout tells of thing{LATER} at length.\n{MORE}".encode()


class Meaning(FakeEndpoint):
    """ "matter7" means "thing7". Each model puts them in another direction, so that a vector of
    one leads to a wrong page among those of the other."""

    def __init__(self, shift: int, width: int = WIDTH) -> None:
        super().__init__()
        self.shift, self.width = shift, width

    def _vector_of(self, text: str) -> list[float]:
        found = re.search(r"(?:thing|matter)(\d+)", text)
        vector = [0.0] * self.width
        vector[int(found[1]) + self.shift if found else -1] = 1.0
        return vector

    @property
    def questions(self) -> int:
        """How many it was asked to embed, but those of the command's own."""
        asked = [request["input"][0] for request in self.requests]
        return sum(text.startswith("query: ") and "matter" in text for text in asked)


@pytest.fixture
def old() -> Iterator[Meaning]:
    endpoint = Meaning(shift=0)
    yield endpoint
    endpoint.close()


@pytest.fixture
def new() -> Iterator[Meaning]:
    endpoint = Meaning(shift=5)
    yield endpoint
    endpoint.close()


@dataclass
class Asking:
    """Students who ask one after another, until told to stop."""

    visitors: list[Visitor]
    answers: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Asking":
        self._thread = threading.Thread(target=self._ask_on)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _ask_on(self) -> None:
        for number in range(20 * len(self.visitors)):
            if self._stop.wait(0.2):
                return
            visitor = self.visitors[number % len(self.visitors)]
            self.look_for(visitor, number * 7 % PAGES)

    def look_for(self, visitor: Visitor, number: int) -> None:
        for page in (ask(visitor, number), first_hit(visitor, number)):
            if f"thing{number} " in page:
                self.answers.append(page)
            else:
                self.wrong.append(f"matter{number}: {page}")


def ask(visitor: Visitor, number: int) -> str:
    """The evidence card of a question, over HTTP."""
    answer = visitor.post(
        "tutor/ask",
        data={"question": f"matter{number}?"},
        headers={"Accept": "text/event-stream"},
    )
    assert answer.status_code == 200, answer.text
    assert "event: evidence" in answer.text, answer.text
    return answer.text


def first_hit(visitor: Visitor, number: int) -> str:
    """The first passage that a search of the materials lists, over HTTP."""
    answer = visitor.get(f"materials/search?q=matter{number}")
    assert answer.status_code == 200, answer.text
    return "".join(re.findall(r'<li class="cl-hit">.*?</li>', answer.text, re.DOTALL)[:1])


def with_old(settings: Settings, old: Meaning) -> Settings:
    return replace(settings, embedding_base_url=old.url, embedding_model=OLD)


def with_both(settings: Settings, old: Meaning, new: Meaning) -> Settings:
    return replace(
        settings,
        embedding_base_url=new.url,
        embedding_model=NEW,
        previous_embedding_base_url=old.url,
        previous_embedding_model=OLD,
    )


@pytest.fixture
def course(app: Flask, session: Session, settings: Settings, old: Meaning) -> Iterator[Course]:
    """A course whose installation has the old model."""
    config.install(with_old(settings, old))
    course = factories.course(session)
    session.commit()
    yield course
    config.install(settings)


def work_off(course: Course) -> None:
    """Runs the course's batches until none is left, as the worker does."""
    for _ in range(200):
        with transaction() as session:
            if moving.next_work(session, course.course_id) is None:
                return
        jobs.embed_chunks(str(course.course_id))
    raise AssertionError("the batches come to no end")


def reindex(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["materials", "reindex", *arguments])


def now_of(session: Session, course: Course) -> tuple[str | None, str | None]:
    """Which model the course has, and which one it moves to."""
    session.rollback()
    row = session.get_one(Course, course.course_id, populate_existing=True)
    return row.embedding_model, row.next_embedding_model


def vectors(session: Session, model: str) -> int:
    session.rollback()
    query = select(func.count()).select_from(ChunkVector).where(ChunkVector.model == model)
    return session.scalar(query) or 0


def test_reindexing_to_another_model_leaves_no_gap_in_search(
    app: Flask,
    session: Session,
    settings: Settings,
    course: Course,
    add: Add,
    look: Look,
    old: Meaning,
    new: Meaning,
) -> None:
    book = add("Book.pdf", BOOK)
    with worker(config.current()):
        until(lambda: look(book).indexing_status is IndexingStatus.COMPLETED, 120)
    assert now_of(session, course) == (OLD, None)
    made = vectors(session, OLD)
    assert made == PAGES, "a chunk a page: what it means leads to it alone"
    students = [enter(app, session, course) for _ in range(30)]

    both = with_both(settings, old, new)
    config.install(both)
    new.script.wait_before = 0.2
    with Asking(students[1:]) as asked:
        until(lambda: len(asked.answers) >= 3, 60)
        told = reindex(app, "--all", "--no-wait")
        assert told.exit_code == 0 and "1 of 1 courses" in told.output
        assert "Mind" not in told.output
        with worker(both) as first:
            until(lambda: vectors(session, NEW) >= 32, 120)
            first.send_signal(signal.SIGKILL)
        reindex(app, "--course", str(course.course_id), "--no-wait")
        later = add("Handout.txt", LATER_FILE)
        new.script.wait_before = 0.5
        assert now_of(session, course) == (OLD, NEW)
        assert new.questions == 0, "questions are the old model's until the end"
        with worker(both):
            until(lambda: look(later).indexing_status is IndexingStatus.COMPLETED, 120)
            is_moving = now_of(session, course) == (OLD, NEW)
            assert f"thing{LATER} " in ask(students[0], LATER)
            assert is_moving, "the file that came in meanwhile was found before the end"
            new.script.wait_before = 0.05
            until(lambda: now_of(session, course) == (NEW, None), 120)
        before = len(asked.answers)
        until(lambda: len(asked.answers) + len(asked.wrong) >= before + 5, 60)
    assert asked.wrong == [] and len(asked.answers) > 10
    assert new.questions >= 5
    assert f"thing{LATER} " in ask(students[0], LATER)

    assert vectors(session, OLD) == made + 1, "for searches that had begun"
    session.execute(text("update procrastinate_jobs set scheduled_at = null"))
    session.commit()
    with worker(both):
        until(lambda: vectors(session, OLD) == 0, 60)
    assert vectors(session, NEW) == made + 1
    chunks = session.scalars(select(MaterialChunk)).all()
    assert {chunk.embedding_model for chunk in chunks} == {NEW}
    assert look(book).embedded_count == look(book).chunk_count
    embedded = [text for request in new.requests for text in request["input"]]
    passages = [text for text in embedded if text.startswith("passage: ")]
    assert len(passages) <= made + 1 + 16, "a batch at most is made twice by the kill"


@pytest.fixture
def filled(session: Session, course: Course, read: Add) -> uuid.UUID:
    """A file with vectors of the old model."""
    material_id = read("a.txt", LATER_FILE)
    work_off(course)
    assert now_of(session, course) == (OLD, None)
    return material_id


def test_models_of_different_widths_are_moved_between(
    app: Flask,
    session: Session,
    settings: Settings,
    course: Course,
    filled: uuid.UUID,
    old: Meaning,
) -> None:
    wide = Meaning(shift=0, width=1536)
    try:
        config.install(with_both(settings, old, wide))
        student = enter(app, session, course)
        reindex(app, "--all", "--no-wait")
        assert f"thing{LATER} " in ask(student, LATER)
        work_off(course)
        assert now_of(session, course) == (NEW, None)
        assert f"thing{LATER} " in ask(student, LATER)
    finally:
        wide.close()


@pytest.mark.parametrize("asked", [ask, first_hit])
def test_a_question_that_falls_into_the_change_is_embedded_anew(
    app: Flask,
    session: Session,
    settings: Settings,
    course: Course,
    filled: uuid.UUID,
    old: Meaning,
    new: Meaning,
    monkeypatch: pytest.MonkeyPatch,
    asked: Callable[[Visitor, int], str],
) -> None:
    config.install(with_both(settings, old, new))
    student = enter(app, session, course)
    reindex(app, "--all", "--no-wait")
    embed = questions.embed_question

    def embed_slowly(question: str, model: EmbeddingProfile) -> list[float] | None:
        vector = embed(question, model)
        work_off(course)
        return vector

    monkeypatch.setattr(questions, "embed_question", embed_slowly)
    assert f"thing{LATER} " in asked(student, LATER)
    assert now_of(session, course) == (NEW, None)
    assert (old.questions, new.questions) == (1, 1)


@pytest.mark.parametrize("role", [CourseRole.STUDENT, CourseRole.TEACHER])
@pytest.mark.parametrize("gone", ["hidden", "deleted"])
def test_a_course_with_nothing_to_find_answers_and_moves(
    app: Flask,
    session: Session,
    settings: Settings,
    course: Course,
    filled: uuid.UUID,
    look: Look,
    old: Meaning,
    new: Meaning,
    role: CourseRole,
    gone: str,
) -> None:
    material = look(filled)
    if gone == "hidden":
        material.is_public = False
    else:
        material.deleted_at = now()
    session.commit()
    config.install(with_both(settings, old, new))
    visitor = enter(app, session, course, role)
    can_find = gone == "hidden" and role is CourseRole.TEACHER
    for endpoint in (old, new):
        others = new if endpoint is old else old
        before = endpoint.questions, others.questions
        assert (f"thing{LATER} " in ask(visitor, LATER)) == can_find
        assert (f"thing{LATER} " in first_hit(visitor, LATER)) == can_find
        once = (before[0] + 2, before[1])
        assert (endpoint.questions, others.questions) == once, "each question is embedded once"
        if endpoint is old:
            assert "1 of 1 courses are to move" in reindex(app, "--all", "--no-wait").output
            work_off(course)
            assert now_of(session, course) == (NEW, None)
    assert "0 of 1 courses are to move" in reindex(app, "--all").output


def test_a_course_that_never_had_text_is_not_to_move(
    app: Flask, course: Course, old: Meaning
) -> None:
    assert "0 of 0 courses are to move" in reindex(app, "--all").output


def test_where_the_old_model_is_gone_words_search_and_the_operator_is_told(
    app: Flask,
    session: Session,
    settings: Settings,
    course: Course,
    filled: uuid.UUID,
    read: Add,
    look: Look,
    new: Meaning,
) -> None:
    gone = replace(settings, embedding_base_url=new.url, embedding_model=NEW)
    for forgotten in (
        gone,
        replace(
            gone, previous_embedding_model=OLD, previous_embedding_base_url="http://127.0.0.1:9/v1"
        ),
    ):
        config.install(forgotten)
        told = reindex(app, "--all", "--no-wait")
        assert told.exit_code == 0
        assert "Mind: " in told.stderr and OLD in told.stderr and "words alone" in told.stderr
    config.install(gone)
    student = enter(app, session, course)
    assert f"thing{LATER} " not in ask(student, LATER)
    by_words = student.post(
        "tutor/ask", data={"question": f"thing{LATER}?"}, headers={"Accept": "text/event-stream"}
    )
    assert f"thing{LATER} " in by_words.text
    meanwhile = read("b.txt", LATER_FILE + b" more")
    work_off(course)
    assert now_of(session, course) == (NEW, None)
    assert look(meanwhile).indexing_status is IndexingStatus.COMPLETED
    assert f"thing{LATER} " in ask(student, LATER)


@pytest.mark.parametrize("refusal", [200, 401])
def test_a_move_ends_though_the_old_model_is_down_and_a_file_waits_for_it(
    app: Flask,
    session: Session,
    settings: Settings,
    course: Course,
    filled: uuid.UUID,
    read: Add,
    look: Look,
    old: Meaning,
    new: Meaning,
    refusal: int,
) -> None:
    """Nobody listens at its address any more, but the settings still name it."""
    both = with_both(settings, old, new)
    config.install(replace(both, previous_embedding_base_url="http://127.0.0.1:9/v1"))
    waiting = read("b.pdf", BOOK)
    assert queued_after_a_job(session, course) == [True], "without a move it waits for its model"
    assert look(waiting).indexing_status is IndexingStatus.PROCESSING

    assert reindex(app, "--all", "--no-wait").exit_code == 0
    new.script.status = refusal
    if refusal != 200:
        assert queued_after_a_job(session, course) == [True], "neither model takes it"
        assert look(waiting).indexing_status is IndexingStatus.PROCESSING, "it did not fail"
        new.script.status = 200
    for _ in range(10):
        if queued_after_a_job(session, course) == []:
            break
    assert now_of(session, course) == (NEW, None)
    assert look(waiting).indexing_status is IndexingStatus.COMPLETED
    student = enter(app, session, course)
    assert "thing7 " in ask(student, 7) and f"thing{LATER} " in first_hit(student, LATER)


def queued_after_a_job(session: Session, course: Course) -> list[bool]:
    """Of each job for vectors that another one leaves in the queue, whether it is for later."""
    session.rollback()
    session.execute(text("delete from procrastinate_jobs"))
    session.commit()
    jobs.embed_chunks(str(course.course_id))
    query = """select coalesce(scheduled_at > now(), false) from procrastinate_jobs
               where task_name = 'materials:embed_chunks' order by id"""
    return list(session.scalars(text(query)))


def test_reindexing_again_does_nothing_twice(
    app: Flask,
    session: Session,
    settings: Settings,
    course: Course,
    filled: uuid.UUID,
    old: Meaning,
    new: Meaning,
) -> None:
    config.install(with_both(settings, old, new))
    results: list[Result] = []
    both = [
        threading.Thread(target=lambda: results.append(reindex(app, "--all", "--no-wait")))
        for _ in range(2)
    ]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert [result.exit_code for result in results] == [0, 0]
    work_off(course)
    asked = len(new.requests)
    told = reindex(app, "--all")
    assert told.exit_code == 0 and "0 of 1 courses are to move" in told.output
    work_off(course)
    jobs.forget_old_vectors(str(course.course_id))
    jobs.forget_old_vectors(str(course.course_id))
    assert len(new.requests) == asked and (vectors(session, OLD), vectors(session, NEW)) == (0, 1)


def test_a_move_is_called_off_by_going_back_to_the_old_settings(
    app: Flask,
    session: Session,
    settings: Settings,
    course: Course,
    filled: uuid.UUID,
    old: Meaning,
    new: Meaning,
) -> None:
    config.install(with_both(settings, old, new))
    reindex(app, "--all", "--no-wait")
    assert now_of(session, course) == (OLD, NEW)
    config.install(with_old(settings, old))
    assert "1 of 1 courses are to move" in reindex(app, "--all", "--no-wait").output
    work_off(course)
    assert now_of(session, course) == (OLD, None) and vectors(session, OLD) == 1
    assert f"thing{LATER} " in ask(enter(app, session, course), LATER)


def test_what_was_read_before_there_was_a_model_gets_its_vectors(
    app: Flask,
    session: Session,
    settings: Settings,
    course: Course,
    read: Add,
    look: Look,
    new: Meaning,
) -> None:
    config.install(settings)
    material_id = read("a.txt", LATER_FILE)
    work_off(course)
    assert look(material_id).embedded_count == 0 and now_of(session, course) == (None, None)
    config.install(replace(settings, embedding_base_url=new.url, embedding_model=NEW))
    assert reindex(app, "--all", "--no-wait").exit_code == 0
    work_off(course)
    assert look(material_id).embedded_count == 1 and now_of(session, course) == (NEW, None)
    assert f"thing{LATER} " in ask(enter(app, session, course), LATER)


def test_a_deleted_file_that_comes_back_after_the_move_gets_its_vectors(
    app: Flask,
    session: Session,
    settings: Settings,
    course: Course,
    filled: uuid.UUID,
    read: Add,
    look: Look,
    old: Meaning,
    new: Meaning,
) -> None:
    teacher = look(filled).uploader_id
    read("b.txt", b"another text")
    with transaction() as step:
        deletion.delete_material(step, teacher, step.get_one(CourseMaterial, filled))
    config.install(with_both(settings, old, new))
    reindex(app, "--all", "--no-wait")
    work_off(course)
    assert now_of(session, course) == (NEW, None)
    with transaction() as step:
        deletion.restore_material(step, teacher, step.get_one(CourseMaterial, filled))
    jobs.index_words(str(filled))
    work_off(course)
    assert look(filled).indexing_status is IndexingStatus.COMPLETED
    assert f"thing{LATER} " in ask(enter(app, session, course), LATER)


def test_a_model_that_refuses_leaves_the_course_as_it_was_and_the_move_waiting(
    app: Flask,
    session: Session,
    settings: Settings,
    course: Course,
    filled: uuid.UUID,
    look: Look,
    old: Meaning,
    new: Meaning,
) -> None:
    config.install(with_both(settings, old, new))
    new.script.status = 401
    reindex(app, "--all", "--no-wait")
    session.execute(text("delete from procrastinate_jobs"))
    session.commit()
    jobs.embed_chunks(str(course.course_id))
    assert now_of(session, course) == (OLD, NEW)
    assert look(filled).indexing_status is IndexingStatus.COMPLETED
    assert f"thing{LATER} " in ask(enter(app, session, course), LATER)
    new.script.status = 200
    jobs.sweep(0)
    waiting = "select count(*) from procrastinate_jobs where task_name = 'materials:embed_chunks'"
    assert session.scalar(text(waiting)) == 1
    work_off(course)
    assert now_of(session, course) == (NEW, None)


def test_the_command_says_what_it_wants_and_what_is(
    app: Flask, session: Session, course: Course, filled: uuid.UUID
) -> None:
    assert reindex(app).exit_code == 2
    assert reindex(app, "--all", "--status").exit_code == 2
    told = reindex(app, "--status")
    assert f"{course.course_id}  PY1: {OLD}, 1 of 1 vectors of {OLD}" in told.output
    unknown = reindex(app, "--course", str(uuid.uuid4()))
    assert unknown.exit_code == 1 and "Nothing was changed" in unknown.stderr


def test_the_command_looks_on_until_all_have_moved(
    app: Flask,
    session: Session,
    settings: Settings,
    course: Course,
    filled: uuid.UUID,
    old: Meaning,
    new: Meaning,
) -> None:
    both = with_both(settings, old, new)
    config.install(both)
    with worker(both):
        told = reindex(app, "--course", str(course.course_id))
    assert told.exit_code == 0
    assert f"PY1: {NEW}, 1 of 1 vectors of {NEW}, done" in told.output
    assert now_of(session, course) == (NEW, None)
    event = session.scalars(select(AuditEvent).where(AuditEvent.action == "course.reindexed")).one()
    assert event.operator_name and event.details == {"course": "PY1", "from": OLD, "to": NEW}
    assert event.action in ACTIONS, "the console has words for it"
