"""Reads pages that are pictures by Tesseract, where it is installed, with the languages it has."""

import io
import os
import re
import shutil
import subprocess
import time
from functools import cache
from typing import Any

from .cleaning import clean

# So much one file may take, and one page.
SECONDS = 600
SECONDS_PER_PAGE = 60
DOTS_PER_INCH = 200
MOST_DOTS = 4_000
MOST_LANGUAGES = 6
_NO_LANGUAGES = {"osd", "equ", "snum"}
_BROKEN_WORD = re.compile(r"(?<=[^\W\d_])[-‐]\n(?=[^\W\d_A-Z])")


def program() -> str | None:
    """Where Tesseract is, if it is installed."""
    return shutil.which("tesseract")


_allowed = 0


def allow(seconds: int) -> None:
    """So much time recognition may take in this process, from now on."""
    global _allowed  # noqa: PLW0603 - the process reads one file
    _allowed = seconds


class Recogniser:
    """Recognises the pages of one file while its time lasts; those left over are counted."""

    def __init__(self) -> None:
        self.count = self.left_over = 0
        self._left = float(_allowed)

    def text(self, page: Any) -> str:
        """The text of a page of PDFium's; empty if it has none, or cannot be recognised."""
        found = program()
        if found is None or next(page.get_objects(max_depth=2), None) is None:
            return ""
        if self._left <= 0:
            self.left_over += 1
            return ""
        began = time.monotonic()
        text = _recognised(found, _picture(page), min(self._left, SECONDS_PER_PAGE))
        self._left -= time.monotonic() - began
        self.count += bool(text)
        return text


def _picture(page: Any) -> bytes:
    scale = min(DOTS_PER_INCH / 72, MOST_DOTS / max(*page.get_size(), 1))
    out = io.BytesIO()
    page.render(scale=scale, grayscale=True).to_pil().save(out, "PNG", compress_level=1)
    return out.getvalue()


def _recognised(found: str, picture: bytes, seconds: float) -> str:
    try:
        said = subprocess.run(  # noqa: S603 - no shell; the picture comes by standard input
            [found, "stdin", "stdout", "-l", _languages(found), "--dpi", str(DOTS_PER_INCH)],
            input=picture,
            capture_output=True,
            timeout=seconds,
            check=True,
            env={**os.environ, "OMP_THREAD_LIMIT": "1"},
            preexec_fn=_end_with_parent,
        ).stdout
    except (subprocess.SubprocessError, OSError):
        return ""
    return clean(_BROKEN_WORD.sub("", said.decode("utf-8", "replace"))).strip()


def _end_with_parent() -> None:
    from .child import end_with_parent

    end_with_parent()


@cache
def _languages(found: str) -> str:
    """All that are installed: who runs the tool installs those of its courses."""
    listed = subprocess.run(  # noqa: S603 - no shell
        [found, "--list-langs"], capture_output=True, timeout=20, check=True, text=True
    ).stdout
    names = [line.strip() for line in listed.splitlines()[1:] if line.strip()]
    chosen = [n for n in names if n not in _NO_LANGUAGES and "/" not in n][:MOST_LANGUAGES]
    return "+".join(chosen) or "eng"
