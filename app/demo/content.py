"""The sample course as written: its files, concepts and questions. Pure, but for reading files."""

import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from app.practice.choices import FALSE, TRUE, Choice
from models import DependencyStrength, DifficultyLevel, QuestionType

FILES = Path(__file__).parent / "files"
MOST_KEYS = "abcd"


@dataclass(frozen=True, slots=True)
class File:
    """A file of the course and the title that it goes by."""

    name: str
    title: str

    @property
    def path(self) -> Path:
        return FILES / self.name


@dataclass(frozen=True)
class Question:
    """A question of the bank. `slug` stays the same whatever its wording: it is known by that."""

    slug: str
    difficulty: DifficultyLevel
    minutes: int
    text: str
    choices: tuple[Choice, ...]
    """In the order that they are stored in; empty for true or false."""
    correct: str
    explanation: str
    read: tuple[str, str]
    """Where it is explained: the beginning of a file's title, and a heading in that file."""

    @property
    def kind(self) -> QuestionType:
        return QuestionType.MULTIPLE_CHOICE if self.choices else QuestionType.TRUE_FALSE

    @property
    def whole_explanation(self) -> str:
        """The explanation, and where to read on."""
        return f"{self.explanation}\n\nMore on this: {self.read[0]}, “{self.read[1]}”."


@dataclass(frozen=True)
class ConceptEntry:
    """A concept with its questions; prerequisites are named by their slugs."""

    slug: str
    name: str
    description: str
    difficulty: DifficultyLevel
    hours: float
    keywords: tuple[str, ...]
    prerequisites: dict[str, DependencyStrength]
    questions: tuple[Question, ...]


@dataclass(frozen=True)
class SampleCourse:
    """The whole course."""

    code: str
    name: str
    description: str
    files: tuple[File, ...]

    @cached_property
    def concepts(self) -> tuple[ConceptEntry, ...]:
        """In the order in which they are taught."""
        return tuple(_concept(path) for path in sorted((FILES / "concepts").glob("*.toml")))


COURSE = SampleCourse(
    code="PY101",
    name="Python basics",
    description="Five weeks of programming for beginners: values, decisions, loops, functions, "
    "strings, lists, references, dictionaries, files and exceptions.",
    files=(
        File("week-1-values-and-names.md", "Week 1: Values and names"),
        File("week-2-decisions-and-loops.md", "Week 2: Decisions and loops"),
        File("week-3-functions.md", "Week 3: Functions"),
        File("week-4-strings.pptx", "Week 4: Strings"),
        File("weeks-4-and-5-reader.pdf", "Reader for Weeks 4 and 5: Lists to exceptions"),
    ),
)


def _concept(path: Path) -> ConceptEntry:
    given = tomllib.loads(path.read_text("utf-8"))
    return ConceptEntry(
        slug=path.stem.partition("-")[2],
        name=given["name"],
        description=given["description"],
        difficulty=DifficultyLevel(given["difficulty"]),
        hours=given["hours"],
        keywords=tuple(given["keywords"]),
        prerequisites={
            slug: DependencyStrength(strength) for slug, strength in given["prerequisites"].items()
        },
        questions=tuple(_question(entry) for entry in given["questions"]),
    )


def _question(given: dict[str, Any]) -> Question:
    right = given["right"]
    if isinstance(right, bool):
        choices: tuple[Choice, ...] = ()
        correct = TRUE if right else FALSE
    else:
        choices, correct = _choices(right, given["place"], given["wrong"])
    chapter, heading = given["read"]
    return Question(
        slug=given["slug"],
        difficulty=DifficultyLevel(given["difficulty"]),
        minutes=given.get("minutes", 1),
        text=given["text"].strip(),
        choices=choices,
        correct=correct,
        explanation=given["explanation"],
        read=(chapter, heading),
    )


def _choices(
    right: str, place: int, wrong: list[tuple[str, str]]
) -> tuple[tuple[Choice, ...], str]:
    """The options with the right one at its place, counted from 1; and the right one's key."""
    options: list[tuple[str, str | None]] = [(text, why) for text, why in wrong]
    options.insert(place - 1, (right, None))
    choices = tuple(
        Choice(key, text, why) for key, (text, why) in zip(MOST_KEYS, options, strict=True)
    )
    return choices, MOST_KEYS[place - 1]
