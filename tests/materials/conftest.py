"""A course with files in it, and a stand-in for the embedding model."""

import hashlib
import io
import math
import random
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser
from sqlalchemy.orm import Session

from app import config
from app.config import Settings
from app.extensions import transaction
from app.llm.client import ModelUnavailable
from app.llm.profiles import EmbeddingProfile
from app.materials import catalogue, jobs
from app.materials.files import incoming
from app.materials.files.bucket import bucket_storage
from app.materials.files.storage import storage
from app.materials.indexing import batches
from models import Course, CourseMaterial, CourseRole
from tests import factories
from tests.browsers import chromium
from tests.helpers import Visitor, enter
from tests.materials.s3 import KEYS, S3Server

MODEL = "stand-in"
WIDTH = 64
SAID = "Chlorophyll absorbs light"


def vector_of(text: str) -> list[float]:
    """A bag of words as a direction: texts that share words are near."""
    total = [0.0] * WIDTH
    for word in text.lower().split():
        draw = random.Random(hashlib.sha256(word.encode()).digest())
        total = [value + draw.gauss(0, 1) for value in total]
    length = math.sqrt(sum(value * value for value in total)) or 1.0
    return [value / length for value in total]


class Model:
    """Embeds passages; `down` or `refusing` when a test says so."""

    def __init__(self) -> None:
        self.down = self.refusing = False
        self.texts: list[str] = []

    def embed_passages(self, texts: Sequence[str], profile: EmbeddingProfile) -> list[list[float]]:
        if self.down or self.refusing:
            raise ModelUnavailable(reason="as the test says", is_passing=self.down)
        self.texts += texts
        return [vector_of(text) for text in texts]


@pytest.fixture
def model(app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Model]:
    """A connected embedding model; each job makes one batch."""
    model = Model()
    monkeypatch.setattr(batches, "embed_passages", model.embed_passages)
    monkeypatch.setattr(batches, "AT_ONE_GO", timedelta(0))
    config.install(
        replace(settings, embedding_base_url="http://127.0.0.1:9/v1", embedding_model=MODEL)
    )
    yield model
    config.install(settings)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Not for the whole folder: while it is open, no other test can have an event loop."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def course(session: Session) -> Course:
    course = factories.course(session)
    session.commit()
    return course


@pytest.fixture
def teacher(app: Flask, session: Session, course: Course) -> Visitor:
    return enter(app, session, course, CourseRole.TEACHER)


@pytest.fixture
def student(app: Flask, session: Session, course: Course) -> Visitor:
    return enter(app, session, course, CourseRole.STUDENT)


Add = Callable[..., uuid.UUID]


@pytest.fixture
def add(session: Session, course: Course) -> Add:
    """Adds a file to a course as an upload does; gives its id."""

    def add(name: str, content: bytes, into: Course = course) -> uuid.UUID:
        uploader = factories._teacher_of(session, into)
        session.commit()
        material_id = uuid.uuid4()
        stored = storage().save(io.BytesIO(content), material_id)
        with transaction() as step:
            catalogue.add_material(step, into.course_id, uploader, name, material_id, stored)
        return material_id

    return add


@pytest.fixture
def read(add: Add) -> Add:
    """Adds a file and reads it: it is searchable by words afterwards."""

    def read(name: str, content: bytes, **where: Course) -> uuid.UUID:
        material_id = add(name, content, **where)
        jobs.index_words(str(material_id))
        return material_id

    return read


Look = Callable[[uuid.UUID], CourseMaterial]


@pytest.fixture
def look(session: Session) -> Look:
    """The material as the database has it now."""

    def look(material_id: uuid.UUID) -> CourseMaterial:
        session.rollback()
        return session.get_one(CourseMaterial, material_id, populate_existing=True)

    return look


@pytest.fixture
def no_uploads(app: Flask) -> None:
    """What other tests left of files on their way is gone."""
    for upload_id in incoming.ids():
        incoming.discard(upload_id)


@pytest.fixture
def no_recognition(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine without Tesseract."""
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.fixture
def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Tesseract that says nothing until this file is there."""
    gate = tmp_path / "gate"
    program = tmp_path / "tesseract"
    program.write_text(
        f"""#!/bin/sh
[ "$1" = --list-langs ] && printf 'List\\neng\\n' && exit
cat >/dev/null
while [ ! -e {gate} ]; do sleep 0.1; done
echo "{SAID}"
"""
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return gate


@dataclass
class Bucket:
    """A bucket of a real S3 server, where the installation keeps its files."""

    server: S3Server
    name: str
    settings: Settings

    def objects(self) -> Mapping[str, int]:
        return self.server.objects(self.name)


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    server = S3Server()
    yield server
    server.stop()


@pytest.fixture
def bucket(
    app: Flask, settings: Settings, s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Bucket]:
    """The installation's files are in a bucket of their own, under a prefix."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    name = f"files-{uuid.uuid4().hex[:12]}"
    s3.make_bucket(name)
    bucket_storage.cache_clear()
    there = replace(settings, storage_url=f"s3://{name}/course/llm", storage_endpoint=s3.url)
    config.install(there)
    yield Bucket(s3, name, there)
    config.install(settings)
