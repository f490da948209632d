"""Who is worked for in which order: nobody waits for another course's many or slow files.

The tests look at the order in which things are done, never at the time that they take.
"""

import uuid
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from app import jobs
from app.config import Settings
from app.extensions import transaction
from app.llm.client import ModelUnavailable
from app.materials import catalogue
from app.materials import jobs as materials_jobs
from app.materials.copying import copy_all_soon
from app.materials.indexing import batches, deepening, recognising
from models import Course, IndexingStatus
from tests import factories
from tests.llm.fake_endpoint import fake_endpoint
from tests.materials import makers
from tests.materials.conftest import Add, Look, Model
from tests.workers import until, worker


@pytest.fixture
def other(session: Session) -> Course:
    other = factories.course(session)
    session.commit()
    return other


def fetch(session: Session) -> tuple[str, dict[str, str]] | None:
    """The job that a worker with a free hand would begin now; it never comes to an end."""
    row = session.execute(
        text("select task_name, args from procrastinate_fetch_job_v2(null, null)")
    ).one()
    session.commit()
    return (row.task_name, row.args) if row.task_name else None


def test_four_hundred_files_of_one_teacher_do_not_delay_another_ones(
    session: Session, model: Model, add: Add, other: Course, course: Course
) -> None:
    many = {str(add(f"{number}.txt", f"text {number}".encode())) for number in range(400)}
    only = str(add("only.txt", b"the only one", into=other))
    begun = []
    while (job := fetch(session)) is not None:
        begun.append(job[1]["material_id"])
    # Even where none of the many ever ends there is a hand for the only one.
    assert only in begun and len(begun) == catalogue.AT_ONCE + 1 < jobs.CONCURRENCY
    assert set(begun) - {only} <= many


def test_the_only_file_of_a_course_is_read_before_the_many_of_another(
    session: Session,
    settings: Settings,
    add: Add,
    look: Look,
    other: Course,
) -> None:
    many = [add(f"{number}.txt", f"text {number}".encode()) for number in range(40)]
    only = add("only.txt", b"the only one", into=other)

    def finished() -> list[uuid.UUID]:
        found = [look(key) for key in (*many, only)]
        done = [one for one in found if "words_at" in (one.details or {})]
        return [one.material_id for one in sorted(done, key=lambda one: one.details["words_at"])]

    with fake_endpoint() as endpoint, worker(replace(settings, embedding_base_url=endpoint.url)):
        until(lambda: len(finished()) == len(many) + 1, 240)
    assert finished().index(only) < jobs.CONCURRENCY


def test_slow_recognition_of_pictures_does_not_delay_other_files(
    session: Session, settings: Settings, add: Add, look: Look, gate: Path, other: Course
) -> None:
    """More files than the worker has hands, none of which comes to an end, then a small one."""
    scans = [add(f"{n}.pdf", makers.scan(f"{n}")) for n in range(jobs.CONCURRENCY + 1)]
    mixed = add("mixed.pdf", makers.scan("mixed", "Osmosis moves water"))
    small = add("small.txt", b"a small text", into=other)

    def status(key: uuid.UUID) -> IndexingStatus:
        return look(key).indexing_status

    with fake_endpoint() as endpoint, worker(replace(settings, embedding_base_url=endpoint.url)):
        until(lambda: status(small) is IndexingStatus.COMPLETED, 120)
        until(lambda: look(mixed).chunk_count > 0, 120)
        until(lambda: {status(key) for key in scans} == {IndexingStatus.PROCESSING}, 120)
        assert not any(look(key).chunk_count for key in scans)
        gate.touch()
        until(lambda: {status(key) for key in scans} == {IndexingStatus.COMPLETED}, 240)
        until(lambda: (look(mixed).details or {}).get("recognised_pages") == 2, 240)
        until(lambda: status(mixed) is IndexingStatus.COMPLETED, 120)
    for key in (*scans, mixed):
        found = look(key)
        assert found.embedded_count == found.chunk_count > 0
        assert (found.details or {})["recognised_pages"] >= 2
        assert not {"recognising", "without_text"} & (found.details or {}).keys()


def test_four_hundred_scans_of_one_teacher_do_not_delay_another_ones(
    session: Session, add: Add, other: Course, course: Course
) -> None:
    """By the order in which the scans are read, one after another."""
    many = [str(add(f"{n}.pdf", b"%PDF scan" + str(n).encode())) for n in range(400)]
    few = [str(add(f"{n}.pdf", b"%PDF scan" + str(n).encode(), into=other)) for n in range(2)]
    forget_readings(session)
    for key in (*many, *few):
        with transaction() as step:
            recognising.recognise_soon(step, uuid.UUID(key))
    begun = []
    while (job := fetch(session)) is not None:
        assert job[0] == "materials:recognise"
        assert fetch(session) is None, "one at a time"
        begun.append(job[1]["material_id"])
        end_job(session)
    assert begun[:4] == [many[0], few[0], many[1], few[1]]
    assert begun[4:] == many[2:]


def test_copying_a_course_leaves_the_other_hands_to_what_is_asked_for_now(
    session: Session, add: Add, read: Add, model: Model, other: Course, course: Course
) -> None:
    for number in range(30):
        add(f"{number}.txt", f"text {number}".encode())
    new = factories.course(session)
    teacher = factories.user(session).user_id
    session.commit()
    with transaction() as step:
        assert copy_all_soon(step, course.course_id, new.course_id, teacher) == 30
    read("known by its words.txt", b"vectors are to be made", into=other)
    forget_readings(session)
    add("new.txt", b"just uploaded", into=other)
    begun = []
    while (job := fetch(session)) is not None:
        begun.append(job[0])
    assert begun == ["materials:index_words", "materials:embed_chunks", "materials:copy"]


def test_recognition_that_finds_nothing_says_so(
    session: Session, model: Model, read: Add, look: Look, gate: Path, course: Course
) -> None:
    program = gate.parent / "tesseract"
    program.write_text("#!/bin/sh\nexit 3\n")
    only, mixed = (
        read("a.pdf", makers.scan("a")),
        read("b.pdf", makers.scan("b", "Osmosis moves water")),
    )
    assert look(only).indexing_status is IndexingStatus.PROCESSING
    for key in (only, mixed):
        materials_jobs.recognise(str(key))
        materials_jobs.recognise(str(key))
    assert look(only).indexing_status is IndexingStatus.FAILED
    assert "pictures" in (look(only).details or {})["reason"]
    assert look(mixed).chunk_count == 1
    assert (look(mixed).details or {})["without_text"] == [2, 3]


def end_job(session: Session) -> None:
    session.execute(text("delete from procrastinate_jobs where status = 'doing'"))
    session.commit()


def forget_readings(session: Session) -> None:
    """`read` has done what these jobs were for."""
    session.execute(
        text("delete from procrastinate_jobs where task_name = 'materials:index_words'")
    )
    session.commit()


def test_courses_take_turns_with_their_vectors(
    session: Session, course: Course, other: Course, model: Model, read: Add
) -> None:
    book = "\n\n".join(f"Paragraph {n} tells of things. " * 30 for n in range(60)).encode()
    read("a.txt", book)
    read("b.txt", book, into=other)
    forget_readings(session)
    turns = []
    for _ in range(4):
        job = fetch(session)
        assert job is not None and job[0] == "materials:embed_chunks"
        assert fetch(session) is None, "one batch at a time"
        turns.append(job[1]["course_id"])
        materials_jobs.embed_chunks(job[1]["course_id"])
        end_job(session)
    assert turns == [str(course.course_id), str(other.course_id)] * 2


def test_a_batch_follows_at_once_until_another_course_waits(
    session: Session,
    course: Course,
    other: Course,
    model: Model,
    read: Add,
    look: Look,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(batches, "AT_ONE_GO", timedelta(hours=1))
    book = "\n\n".join(f"Paragraph {n} tells of things. " * 30 for n in range(60)).encode()
    material_id = read("a.txt", book)
    forget_readings(session)
    assert fetch(session) is not None
    embed = model.embed_passages

    def embed_until_another_comes(*given: object) -> list[list[float]]:
        if len(model.texts) == 20:
            read("b.txt", b"more words", into=other)
        return embed(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(batches, "embed_passages", embed_until_another_comes)
    materials_jobs.embed_chunks(str(course.course_id))
    assert look(material_id).embedded_count == 32, "the second batch, at whose end the other waits"
    materials_jobs.embed_chunks(str(other.course_id))
    session.execute(text("delete from procrastinate_jobs"))
    session.commit()
    materials_jobs.embed_chunks(str(course.course_id))
    found = look(material_id)
    assert found.indexing_status is IndexingStatus.COMPLETED
    assert len(model.texts) == found.chunk_count + 1


def test_a_course_whose_model_is_silent_holds_no_other_up(
    session: Session, course: Course, other: Course, model: Model, read: Add
) -> None:
    read("a.txt", b"some words")
    forget_readings(session)
    model.down = True
    job = fetch(session)
    assert job is not None
    materials_jobs.embed_chunks(str(course.course_id))
    end_job(session)
    read("b.txt", b"more words", into=other)
    forget_readings(session)
    following = fetch(session)
    assert following is not None and following[1]["course_id"] == str(other.course_id)


def test_a_checkpoint_is_kept_every_sixteen_chunks(
    session: Session,
    course: Course,
    model: Model,
    read: Add,
    look: Look,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    book = "\n\n".join(f"Paragraph {n} tells of things. " * 30 for n in range(60)).encode()
    material_id = read("a.txt", book)
    seen = []
    embed = model.embed_passages

    def embed_and_look(*given: object) -> list[list[float]]:
        if len(model.texts) == 40:
            raise ModelUnavailable(reason="killed", is_passing=True)
        seen.append(look(material_id).embedded_count)
        return embed(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(batches, "embed_passages", embed_and_look)
    for _ in range(3):
        materials_jobs.embed_chunks(str(course.course_id))
    assert deepening.BATCH == 16 and look(material_id).embedded_count == 32
    assert seen == [0, 0, 0, 0, 16, 16, 16, 16, 32, 32]
