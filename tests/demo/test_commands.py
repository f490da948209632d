"""`flask demo course`: a course to try things with, the same however often it is asked for."""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import config
from app.config import Settings
from app.demo import commands, loading, vectors
from app.demo.content import COURSE
from app.demo.course import CONTEXT_ID, id_in
from app.llm.profiles import embedding_profile
from app.materials import catalogue, deletion
from app.materials.files.storage import storage
from app.materials.indexing import deepening, steps
from app.materials.search import search
from models import (
    SYSTEM_USER_ID,
    Base,
    ChunkVector,
    Concept,
    ConceptDependency,
    Course,
    CourseMaterial,
    Deployment,
    IndexingStatus,
    LtiContext,
    MaterialChunk,
    MaterialPage,
    Platform,
    PracticeQuestion,
    Registration,
    RegistrationStatus,
)
from tests import factories

ISSUER = "http://127.0.0.1:8001"
Run = Callable[..., str]
read_once = cache(loading._read)


@pytest.fixture
def run(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command as an operator calls it; what it printed. Files are read once for all tests."""
    monkeypatch.delenv("DEMO_LMS_PORT", raising=False)
    monkeypatch.setattr(loading, "_read", read_once)

    def call(*arguments: str, exit_code: int = 0) -> str:
        result = app.test_cli_runner().invoke(args=["demo", *arguments])
        assert result.exit_code == exit_code, result.output
        return result.output

    return call


def _course(session: Session) -> Course:
    session.expire_all()
    course_id = session.scalars(
        select(LtiContext.course_id).where(LtiContext.lti_context_id == CONTEXT_ID)
    ).one()
    return session.get_one(Course, course_id)


def _counts(session: Session) -> dict[str, int]:
    return {
        name: session.scalar(select(func.count()).select_from(table)) or 0
        for name, table in Base.metadata.tables.items()
    }


def _material(session: Session, number: int) -> CourseMaterial:
    course = _course(session)
    name = COURSE.files[number].name
    return session.get_one(CourseMaterial, id_in(course.course_id, "material", name))


def test_first_run_registers_the_platform_and_makes_the_course(run: Run, session: Session) -> None:
    assert "5 files added" in run("course")
    platform = session.scalars(select(Platform)).one()
    registration = session.scalars(select(Registration)).one()
    deployment = session.scalars(select(Deployment)).one()
    assert (platform.issuer, platform.jwks_url) == (ISSUER, f"{ISSUER}/jwks")
    assert registration.client_id == "coursellm-demo"
    assert (registration.auth_url, registration.token_url) == (f"{ISSUER}/auth", f"{ISSUER}/token")
    assert registration.status is RegistrationStatus.ACTIVE
    assert not registration.adopts_first_deployment
    assert deployment.lti_deployment_id == "demo-1"
    assert deployment.status is RegistrationStatus.ACTIVE
    course = _course(session)
    assert (course.course_code, course.course_name) == ("PY101", "Python basics")
    assert course.instructor_id is None


def test_course_has_its_concepts_in_their_order_and_their_questions(
    run: Run, session: Session
) -> None:
    run("course")
    course = _course(session)
    names = set(session.scalars(select(Concept.name).where(Concept.course_id == course.course_id)))
    assert names == {entry.name for entry in COURSE.concepts}
    edges = session.scalar(select(func.count()).select_from(ConceptDependency))
    assert edges == sum(len(entry.prerequisites) for entry in COURSE.concepts)
    questions = session.scalars(select(PracticeQuestion)).all()
    assert len(questions) == sum(len(entry.questions) for entry in COURSE.concepts)
    assert all(question.is_active for question in questions)
    assert {question.created_by for question in questions} == {SYSTEM_USER_ID}


def test_materials_are_searchable_at_once_by_words_and_by_meaning(
    run: Run, session: Session
) -> None:
    run("course")
    course = _course(session)
    materials = catalogue.list_materials(session, course.course_id)
    assert {m.title for m in materials} == {file.title for file in COURSE.files}
    assert {m.indexing_status for m in materials} == {IndexingStatus.COMPLETED}
    assert all(m.chunk_count == m.embedded_count > 0 and m.is_public for m in materials)
    reader = _material(session, 4)
    assert 12 <= (reader.page_count or 0) <= 20
    by_words = search(session, course.course_id, "What is a traceback?", question_vector=None)
    assert by_words.passages[0].material_id == reader.material_id
    for number, word in ((3, "immutable"), (4, "aliasing")):
        text = next(t for t in loading.texts_of(COURSE.files[number]) if word in t.lower())
        near = search(session, course.course_id, "zzz", question_vector=vectors.read().find(text))
        assert word in near.passages[0].content.lower()


def test_jobs_that_were_queued_find_nothing_left_to_do(run: Run, session: Session) -> None:
    run("course")
    course = _course(session)
    material = _material(session, 0)
    assert steps.begin_reading(session, material.material_id) is None
    batch = deepening.next_batch(session, course.course_id, embedding_profile())
    assert batch.chunk_ids == []


def test_second_run_changes_nothing_and_is_quick(run: Run, session: Session) -> None:
    run("course")
    before, chunks = _counts(session), set(session.scalars(select(MaterialChunk.chunk_id)))
    session.rollback()
    begin = time.monotonic()
    assert "0 files added" in run("course")
    assert time.monotonic() - begin < 20
    assert _counts(session) == before
    assert set(session.scalars(select(MaterialChunk.chunk_id))) == chunks


def test_what_is_missing_is_added_again(run: Run, session: Session) -> None:
    run("course")
    before = _counts(session)
    session.delete(_material(session, 1))
    session.delete(session.scalars(select(PracticeQuestion).limit(1)).one())
    session.delete(session.scalars(select(Concept).where(Concept.name == "References")).one())
    session.commit()
    assert "1 files added" in run("course")
    after = _counts(session)
    changing = {"audit_events", "procrastinate_jobs", "procrastinate_events"}
    assert {k: v for k, v in after.items() if k not in changing} == {
        k: v for k, v in before.items() if k not in changing
    }


def test_what_a_teacher_has_changed_stays(run: Run, session: Session) -> None:
    run("course")
    course, material = _course(session), _material(session, 2)
    course.course_name, course.description = "Our Python", "Ours"
    concept = session.scalars(select(Concept).where(Concept.name == "Loops")).one()
    concept.name, concept.keywords = "Repeating", ["again"]
    question = session.scalars(select(PracticeQuestion).limit(1)).one()
    question.question_text, question.is_active = "Another wording?", False
    catalogue.rename(session, material, "Functions (new)")
    catalogue.release(session, [material], is_public=False)
    before = _counts(session)
    session.commit()
    run("course")
    assert _counts(session) == before
    for row in (course, concept, question, material):
        session.refresh(row)
    assert (course.course_name, course.description) == ("Our Python", "Ours")
    assert (concept.name, concept.keywords) == ("Repeating", ["again"])
    assert (question.question_text, question.is_active) == ("Another wording?", False)
    assert (material.title, material.is_public) == ("Functions (new)", False)


def test_what_a_teacher_has_deleted_stays_deleted(run: Run, session: Session) -> None:
    run("course")
    deletion.delete_materials(session, SYSTEM_USER_ID, [_material(session, 2)])
    session.commit()
    assert "0 files added" in run("course")
    course = _course(session)
    assert len(catalogue.list_materials(session, course.course_id)) == 4


def test_concept_of_a_teacher_with_the_same_name_is_taken_as_it_is(
    run: Run, session: Session
) -> None:
    run("course")
    session.delete(
        session.scalars(select(Concept).where(Concept.name == "Files and exceptions")).one()
    )
    session.commit()
    own = factories.concept(session, _course(session), name="files and Exceptions")
    session.commit()
    run("course")
    asked = session.scalars(
        select(PracticeQuestion).where(PracticeQuestion.concept_id == own.concept_id)
    ).all()
    assert len(asked) == len(COURSE.concepts[-1].questions)
    assert session.get_one(Concept, own.concept_id).name == "files and Exceptions"


def test_file_that_a_teacher_has_uploaded_already_is_not_doubled(
    run: Run, session: Session
) -> None:
    run("course")
    course, file = _course(session), COURSE.files[0]
    session.delete(_material(session, 0))
    own = factories.material(session, course)
    with file.path.open("rb") as content:
        own.storage_path = storage().save(content, own.material_id).path
    session.commit()
    assert "0 files added" in run("course")
    assert len(catalogue.list_materials(session, course.course_id)) == 5


def test_course_that_a_launch_made_first_gets_its_content(run: Run, session: Session) -> None:
    run("course")
    made = _course(session)
    session.delete(made)
    session.flush()
    launched = factories.course(session, course_code="PY101", course_name="Python basics")
    deployment = session.scalars(select(Deployment)).one()
    session.add(
        LtiContext(
            deployment_id=deployment.deployment_id,
            lti_context_id=CONTEXT_ID,
            course_id=launched.course_id,
        )
    )
    session.commit()
    assert "5 files added" in run("course")
    assert _course(session).course_id == launched.course_id
    assert session.scalar(select(func.count()).select_from(Course)) == 1


def test_other_platforms_and_courses_are_not_touched(run: Run, session: Session) -> None:
    other = factories.course(session, course_name="Chemistry")
    factories.concept(session, other, name="Loops")
    factories.material(session, other)
    platform = Platform(
        name="School", issuer="https://lms.example", jwks_url="https://lms.example/k"
    )
    session.add(platform)
    session.commit()
    run("course")
    session.expire_all()
    concepts = select(Concept.name).where(Concept.course_id == other.course_id)
    assert session.scalars(concepts).all() == ["Loops"]
    assert len(catalogue.list_materials(session, other.course_id)) == 1
    registrations = select(Registration).where(Registration.platform_id == platform.platform_id)
    assert session.scalars(registrations).all() == []


def test_registration_that_an_operator_switched_off_stays_off(run: Run, session: Session) -> None:
    run("course")
    session.scalars(select(Registration)).one().status = RegistrationStatus.DISABLED
    session.commit()
    run("course")
    session.expire_all()
    assert session.scalars(select(Registration)).one().status is RegistrationStatus.DISABLED


def test_another_port_of_the_demo_lms_is_another_platform(run: Run, session: Session) -> None:
    run("course", "--lms-port", "9001")
    assert session.scalars(select(Platform.issuer)).all() == ["http://127.0.0.1:9001"]


def test_another_embedding_model_leaves_the_vectors_to_the_worker(
    run: Run, session: Session, settings: Settings
) -> None:
    config.install(
        replace(settings, embedding_model="other", embedding_base_url="http://127.0.0.1:1/v1")
    )
    run("course")
    course = _course(session)
    materials = catalogue.list_materials(session, course.course_id)
    assert {m.indexing_status for m in materials} == {IndexingStatus.PROCESSING}
    assert session.scalar(select(func.count()).select_from(ChunkVector)) == 0
    found = search(session, course.course_id, "traceback", question_vector=None)
    assert found.passages


def test_text_without_a_vector_is_left_to_the_worker(
    run: Run, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = vectors.read()
    gone = vectors.key_of(loading.texts_of(COURSE.files[0])[0])
    fewer = {key: packed for key, packed in known.packed.items() if key != gone}
    read_fewer = partial(vectors.VectorFile, known.model, known.dimensions, fewer)
    monkeypatch.setattr(vectors, "read", read_fewer)
    run("course")
    material = _material(session, 0)
    assert material.embedded_count == material.chunk_count - 1
    assert material.indexing_status is IndexingStatus.PROCESSING
    batch = deepening.next_batch(session, material.course_id, embedding_profile())
    assert [vectors.key_of(text) for text in batch.texts] == [gone]


@pytest.mark.parametrize("command", ["course", "vectors"])
def test_production_refuses(run: Run, session: Session, settings: Settings, command: str) -> None:
    config.install(replace(settings, url="https://tutor.example.edu"))
    before = _counts(session)
    said = run(command, exit_code=1)
    assert "production" in said and "https://tutor.example.edu" in said
    assert _counts(session) == before


def test_address_that_is_not_trusted_is_refused_with_what_to_do(
    run: Run, session: Session, settings: Settings
) -> None:
    config.install(replace(settings, trusted_private_hosts=()))
    before = _counts(session)
    said = run("course", exit_code=1)
    assert "COURSELLM_TRUSTED_PRIVATE_HOSTS=127.0.0.1:8001" in said
    assert _counts(session) == before


def test_vectors_are_made_for_texts_that_lack_them(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    known = vectors.read()
    text = loading.texts_of(COURSE.files[0])[0]
    fewer = {key: packed for key, packed in known.packed.items() if key != vectors.key_of(text)}
    asked: list[str] = []

    def embed(texts: list[str]) -> list[list[float]]:
        asked.extend(texts)
        return [[1.0] + [0.0] * 383 for _ in texts]

    path = tmp_path / "vectors.json"
    write = partial(vectors.write, path=path)
    read_fewer = partial(vectors.VectorFile, known.model, known.dimensions, fewer)
    monkeypatch.setattr(commands, "embed_passages", embed)
    monkeypatch.setattr(vectors, "write", write)
    monkeypatch.setattr(vectors, "read", read_fewer)
    assert "1 of" in run("vectors")
    assert asked == [text]
    monkeypatch.undo()
    written = vectors.read(path)
    assert written.packed.keys() == known.packed.keys()
    assert fewer.items() <= written.packed.items()


def test_vectors_say_what_to_do_without_a_server(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "write", pytest.fail)
    said = run("vectors", "--all", exit_code=1)
    assert "COURSELLM_EMBEDDING_BASE_URL" in said


def test_pages_of_the_reader_carry_their_headings(run: Run, session: Session) -> None:
    run("course")
    reader = _material(session, 4)
    pages = session.scalars(
        select(MaterialPage)
        .where(MaterialPage.material_id == reader.material_id)
        .order_by(MaterialPage.number)
    ).all()
    assert pages[5].content.startswith("Chapter 2\nNames and references")
    assert any("Names and references" in (page.heading or "") for page in pages[5:9])
