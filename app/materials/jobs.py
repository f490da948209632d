"""What the queue calls: read a file, make the next vectors, forget a file, clear away.

Each can be run twice, and broken off at any point: a step's rows and the job that goes on from
them are committed together.
"""

import logging
from collections.abc import Callable
from datetime import timedelta
from time import monotonic
from uuid import UUID

import procrastinate
from procrastinate import RetryStrategy
from sqlalchemy.exc import OperationalError

from app.deferral import is_awaited
from app.errors import DomainError
from app.extensions import transaction
from app.llm.client import ModelUnavailable, embed_passages
from app.llm.profiles import EmbeddingProfile
from app.materials import deletion
from app.materials.copying import copy_file
from app.materials.files import incoming
from app.materials.files.removal import remove_unless_used
from app.materials.files.storage import StorageUnreachable, storage
from app.materials.files.verification import verify_some
from app.materials.indexing import deepening, moving, recognising, steps
from app.materials.indexing.extraction import (
    RECOGNISING,
    NotSearched,
    PicturesOnly,
    SourceUnreadable,
    extract,
)
from app.materials.readers import recognition
from app.materials.readers.page import ONLY_PICTURES
from app.materials.uploading import uploads
from app.materials.uploading.unpacking import is_archive, unpack_archive
from models import now

log = logging.getLogger("coursellm.materials")
blueprint = procrastinate.Blueprint()

# The database or the storage may be away for a while; nothing else is worth trying again by itself.
PASSING = [OperationalError, StorageUnreachable]
PATIENT = RetryStrategy(max_attempts=20, wait=5, linear_wait=5, retry_exceptions=PASSING)
# For three days: what is not removed then stays for good.
STUBBORN = RetryStrategy(max_attempts=100, wait=60, linear_wait=60, retry_exceptions=PASSING)
TEXTS_PER_REQUEST = 4
AT_ONE_GO = timedelta(seconds=8)
"""So long a job makes batches; less than a worker that is told to stop waits for it."""
PAUSE_WITHOUT_MODEL = timedelta(seconds=20)

LOST = "The stored file is missing on the server. Upload it again."
OUR_FAULT = (
    "Reading the file failed on our side. The file is kept. Try again, and if that fails too, tell "
    "the people who run CourseLLM."
)
NO_VECTORS = (
    "It is found by its words, but not by its meaning: the model for that could not take it. Try "
    "again, and if that fails too, tell the people who run CourseLLM."
)


@blueprint.task(name="index_words", retry=PATIENT)
def index_words(material_id: str) -> None:
    """Reads a file and makes it findable by its words; unpacks an archive."""
    key = UUID(material_id)
    with transaction() as session:
        to_read = steps.begin_reading(session, key)
    if to_read is not None:
        _read(key, to_read)


@blueprint.task(name="recognise", retry=PATIENT)
def recognise(material_id: str) -> None:
    """Reads the pages of a file that are pictures, and then all of it anew."""
    key = UUID(material_id)
    with transaction() as session:
        to_read = steps.begin_recognition(session, key)
    if to_read is None:
        return
    try:
        with storage().local(to_read.storage_path) as path:
            found = extract(path, to_read.name, RECOGNISING)
        chunks = steps.chunks_of(found)
        with transaction() as session:
            if found.details.get("recognised_pages"):
                steps.store_words(session, key, found, chunks)
            else:
                steps.end_recognition(session, key, ONLY_PICTURES)
    except (OperationalError, StorageUnreachable):
        raise
    except SourceUnreadable as fault:
        _end_recognition(key, fault.sentence)
    except FileNotFoundError:
        _end_recognition(key, LOST)
    except Exception:
        log.exception("pictures of material %s could not be read", material_id)
        _end_recognition(key, OUR_FAULT)


def _read(key: UUID, to_read: steps.ToRead) -> None:
    """Pages that are pictures are left to a job of their own."""
    try:
        if is_archive(to_read.name):
            unpack_archive(key, to_read.storage_path)
            return
        with storage().local(to_read.storage_path) as path:
            found = extract(path, to_read.name)
        chunks = steps.chunks_of(found)
        with transaction() as session:
            steps.store_words(session, key, found, chunks)
            if found.details.get("pictures"):
                recognising.recognise_soon(session, key)
    except PicturesOnly as fault:
        if recognition.program() is None:
            _fail(key, fault.sentence)
            return
        with transaction() as session:
            recognising.recognise_soon(session, key)
    except NotSearched as fault:
        with transaction() as session:
            steps.keep_unread(session, key, fault.sentence, fault.media_type)
    except SourceUnreadable as fault:
        _fail(key, fault.sentence)
    except FileNotFoundError:
        _fail(key, LOST)
    except OperationalError:
        raise
    except StorageUnreachable as error:
        log.warning("material %s is read later: %s", key, error)
        with transaction() as session:
            steps.put_back(session, key)
        raise
    except Exception:
        log.exception("material %s could not be indexed", key)
        _fail(key, OUR_FAULT)


@blueprint.task(name="copy", retry=PATIENT)
def copy(material_id: str, course_id: str, uploader_id: str) -> None:
    """Bring a file of another course into this one."""
    copy_file(UUID(material_id), UUID(course_id), UUID(uploader_id))


@blueprint.task(name="embed_chunks", retry=PATIENT)
def embed_chunks(course_id: str) -> None:
    """Makes the course's next vectors, a batch at a time, and queues what comes after."""
    key = UUID(course_id)
    if not _embed_for_a_while(key, only_move=False):
        _embed_for_a_while(key, only_move=True)


def _embed_for_a_while(key: UUID, *, only_move: bool) -> bool:
    """Goes on where no other course waits: between two jobs of one lock the worker rests until it
    looks again, and the model with it.

    False, and nothing is queued: the model that the course is searched by does not answer, but the
    course moves to another one, which may.
    """
    end = monotonic() + AT_ONE_GO.total_seconds()
    is_on = True
    while is_on:
        with transaction() as session:
            work = moving.next_work(session, key, only_move=only_move)
        if work is None:
            break
        try:
            is_on = _embed_batch(key, work, may_go_on=lambda: monotonic() < end)
        except ModelUnavailable as error:
            log.warning("no vectors for course %s: %s", key, error.reason)
            if error.is_passing and work.is_course_moving and not work.is_move:
                return False
            _wait_or_fail(key, work, is_passing=error.is_passing or only_move)
            break
    return True


def _embed_batch(key: UUID, work: moving.Work, may_go_on: Callable[[], bool]) -> bool:
    """Makes and keeps one batch; whether this job is to make the next one too."""
    try:
        vectors = _vectors(work.batch.texts, work.profile)
        with transaction() as session:
            deepening.store_vectors(session, key, work.batch, vectors, work.profile.name)
            if may_go_on() and not is_awaited(session, deepening.EMBEDDING_LOCK):
                return True
            deepening.embed_soon(session, key, is_patient=work.is_move)
    except (ModelUnavailable, OperationalError):
        raise
    except Exception:
        log.exception("vectors for course %s could not be kept", key)
        _wait_or_fail(key, work, is_passing=False)
    return False


@blueprint.task(name="forget_old_vectors", retry=PATIENT)
def forget_old_vectors(course_id: str) -> None:
    """Removes the vectors of the model that the course had before."""
    with transaction() as session:
        moving.forget_old_vectors(session, UUID(course_id))


@blueprint.task(name="remove_file", retry=STUBBORN)
def remove_file(path: str) -> None:
    """Removes the file of a material that was deleted."""
    remove_unless_used(path)


@blueprint.periodic(cron="*/10 * * * *")
@blueprint.task(
    name="verify", queueing_lock="materials:verify", lock="materials:verify", priority=-1
)
def verify(timestamp: int) -> None:
    """Reads some stored files again and compares their checksums."""
    verify_some()


@blueprint.periodic(cron="*/5 * * * *")
@blueprint.task(name="sweep", queueing_lock="materials:sweep")
def sweep(timestamp: int) -> None:
    """Queues again what is unfinished and waits for no job: nothing waits for ever."""
    with transaction() as session:
        deepening.queue_unfinished(session)
        recognising.queue_unrecognised(session)
        whole = uploads.list_left_whole(session)
    for upload in whole:
        try:
            uploads.finish(upload)
        except DomainError as error:
            log.warning("upload %s is not finished: %s", upload.upload_id, error)


@blueprint.periodic(cron="17 * * * *")
@blueprint.task(name="clear_away", queueing_lock="materials:clear_away")
def clear_away(timestamp: int) -> None:
    """Takes away for good what was deleted a week ago, and uploads that nobody went on with."""
    taken = deletion.AT_ONCE
    while taken == deletion.AT_ONCE:
        with transaction() as session:
            taken = deletion.take_away(session, now() - deletion.KEPT_FOR)
    with transaction() as session:
        useless = uploads.sweep(session)
    for upload_id in useless:
        incoming.discard(upload_id)
    incoming.clear_scratch()


def _vectors(texts: list[str], profile: EmbeddingProfile) -> list[list[float]]:
    """A few texts a request: others may ask the same server in between."""
    vectors: list[list[float]] = []
    for start in range(0, len(texts), TEXTS_PER_REQUEST):
        vectors += embed_passages(texts[start : start + TEXTS_PER_REQUEST], profile)
    return vectors


def _wait_or_fail(course_id: UUID, work: moving.Work, *, is_passing: bool) -> None:
    """Files that are to be found by meaning fail where the model refuses; a move just waits."""
    if work.is_move and not is_passing:
        return
    with transaction() as session:
        if is_passing:
            at = now() + PAUSE_WITHOUT_MODEL
            deepening.embed_soon(session, course_id, is_patient=True, schedule_at=at)
            return
        for material_id in deepening.materials_of(session, work.batch):
            steps.mark_failed(session, material_id, NO_VECTORS)
        deepening.embed_soon(session, course_id)


def _fail(material_id: UUID, sentence: str) -> None:
    with transaction() as session:
        steps.mark_failed(session, material_id, sentence)


def _end_recognition(material_id: UUID, sentence: str) -> None:
    with transaction() as session:
        steps.end_recognition(session, material_id, sentence)
