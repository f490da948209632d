"""What the queue calls: read a file, make the next vectors, forget a file, clear away.

Each can be run twice, and broken off at any point: a step's rows and the job that goes on from
them are committed together.
"""

import logging
from uuid import UUID

import procrastinate
from procrastinate import RetryStrategy
from sqlalchemy.exc import OperationalError

from app.errors import DomainError
from app.extensions import transaction
from app.materials import deletion, reading
from app.materials.copying import copy_file
from app.materials.files import incoming
from app.materials.files.removal import remove_unless_used
from app.materials.files.storage import StorageUnreachable
from app.materials.files.verification import verify_some
from app.materials.indexing import batches, deepening, moving, recognising
from app.materials.uploading import uploads
from models import now

log = logging.getLogger("coursellm.materials")
blueprint = procrastinate.Blueprint()

# The database or the storage may be away for a while; nothing else is worth trying again by itself.
PASSING = [OperationalError, StorageUnreachable]
PATIENT = RetryStrategy(max_attempts=20, wait=5, linear_wait=5, retry_exceptions=PASSING)
# For three days: what is not removed then stays for good.
STUBBORN = RetryStrategy(max_attempts=100, wait=60, linear_wait=60, retry_exceptions=PASSING)


@blueprint.task(name="index_words", retry=PATIENT)
def index_words(material_id: str) -> None:
    """Reads a file and makes it findable by its words; unpacks an archive."""
    reading.read(UUID(material_id))


@blueprint.task(name="recognise", retry=PATIENT)
def recognise(material_id: str) -> None:
    """Reads the pages of a file that are pictures, and then all of it anew."""
    reading.read_pictures(UUID(material_id))


@blueprint.task(name="copy", retry=PATIENT)
def copy(material_id: str, course_id: str, uploader_id: str) -> None:
    """Bring a file of another course into this one."""
    copy_file(UUID(material_id), UUID(course_id), UUID(uploader_id))


@blueprint.task(name="embed_chunks", retry=PATIENT)
def embed_chunks(course_id: str) -> None:
    """Makes the course's next vectors, a batch at a time, and queues what comes after."""
    batches.embed_for_a_while(UUID(course_id))


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
