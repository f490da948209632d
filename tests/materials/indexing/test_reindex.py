"""`flask materials reindex`: a course moves to another embedding model while it is asked.

Questions and passages here share no word: only a vector of the right model leads to the page.
"""

import re
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import openai
import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app import config
from app.admin.views.record import ACTIONS
from app.config import Settings
from app.extensions import transaction
from app.llm import embedding
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
from tests.materials.conftest import Add, Look
from tests.materials.queued import run
from tests.workers import kill, until, worker

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


@dataclass
class Move:
    """A course that is to get another model, and the servers of both."""

    app: Flask
    session: Session
    settings: Settings
    course: Course
    old: Meaning
    new: Meaning

    def both(self) -> Settings:
        return with_both(self.settings, self.old, self.new)

    def reindex(self, *arguments: str) -> Result:
        return self.app.test_cli_runner().invoke(args=["materials", "reindex", *arguments])

    def begin(self) -> Result:
        """The new model is set, and the command says that all courses are to move."""
        config.install(self.both())
        return self.reindex("--all", "--no-wait")

    def models(self) -> tuple[str | None, str | None]:
        """Which model the course has, and which one it moves to."""
        self.session.rollback()
        row = self.session.get_one(Course, self.course.course_id, populate_existing=True)
        return row.embedding_model, row.next_embedding_model

    def vectors(self, model: str) -> int:
        self.session.rollback()
        query = select(func.count()).select_from(ChunkVector).where(ChunkVector.model == model)
        return self.session.scalar(query) or 0

    def work_off(self) -> None:
        """Runs the course's batches until none is left, as the worker does."""
        for _ in range(200):
            with transaction() as session:
                if moving.next_work(session, self.course.course_id) is None:
                    return
            jobs.embed_chunks(str(self.course.course_id))
        raise AssertionError("the batches come to no end")

    def queued_after_a_job(self) -> list[bool]:
        """Of each job for vectors that another one leaves in the queue, whether it is for later."""
        run(self.session, "delete from procrastinate_jobs")
        jobs.embed_chunks(str(self.course.course_id))
        query = """select coalesce(scheduled_at > now(), false) from procrastinate_jobs
                   where task_name = 'materials:embed_chunks' order by id"""
        return list(self.session.scalars(text(query)))

    def enter(self, role: CourseRole = CourseRole.STUDENT) -> Visitor:
        return enter(self.app, self.session, self.course, role)


@pytest.fixture
def move(
    app: Flask, session: Session, settings: Settings, course: Course, old: Meaning, new: Meaning
) -> Move:
    return Move(app, session, settings, course, old, new)


def test_reindexing_to_another_model_leaves_no_gap_in_search(
    move: Move, add: Add, look: Look
) -> None:
    book = add("Book.pdf", BOOK)
    with worker(config.current()):
        until(lambda: look(book).indexing_status is IndexingStatus.COMPLETED, 120)
    assert move.models() == (OLD, None)
    made = move.vectors(OLD)
    assert made == PAGES, "a chunk a page: what it means leads to it alone"
    students = [move.enter() for _ in range(30)]

    both = move.both()
    config.install(both)
    move.new.script.wait_before = 0.2
    with Asking(students[1:]) as asked:
        until(lambda: len(asked.answers) >= 3, 60)
        told = move.reindex("--all", "--no-wait")
        assert told.exit_code == 0 and "1 of 1 courses" in told.output
        assert "Mind" not in told.output
        with worker(both) as first:
            until(lambda: move.vectors(NEW) >= 32, 120)
            kill(first)
        move.reindex("--course", str(move.course.course_id), "--no-wait")
        later = add("Handout.txt", LATER_FILE)
        move.new.script.wait_before = 0.5
        assert move.models() == (OLD, NEW)
        assert move.new.questions == 0, "questions are the old model's until the end"
        with worker(both):
            until(lambda: look(later).indexing_status is IndexingStatus.COMPLETED, 120)
            is_moving = move.models() == (OLD, NEW)
            assert f"thing{LATER} " in ask(students[0], LATER)
            assert is_moving, "the file that came in meanwhile was found before the end"
            move.new.script.wait_before = 0.05
            until(lambda: move.models() == (NEW, None), 120)
        before = len(asked.answers)
        until(lambda: len(asked.answers) + len(asked.wrong) >= before + 5, 60)
    assert asked.wrong == [] and len(asked.answers) > 10
    assert move.new.questions >= 5
    assert f"thing{LATER} " in ask(students[0], LATER)

    assert move.vectors(OLD) == made + 1, "for searches that had begun"
    move.session.execute(text("update procrastinate_jobs set scheduled_at = null"))
    move.session.commit()
    with worker(both):
        until(lambda: move.vectors(OLD) == 0, 60)
    assert move.vectors(NEW) == made + 1
    chunks = move.session.scalars(select(MaterialChunk)).all()
    assert {chunk.embedding_model for chunk in chunks} == {NEW}
    assert look(book).embedded_count == look(book).chunk_count
    embedded = [text for request in move.new.requests for text in request["input"]]
    passages = [text for text in embedded if text.startswith("passage: ")]
    assert len(passages) <= made + 1 + 16, "a batch at most is made twice by the kill"


@pytest.fixture
def filled(move: Move, read: Add) -> uuid.UUID:
    """A file with vectors of the old model."""
    material_id = read("a.txt", LATER_FILE)
    move.work_off()
    assert move.models() == (OLD, None)
    return material_id


def test_models_of_different_widths_are_moved_between(
    move: Move, filled: uuid.UUID, look: Look
) -> None:
    wide = Meaning(shift=0, width=1536)
    try:
        config.install(with_both(move.settings, move.old, wide))
        student = move.enter()
        move.reindex("--all", "--no-wait")
        assert f"thing{LATER} " in ask(student, LATER)
        move.work_off()
        assert move.models() == (NEW, None)
        assert f"thing{LATER} " in ask(student, LATER)
        total = look(filled).vector_sum
        assert total is not None and len(total) == 1536, "that of the new vectors"
    finally:
        wide.close()


@pytest.mark.parametrize("asked", [ask, first_hit])
def test_a_question_that_falls_into_the_change_is_embedded_anew(
    move: Move,
    filled: uuid.UUID,
    monkeypatch: pytest.MonkeyPatch,
    asked: Callable[[Visitor, int], str],
) -> None:
    config.install(move.both())
    student = move.enter()
    move.reindex("--all", "--no-wait")
    embed = questions.embed_question

    def embed_slowly(question: str, model: EmbeddingProfile) -> list[float] | None:
        vector = embed(question, model)
        move.work_off()
        return vector

    monkeypatch.setattr(questions, "embed_question", embed_slowly)
    assert f"thing{LATER} " in asked(student, LATER)
    assert move.models() == (NEW, None)
    assert (move.old.questions, move.new.questions) == (1, 1)


@pytest.mark.parametrize("role", [CourseRole.STUDENT, CourseRole.TEACHER])
@pytest.mark.parametrize("gone", ["hidden", "deleted"])
def test_a_course_with_nothing_to_find_answers_and_moves(
    move: Move, filled: uuid.UUID, look: Look, role: CourseRole, gone: str
) -> None:
    material = look(filled)
    if gone == "hidden":
        material.is_public = False
    else:
        material.deleted_at = now()
    move.session.commit()
    config.install(move.both())
    visitor = move.enter(role)
    can_find = gone == "hidden" and role is CourseRole.TEACHER
    for endpoint in (move.old, move.new):
        others = move.new if endpoint is move.old else move.old
        before = endpoint.questions, others.questions
        assert (f"thing{LATER} " in ask(visitor, LATER)) == can_find
        assert (f"thing{LATER} " in first_hit(visitor, LATER)) == can_find
        once = (before[0] + 2, before[1])
        assert (endpoint.questions, others.questions) == once, "each question is embedded once"
        if endpoint is move.old:
            assert "1 of 1 courses are to move" in move.reindex("--all", "--no-wait").output
            move.work_off()
            assert move.models() == (NEW, None)
    assert "0 of 1 courses are to move" in move.reindex("--all").output


def test_a_course_that_never_had_text_is_not_to_move(move: Move) -> None:
    assert "0 of 0 courses are to move" in move.reindex("--all").output


def test_where_the_old_model_is_gone_words_search_and_the_operator_is_told(
    move: Move, filled: uuid.UUID, read: Add, look: Look
) -> None:
    gone = replace(move.settings, embedding_base_url=move.new.url, embedding_model=NEW)
    for forgotten in (
        gone,
        replace(
            gone, previous_embedding_model=OLD, previous_embedding_base_url="http://127.0.0.1:9/v1"
        ),
    ):
        config.install(forgotten)
        told = move.reindex("--all", "--no-wait")
        assert told.exit_code == 0
        assert "Mind: " in told.stderr and OLD in told.stderr and "words alone" in told.stderr
    config.install(gone)
    student = move.enter()
    assert f"thing{LATER} " not in ask(student, LATER)
    by_words = student.post(
        "tutor/ask", data={"question": f"thing{LATER}?"}, headers={"Accept": "text/event-stream"}
    )
    assert f"thing{LATER} " in by_words.text
    meanwhile = read("b.txt", LATER_FILE + b" more")
    move.work_off()
    assert move.models() == (NEW, None)
    assert look(meanwhile).indexing_status is IndexingStatus.COMPLETED
    assert f"thing{LATER} " in ask(student, LATER)


@pytest.mark.parametrize("refusal", [200, 401])
def test_a_move_ends_though_the_old_model_is_down_and_a_file_waits_for_it(
    move: Move, filled: uuid.UUID, read: Add, look: Look, refusal: int
) -> None:
    """Nobody listens at its address any more, but the settings still name it."""
    both = move.both()
    config.install(replace(both, previous_embedding_base_url="http://127.0.0.1:9/v1"))
    waiting = read("b.pdf", BOOK)
    assert move.queued_after_a_job() == [True], "without a move it waits for its model"
    assert look(waiting).indexing_status is IndexingStatus.PROCESSING

    assert move.reindex("--all", "--no-wait").exit_code == 0
    move.new.script.status = refusal
    if refusal != 200:
        assert move.queued_after_a_job() == [True], "neither model takes it"
        assert look(waiting).indexing_status is IndexingStatus.PROCESSING, "it did not fail"
        move.new.script.status = 200
    for _ in range(10):
        if move.queued_after_a_job() == []:
            break
    assert move.models() == (NEW, None)
    assert look(waiting).indexing_status is IndexingStatus.COMPLETED
    student = move.enter()
    assert "thing7 " in ask(student, 7) and f"thing{LATER} " in first_hit(student, LATER)


def test_an_old_model_that_hangs_holds_a_move_up_once(
    move: Move, filled: uuid.UUID, read: Add, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes each request and answers none, and a file waits for it all the while."""
    monkeypatch.setattr(embedding, "PASSAGES_TIMEOUT", openai.Timeout(0.5, connect=3.0))
    monkeypatch.setattr(embedding, "_silent_until", {})
    waiting = read("b.pdf", BOOK)
    move.old.script.wait_before = 300
    assert move.begin().exit_code == 0
    before, jobs_run = len(move.old.requests), 1
    while move.queued_after_a_job() != [] and jobs_run < 10:
        jobs_run += 1
    assert move.models() == (NEW, None)
    assert look(waiting).indexing_status is IndexingStatus.COMPLETED
    assert len(move.old.requests) - before == 1


def test_reindexing_again_does_nothing_twice(move: Move, filled: uuid.UUID) -> None:
    config.install(move.both())
    results: list[Result] = []
    both = [
        threading.Thread(target=lambda: results.append(move.reindex("--all", "--no-wait")))
        for _ in range(2)
    ]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert [result.exit_code for result in results] == [0, 0]
    move.work_off()
    asked = len(move.new.requests)
    told = move.reindex("--all")
    assert told.exit_code == 0 and "0 of 1 courses are to move" in told.output
    move.work_off()
    jobs.forget_old_vectors(str(move.course.course_id))
    jobs.forget_old_vectors(str(move.course.course_id))
    assert len(move.new.requests) == asked and (move.vectors(OLD), move.vectors(NEW)) == (0, 1)


def test_a_move_is_called_off_by_going_back_to_the_old_settings(
    move: Move, filled: uuid.UUID
) -> None:
    move.begin()
    assert move.models() == (OLD, NEW)
    config.install(with_old(move.settings, move.old))
    assert "1 of 1 courses are to move" in move.reindex("--all", "--no-wait").output
    move.work_off()
    assert move.models() == (OLD, None) and move.vectors(OLD) == 1
    assert f"thing{LATER} " in ask(move.enter(), LATER)


def test_what_was_read_before_there_was_a_model_gets_its_vectors(
    move: Move, read: Add, look: Look
) -> None:
    config.install(move.settings)
    material_id = read("a.txt", LATER_FILE)
    move.work_off()
    assert look(material_id).embedded_count == 0 and move.models() == (None, None)
    config.install(replace(move.settings, embedding_base_url=move.new.url, embedding_model=NEW))
    assert move.reindex("--all", "--no-wait").exit_code == 0
    move.work_off()
    assert look(material_id).embedded_count == 1 and move.models() == (NEW, None)
    assert f"thing{LATER} " in ask(move.enter(), LATER)


def test_a_deleted_file_that_comes_back_after_the_move_gets_its_vectors(
    move: Move, filled: uuid.UUID, read: Add, look: Look
) -> None:
    teacher = look(filled).uploader_id
    read("b.txt", b"another text")
    with transaction() as step:
        deletion.delete_materials(step, teacher, [step.get_one(CourseMaterial, filled)])
    move.begin()
    move.work_off()
    assert move.models() == (NEW, None)
    with transaction() as step:
        deletion.restore_material(step, teacher, step.get_one(CourseMaterial, filled))
    jobs.index_words(str(filled))
    move.work_off()
    assert look(filled).indexing_status is IndexingStatus.COMPLETED
    assert f"thing{LATER} " in ask(move.enter(), LATER)


def test_a_model_that_refuses_leaves_the_course_as_it_was_and_the_move_waiting(
    move: Move, filled: uuid.UUID, look: Look
) -> None:
    move.new.script.status = 401
    move.begin()
    assert move.queued_after_a_job() == []
    assert move.models() == (OLD, NEW)
    assert look(filled).indexing_status is IndexingStatus.COMPLETED
    assert f"thing{LATER} " in ask(move.enter(), LATER)
    move.new.script.status = 200
    jobs.sweep(0)
    waiting = "select count(*) from procrastinate_jobs where task_name = 'materials:embed_chunks'"
    assert move.session.scalar(text(waiting)) == 1
    move.work_off()
    assert move.models() == (NEW, None)


def test_the_command_says_what_it_wants_and_what_is(move: Move, filled: uuid.UUID) -> None:
    assert move.reindex().exit_code == 2
    assert move.reindex("--all", "--status").exit_code == 2
    told = move.reindex("--status")
    assert f"{move.course.course_id}  PY1: {OLD}, 1 of 1 vectors of {OLD}" in told.output
    unknown = move.reindex("--course", str(uuid.uuid4()))
    assert unknown.exit_code == 1 and "Nothing was changed" in unknown.stderr


def test_the_command_looks_on_until_all_have_moved(move: Move, filled: uuid.UUID) -> None:
    both = move.both()
    config.install(both)
    with worker(both):
        told = move.reindex("--course", str(move.course.course_id))
    assert told.exit_code == 0
    assert f"PY1: {NEW}, 1 of 1 vectors of {NEW}, done" in told.output
    assert move.models() == (NEW, None)
    event = move.session.scalars(
        select(AuditEvent).where(AuditEvent.action == "course.reindexed")
    ).one()
    assert event.operator_name and event.details == {"course": "PY1", "from": OLD, "to": NEW}
    assert event.action in ACTIONS, "the console has words for it"
