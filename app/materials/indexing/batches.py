"""Makes a course's next vectors: batch after batch, for a while; then another course has its turn.

No transaction is held while a model works. Each batch is kept together with the job that makes the
next one.
"""

import logging
import uuid
from collections.abc import Callable
from datetime import timedelta
from time import monotonic

from sqlalchemy.exc import OperationalError

from app.deferral import is_awaited
from app.extensions import transaction
from app.llm.client import ModelUnavailable, embed_passages
from app.llm.profiles import EmbeddingProfile
from app.materials.indexing import deepening, moving, steps
from models import now

log = logging.getLogger("coursellm.materials")

TEXTS_PER_REQUEST = 4
AT_ONE_GO = timedelta(seconds=8)
"""So long a job makes batches; less than a worker that is told to stop waits for it."""
PAUSE_WITHOUT_MODEL = timedelta(seconds=20)
NO_VECTORS = (
    "It is found by its words, but not by its meaning: the model for that could not take it. Try "
    "again, and if that fails too, tell the people who run CourseLLM."
)


def embed_for_a_while(course_id: uuid.UUID) -> None:
    """Makes vectors until they are all there, time is up, or another course waits."""
    if not _embed(course_id, only_move=False):
        _embed(course_id, only_move=True)


def _embed(course_id: uuid.UUID, *, only_move: bool) -> bool:
    """Goes on where no other course waits: between two jobs of one lock the worker rests until it
    looks again, and the model with it.

    False, and nothing is queued: the model that the course is searched by does not answer, but the
    course moves to another one, which may.
    """
    end = monotonic() + AT_ONE_GO.total_seconds()
    is_on = True
    while is_on:
        with transaction() as session:
            work = moving.next_work(session, course_id, only_move=only_move)
        if work is None:
            break
        try:
            is_on = _embed_batch(course_id, work, may_go_on=lambda: monotonic() < end)
        except ModelUnavailable as error:
            log.warning("no vectors for course %s: %s", course_id, error.reason)
            if error.is_passing and work.is_course_moving and not work.is_move:
                return False
            _wait_or_fail(course_id, work, is_passing=error.is_passing or only_move)
            break
    return True


def _embed_batch(course_id: uuid.UUID, work: moving.Work, may_go_on: Callable[[], bool]) -> bool:
    """Makes and keeps one batch; whether this job is to make the next one too."""
    try:
        vectors = _vectors(work.batch.texts, work.profile)
        with transaction() as session:
            deepening.store_vectors(session, course_id, work.batch, vectors, work.profile.name)
            if may_go_on() and not is_awaited(session, deepening.EMBEDDING_LOCK):
                return True
            deepening.embed_soon(session, course_id, is_patient=work.is_move)
    except (ModelUnavailable, OperationalError):
        raise
    except Exception:
        log.exception("vectors for course %s could not be kept", course_id)
        _wait_or_fail(course_id, work, is_passing=False)
    return False


def _vectors(texts: list[str], profile: EmbeddingProfile) -> list[list[float]]:
    """A few texts a request: others may ask the same server in between."""
    vectors: list[list[float]] = []
    for start in range(0, len(texts), TEXTS_PER_REQUEST):
        vectors += embed_passages(texts[start : start + TEXTS_PER_REQUEST], profile)
    return vectors


def _wait_or_fail(course_id: uuid.UUID, work: moving.Work, *, is_passing: bool) -> None:
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
