"""Text as platforms send it: identifiers held to their rules, names made fit to be stored."""

import json
import re
from typing import Any

LONGEST_ID = 255
_UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
"""Control characters, lone surrogates, and what turns the direction of all text after it."""
_VARIABLE = re.compile(r"\$[A-Za-z]+(\.[A-Za-z]+)+")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}")


def is_identifier(value: object) -> bool:
    """1 to 255 printable characters. (LTI core says ASCII; real ones use more.)

    A variable that was left standing, as "$User.id", names everybody at once, so nobody.
    """
    if not isinstance(value, str) or value.startswith("$"):
        return False
    return 0 < len(value) <= LONGEST_ID and value.isprintable()


def clean(value: object) -> str:
    """Text without the characters that no database or page takes, on one line; "" if it is none."""
    if not isinstance(value, str):
        return ""
    return " ".join(_UNFIT.sub("", value).split())


def shown(value: object) -> str:
    """Text for people to read; "" where a variable was left standing, as "$Person.name.full"."""
    text = clean(value)
    return "" if _VARIABLE.fullmatch(text) else text


def email(value: object) -> str | None:
    """An address as it is to be kept, None for what can't be one. It is never a key."""
    text = clean(value)
    local, at, domain = text.rpartition("@")
    plain = at and local and "." in domain and " " not in text and len(text) <= LONGEST_ID
    return text if plain and not domain.lower().endswith(".invalid") else None


def language(value: object) -> str | None:
    """A language tag: "pt_br" → "pt-BR" (Moodle sends names of its language packs)."""
    text = value.strip() if isinstance(value, str) else ""
    if not _LANGUAGE.fullmatch(text):
        return None
    first, *rest = re.split(r"[-_]", text)
    return "-".join([first.lower(), *map(_subtag, rest)])


def given(value: object) -> str | None:
    """A custom value, None where it is none: an unexpanded "$Variable" counts as absent."""
    text = clean(value)
    return None if not text or text.startswith("$") else text


def is_storable(value: object) -> bool:
    """Whether a JSON value can be kept as it is: the database takes no NUL, no lone surrogates."""
    try:
        written = json.dumps(value, ensure_ascii=False, allow_nan=False)
        written.encode()
    except (ValueError, RecursionError):
        return False
    return "\\u0000" not in written


def mapping(claims: Any, name: str) -> dict[str, Any]:
    """An optional claim that should be an object; {} if it is anything else."""
    value = claims.get(name) if isinstance(claims, dict) else None
    return value if isinstance(value, dict) else {}


def strings(value: object) -> list[str]:
    """The texts of what should be a list of texts."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def flag(value: object) -> bool | None:
    """A boolean; some platforms send it as text. None for anything else."""
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value) if isinstance(value, str) else None


def _subtag(text: str) -> str:
    if len(text) == 2 and text.isalpha():
        return text.upper()
    return text.title() if len(text) == 4 and text.isalpha() else text.lower()
