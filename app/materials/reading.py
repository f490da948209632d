"""Reads a file whose turn has come: its text, the pictures on its pages, or what an archive holds.

What goes wrong becomes a sentence at the file. Only the database and the storage may be away for a
while: that is raised, and the job comes again.
"""

import logging
import uuid

from sqlalchemy.exc import OperationalError

from app.extensions import transaction
from app.materials.files.storage import StorageUnreachable, storage
from app.materials.indexing import recognising, steps
from app.materials.indexing.extraction import (
    RECOGNISING,
    NotSearched,
    PicturesOnly,
    SourceUnreadable,
    extract,
)
from app.materials.readers import recognition
from app.materials.readers.page import ONLY_PICTURES
from app.materials.uploading.unpacking import is_archive, unpack_archive

log = logging.getLogger("coursellm.materials")

LOST = "The stored file is missing on the server. Upload it again."
OUR_FAULT = (
    "Reading the file failed on our side. The file is kept. Try again, and if that fails too, tell "
    "the people who run CourseLLM."
)


def read(material_id: uuid.UUID) -> None:
    """Makes a file findable by its words; unpacks an archive.

    Pages that are pictures are left to a job of their own.
    """
    with transaction() as session:
        to_read = steps.begin_reading(session, material_id)
    if to_read is None:
        return
    try:
        if is_archive(to_read.name):
            unpack_archive(material_id, to_read.storage_path)
            return
        with storage().local(to_read.storage_path) as path:
            found = extract(path, to_read.name)
        chunks = steps.chunks_of(found)
        with transaction() as session:
            steps.store_words(session, material_id, found, chunks)
            if found.details.get("pictures"):
                recognising.recognise_soon(session, material_id)
    except PicturesOnly as fault:
        if recognition.program() is None:
            _fail(material_id, fault.sentence)
            return
        with transaction() as session:
            recognising.recognise_soon(session, material_id)
    except NotSearched as fault:
        with transaction() as session:
            steps.keep_unread(session, material_id, fault.sentence, fault.media_type)
    except SourceUnreadable as fault:
        _fail(material_id, fault.sentence)
    except FileNotFoundError:
        _fail(material_id, LOST)
    except OperationalError:
        raise
    except StorageUnreachable as error:
        log.warning("material %s is read later: %s", material_id, error)
        with transaction() as session:
            steps.put_back(session, material_id)
        raise
    except Exception:
        log.exception("material %s could not be indexed", material_id)
        _fail(material_id, OUR_FAULT)


def read_pictures(material_id: uuid.UUID) -> None:
    """Reads the pages of a file that are pictures, and then all of it anew."""
    with transaction() as session:
        to_read = steps.begin_recognition(session, material_id)
    if to_read is None:
        return
    try:
        with storage().local(to_read.storage_path) as path:
            found = extract(path, to_read.name, RECOGNISING)
        chunks = steps.chunks_of(found)
        with transaction() as session:
            if found.details.get("recognised_pages"):
                steps.store_words(session, material_id, found, chunks)
            else:
                steps.end_recognition(session, material_id, ONLY_PICTURES)
    except (OperationalError, StorageUnreachable):
        raise
    except SourceUnreadable as fault:
        _end_recognition(material_id, fault.sentence)
    except FileNotFoundError:
        _end_recognition(material_id, LOST)
    except Exception:
        log.exception("pictures of material %s could not be read", material_id)
        _end_recognition(material_id, OUR_FAULT)


def _fail(material_id: uuid.UUID, sentence: str) -> None:
    with transaction() as session:
        steps.mark_failed(session, material_id, sentence)


def _end_recognition(material_id: uuid.UUID, sentence: str) -> None:
    with transaction() as session:
        steps.end_recognition(session, material_id, sentence)
