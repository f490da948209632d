"""From an upload to what search reads: each step once, whatever is broken off."""

import uuid

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.config import Settings
from app.extensions import transaction
from app.jobs import run_worker
from app.llm.profiles import embedding_profile
from app.materials import catalogue, jobs
from app.materials.files.storage import storage
from app.materials.indexing import deepening, steps
from models import (
    ChunkPosting,
    ChunkVector,
    Course,
    CourseMaterial,
    FileType,
    IndexingStatus,
    MaterialChunk,
    MaterialPage,
)
from tests import factories
from tests.materials import makers
from tests.materials.conftest import MODEL, Add, Look, Model

MORE = "\n".join(["and of more things that stand in this book"] * 16)
BOOK = makers.pdf([f"Page {n} tells of thing{n}\n{MORE}" for n in range(40)])


def finish(course: Course) -> int:
    """Runs batches until none is left; how many there were."""
    for count in range(100):
        with transaction() as session:
            batch = deepening.next_batch(session, course.course_id, embedding_profile())
        jobs.embed_chunks(str(course.course_id))
        if not batch.chunk_ids:
            return count
    raise AssertionError("the batches come to no end")


def chunks_of(session: Session, material_id: uuid.UUID) -> list[MaterialChunk]:
    session.rollback()
    query = select(MaterialChunk).where(MaterialChunk.material_id == material_id)
    return list(session.scalars(query.order_by(MaterialChunk.chunk_index)))


def waiting_jobs(session: Session) -> list[tuple[str, int]]:
    session.rollback()
    rows = session.execute(
        text("select task_name, priority from procrastinate_jobs where status = 'todo' order by id")
    )
    return [(row.task_name, row.priority) for row in rows]


def test_words_come_first_and_vectors_follow(
    session: Session, course: Course, model: Model, read: Add, look: Look
) -> None:
    material_id = read("Week 1.pdf", BOOK)
    found = look(material_id)
    assert (found.file_type, found.page_count) == (FileType.PDF, 40)
    assert found.indexing_status is IndexingStatus.PROCESSING
    assert found.chunk_count > 16 and found.embedded_count == 0 and found.term_total > 0
    assert session.scalar(select(func.count()).select_from(MaterialPage)) == 40
    assert session.get(ChunkPosting, (material_id, "thing7")) is not None

    jobs.embed_chunks(str(course.course_id))
    assert look(material_id).embedded_count == deepening.BATCH
    finish(course)
    found = look(material_id)
    assert found.indexing_status is IndexingStatus.COMPLETED and found.indexed_at is not None
    assert found.embedded_count == found.chunk_count == len(model.texts)
    for chunk in chunks_of(session, material_id):
        assert chunk.embedding_model == MODEL and chunk.embedding_vector is not None
        assert len(list(chunk.embedding_vector)) == 1536
        copy = session.get_one(ChunkVector, (chunk.chunk_id, MODEL))
        assert (copy.chunk_index, copy.course_id) == (chunk.chunk_index, course.course_id)


def test_the_worker_does_it_all_by_itself(
    course: Course, model: Model, add: Add, look: Look, settings: Settings
) -> None:
    material_id = add("Week 1.pdf", BOOK)
    for _ in range(8):  # without waiting it stops before a job that the last one queued
        run_worker(settings, wait=False)
    assert look(material_id).indexing_status is IndexingStatus.COMPLETED


def test_postings_hold_what_the_chunks_hold(session: Session, model: Model, read: Add) -> None:
    material_id = read("a.txt", b"red red blue")
    row = session.get_one(ChunkPosting, (material_id, "red"))
    assert (row.chunk_indexes, row.term_counts, row.chunk_lengths) == ([0], [2], [3])


@pytest.mark.parametrize("batches_before", [0, 1, 3])
def test_a_job_that_is_run_again_leaves_each_chunk_once(
    session: Session, course: Course, model: Model, read: Add, look: Look, batches_before: int
) -> None:
    """As after kill -9 of the worker: the same job comes again, at any point."""
    material_id = read("Week 1.pdf", BOOK)
    for _ in range(batches_before):
        jobs.embed_chunks(str(course.course_id))
    jobs.index_words(str(material_id))
    finish(course)
    found = look(material_id)
    chunks = chunks_of(session, material_id)
    assert [chunk.chunk_index for chunk in chunks] == list(range(found.chunk_count))
    assert session.scalar(select(func.count()).select_from(ChunkVector)) == found.chunk_count
    assert len(model.texts) == found.chunk_count, "no vector was made twice"


def test_a_step_that_breaks_off_leaves_nothing_half_done(
    session: Session, model: Model, add: Add, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    material_id = add("Week 1.pdf", BOOK)
    with monkeypatch.context() as patch:
        patch.setattr(steps, "_insert_chunks", lambda *_: 1 / 0)
        jobs.index_words(str(material_id))
    found = look(material_id)
    assert found.indexing_status is IndexingStatus.FAILED and found.chunk_count == 0
    assert "on our side" in (found.details or {})["reason"]
    assert session.scalar(select(func.count()).select_from(MaterialPage)) == 0

    with transaction() as step:
        catalogue.try_again(step, step.get_one(CourseMaterial, material_id))
    jobs.index_words(str(material_id))
    assert look(material_id).chunk_count > 0 and "reason" not in (look(material_id).details or {})


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.pdf", makers.pdf(["x"], encrypted=True), "protected by a password"),
        ("a.pdf", BOOK[:900], "damaged"),
        ("a.pdf", b"", "is empty"),
        ("a.docx", BOOK, "but the file is a PDF"),
        ("a.pdf", makers.pdf([""]), "pictures"),
    ],
)
def test_a_file_that_cannot_be_read_is_kept_and_says_why(
    model: Model,
    no_recognition: None,
    read: Add,
    look: Look,
    name: str,
    content: bytes,
    words: str,
) -> None:
    found = look(read(name, content))
    assert found.indexing_status is IndexingStatus.FAILED
    assert words in (found.details or {})["reason"]
    with storage().local(found.storage_path) as path:
        assert path.read_bytes() == content


def test_a_file_that_is_missing_is_told(
    model: Model, add: Add, look: Look, session: Session
) -> None:
    material_id = add("a.txt", b"text")
    storage().delete(look(material_id).storage_path)
    jobs.index_words(str(material_id))
    assert "missing on the server" in (look(material_id).details or {})["reason"]


def test_a_model_that_is_down_is_waited_for(
    session: Session, course: Course, model: Model, read: Add, look: Look
) -> None:
    material_id = read("a.txt", b"some words to be found")
    session.execute(text("delete from procrastinate_jobs"))
    session.commit()
    model.down = True
    jobs.embed_chunks(str(course.course_id))
    assert look(material_id).indexing_status is IndexingStatus.PROCESSING
    assert [name for name, _ in waiting_jobs(session)] == ["materials:embed_chunks"]
    model.down = False
    finish(course)
    assert look(material_id).indexing_status is IndexingStatus.COMPLETED


def test_a_model_that_refuses_is_told_and_words_still_find(
    course: Course, model: Model, read: Add, look: Look
) -> None:
    material_id = read("a.txt", b"some words to be found")
    model.refusing = True
    jobs.embed_chunks(str(course.course_id))
    found = look(material_id)
    assert found.indexing_status is IndexingStatus.FAILED and found.chunk_count == 1
    assert "not by its meaning" in (found.details or {})["reason"]
    model.refusing = False
    with transaction() as step:
        catalogue.try_again(step, step.get_one(CourseMaterial, material_id))
    jobs.index_words(str(material_id))
    finish(course)
    assert look(material_id).indexing_status is IndexingStatus.COMPLETED


def test_without_a_model_words_are_all(course: Course, read: Add, look: Look) -> None:
    material_id = read("a.txt", b"some words to be found")
    jobs.embed_chunks(str(course.course_id))
    found = look(material_id)
    assert found.indexing_status is IndexingStatus.COMPLETED and found.embedded_count == 0


def test_files_take_turns(session: Session, course: Course, model: Model, read: Add) -> None:
    first, second = read("a.pdf", BOOK), read("b.pdf", BOOK + b"\n")
    done = []
    for _ in range(3):
        with transaction() as step:
            batch = deepening.next_batch(step, course.course_id, embedding_profile())
            done += deepening.materials_of(step, batch)
        jobs.embed_chunks(str(course.course_id))
    assert done == [first, second, first]


def test_a_course_of_many_files_does_not_delay_another(
    session: Session, course: Course, model: Model, add: Add
) -> None:
    for number in range(5):
        add(f"{number}.txt", f"text {number}".encode())
    other = factories.course(session)
    session.commit()
    add("only.txt", b"the only one", into=other)
    priorities = [priority for _, priority in waiting_jobs(session)]
    assert priorities == [99, 98, 97, 96, 95, 99]


def test_the_language_of_the_text_is_the_materials(model: Model, read: Add, look: Look) -> None:
    spanish = "La célula es la unidad de la vida y tiene una membrana que es fina. " * 3
    assert look(read("es.txt", spanish.encode())).search_config == "spanish"
    assert look(read("code.txt", b"x = 1\ny = 2")).search_config == "english"


def test_odd_names_are_taken_as_they_are(model: Model, add: Add, look: Look) -> None:
    names = {
        "../../etc/passwd.txt": "passwd",
        "C:\\Users\\me\\notes.md": "notes",
        "\u202egnp.txt": "gnp",
        "a" * 300 + ".pdf": "a" * 200,
        "name\nof\0two.txt": "nameoftwo",
        "": "Untitled",
        "week_1.pdf": "week 1",
        "v1.2 notes": "v1.2 notes",
    }
    for number, (name, title) in enumerate(names.items()):
        assert look(add(name, f"text {number}".encode())).title == title


def test_what_lost_its_job_is_queued_again(
    session: Session, course: Course, model: Model, add: Add, read: Add, look: Look
) -> None:
    read("a.txt", b"some words to be found")
    waiting = add("b.txt", b"more words to be found")
    session.execute(text("delete from procrastinate_jobs"))
    session.execute(text("update course_materials set upload_date = now() - interval '1 hour'"))
    session.commit()
    jobs.sweep(0)
    jobs.sweep(0)
    names = sorted(name for name, _ in waiting_jobs(session))
    assert names == ["materials:embed_chunks", "materials:index_words"]
    jobs.index_words(str(waiting))
    finish(course)
    assert look(waiting).indexing_status is IndexingStatus.COMPLETED


def test_vectors_that_cannot_be_kept_fail_the_file_and_not_the_others(
    session: Session,
    course: Course,
    model: Model,
    read: Add,
    look: Look,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bad = read("a.txt", b"some words to be found")
    with monkeypatch.context() as patch:
        patch.setattr(deepening, "store_vectors", lambda *_: 1 / 0)
        jobs.embed_chunks(str(course.course_id))
    assert look(bad).indexing_status is IndexingStatus.FAILED
    good = read("b.txt", b"more words to be found")
    finish(course)
    assert look(good).indexing_status is IndexingStatus.COMPLETED
