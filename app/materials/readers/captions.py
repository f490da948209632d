"""Reads captions (WebVTT, SubRip): a minute or so of speech is a page, its label the time.

WebVTT: W3C, section 4; SubRip has no standard, its cues have the same form.
"""

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from .cleaning import clean
from .page import DAMAGED, Page, Source, Unreadable
from .plain import decode

# About what one chunk holds, so that what is cited begins where the citation says.
ENOUGH, MOST = 600, 900
LONGEST_SECONDS = 120

_TIME = r"(?:(\d+):)?(\d{1,2}):(\d\d)[.,]\d{1,3}"
_TIMING = re.compile(rf"^[ \t]*{_TIME}[ \t]+-->[ \t]+{_TIME}.*$", re.M)
_SPEAKER = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]+)>")
_TAG = re.compile(r"</?[a-zA-Z0-9][^>]*>|\{\\[^}]*\}")


class Cue(NamedTuple):
    """What is said from a second on; `speaker` where the captions name one."""

    second: int
    text: str
    speaker: str = ""


def read(path: Path) -> Source:
    """Raises `Unreadable` if there is not one cue with a time."""
    text = decode(path.read_bytes()).replace("\r\n", "\n").replace("\r", "\n")
    if not _TIMING.search(text):
        raise Unreadable(DAMAGED)
    return Source(None, _pages(_cues(text)))


def _cues(text: str) -> Iterator[Cue]:
    """The cues; lines that stay on the screen while the next one comes are said once."""
    shown: list[str] = []
    marks = list(_TIMING.finditer(text))
    for mark in marks:
        payload = re.split(r"\n[ \t]*\n", text[mark.end() + 1 : _end(text, mark.end())], maxsplit=1)
        speaker = _SPEAKER.search(payload[0])
        plain = html.unescape(_TAG.sub("", payload[0]))
        lines = [line.strip() for line in clean(plain).split("\n") if line.strip()]
        new = [line for line in lines if line not in shown]
        shown = lines or shown
        if new:
            hours, minutes, seconds = (int(part or 0) for part in mark.groups()[:3])
            said = speaker.group(1).strip() if speaker else ""
            yield Cue(hours * 3600 + minutes * 60 + seconds, " ".join(new), said)


def _end(text: str, start: int) -> int:
    following = _TIMING.search(text, start)
    return following.start() if following else len(text)


def _pages(cues: Iterator[Cue]) -> Iterator[Page]:
    number, begin, text, speaker = 1, 0, "", ""
    for cue in cues:
        if text and _is_full(text, cue.second - begin):
            yield _page(number, begin, text)
            number, text, speaker = number + 1, "", ""
        if not text:
            begin = cue.second
        if cue.speaker and cue.speaker != speaker:
            text += ("\n" if text else "") + f"{cue.speaker}: "
            speaker = cue.speaker
        elif text:
            text += " "
        text += cue.text
    if text:
        yield _page(number, begin, text)


def _is_full(text: str, seconds: int) -> bool:
    """At a sentence's end if one comes in time."""
    ends = text.endswith((".", "?", "!", "…", "。"))
    return len(text) >= MOST or seconds >= LONGEST_SECONDS or (ends and len(text) >= ENOUGH)


def _page(number: int, second: int, text: str) -> Page:
    time = clock(second)
    return Page(number, text, label=time, heading=time)


def clock(second: int) -> str:
    """ "12:40", or "1:02:05" after an hour."""
    hours, rest = divmod(second, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
