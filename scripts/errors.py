"""The one error that set-up and supervisor show to a person: a sentence that says what to do."""

import errno
import shutil
from pathlib import Path


class CannotStart(Exception):
    """Something outside of our power stands in the way; the message says what, and what to do."""


def require_space(folder: Path, megabytes: int) -> None:
    """Raise CannotStart unless the disk below `folder` (or its nearest parent) has the room."""
    place = folder.absolute()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free // 2**20
    if free < megabytes:
        raise CannotStart(
            f"The disk that holds {folder} is full: {free} MB are free, {megabytes} MB are needed."
            " Free some space, or set COURSELLM_DATA to a folder on another disk."
        )


def explain_os_error(error: OSError, doing: str) -> CannotStart:
    """The sentence for an operating system's error met while `doing` something."""
    # shutil gathers several errors in one that has no number.
    if error.errno in (errno.ENOSPC, errno.EDQUOT) or "No space left on device" in str(error):
        return CannotStart(f"The disk is full ({doing}). Free some space and start again.")
    return CannotStart(f"{doing} failed: {error}.")
