"""Whether the search knows what the materials answer: the numbers of `app.materials.retrieval`'s
`coverage`.

XQuAD's paragraphs of the second half of its articles are a course, in three languages (the weights
were chosen on the first half). Three kinds of questions: those that a paragraph answers; near
misses, the same questions while the answering paragraph is hidden; off-topic ones, about the other
half's articles, and from a microbiology book. Also the same ones misspelt, by words alone,
questions in another language, and a course that has every other paragraph in English and the rest
in Spanish: there "answered" questions are those that a paragraph in the other language answers; and
of the whole microbiology book. The search is the tutor's own, on a real database.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from sqlalchemy import text, update
from sqlalchemy.orm import Session

from app.extensions import db, transaction
from app.materials.search import search
from bench.courses import Filled, fill
from bench.database import application
from bench.datasets import DataSet, read
from bench.embedded import Embedded
from bench.report import report
from models import CourseMaterial, Coverage

LANGUAGES = ("en", "es", "de")
EVERY = 4
"""Of the questions of a set so many are asked: every fourth one."""


@dataclass(frozen=True, slots=True)
class Asking:
    """Questions of one language about a course of one, with vectors or by words alone."""

    asked: str
    about: str
    by_words: bool = False


ASKINGS = (
    *(Asking(language, language) for language in LANGUAGES),
    *(Asking(language, language, by_words=True) for language in LANGUAGES),
    Asking("es", "en"),
    Asking("de", "en"),
)
MIXED = ("en", "es")


def main() -> None:
    """Bars, at 5 % of the answered questions refused at most: 95 % of the off-topic ones and 60 %
    of the near misses are told "not covered"."""
    found_sets = {language: read(f"xquad_{language}", language) for language in LANGUAGES}
    sets = {language: data for language, data in found_sets.items() if data}
    strange = read("openstax_micro_review", "en")
    if strange is None or len(sets) < len(LANGUAGES):
        print("coverage: the shared data sets are not here; nothing was measured")
        return
    embedded = Embedded()
    rows: list[dict[str, object]] = []
    with application(embedding_base_url="http://127.0.0.1:9/v1", durable=False):
        courses = {name: _filled(_half(data, 1), embedded) for name, data in sets.items()}
        for asking in ASKINGS:
            data = sets[asking.asked]
            kinds = {"answered": _half(data, 1), "near miss": _half(data, 1)}
            kinds["off-topic"] = _half(data, 0)
            if asking.asked == asking.about:
                kinds |= {f"{kind}, misspelt": _misspelt(data) for kind, data in kinds.items()}
            if asking.asked == asking.about == "en":
                kinds["off-topic, microbiology"] = strange
            for kind, questions in kinds.items():
                found = _judged(courses[asking.about], asking, kind, questions, embedded)
                rows.append(_row(asking, kind, list(found)))
        rows += _in_two_languages(sets, embedded)
        rows += _in_a_book(strange, _half(sets["en"], 0), embedded)
    report("coverage", rows)


def _in_two_languages(
    sets: Mapping[str, DataSet], embedded: Embedded
) -> Iterator[dict[str, object]]:
    """Rows of questions in each of the languages."""
    first, second = (_half(sets[name], 1) for name in MIXED)
    keys = list(first.passages)
    parts = {first.language: _only(first, keys[::2]), second.language: _only(second, keys[1::2])}
    together = {key: text for part in parts.values() for key, text in part.passages.items()}
    course = _filled(DataSet("mixed", "", together, {}, {}), embedded)
    for asked, others in ((first, keys[1::2]), (second, keys[::2])):
        asking = Asking(asked.language, " and ".join(parts))
        kinds = {"answered": _only(asked, others), "near miss": parts[asked.language]}
        kinds["off-topic"] = _half(sets[asked.language], 0)
        for kind, questions in kinds.items():
            found = _judged(course, asking, kind, questions, embedded)
            yield _row(asking, kind, list(found))


def _in_a_book(
    book: DataSet, off_topic: DataSet, embedded: Embedded
) -> Iterator[dict[str, object]]:
    """Rows of a course with far more passages than meaning names."""
    course = _filled(book, embedded, is_apart=False)
    asking = Asking("en", "en, a book")
    for kind, questions in {"answered": book, "off-topic": off_topic}.items():
        yield _row(asking, kind, list(_judged(course, asking, kind, questions, embedded)))


def _only(data: DataSet, keys: Sequence[str]) -> DataSet:
    """These passages, and the questions that they answer."""
    kept = set(keys)
    questions = {key: text for key, text in data.questions.items() if data.answers[key] <= kept}
    return DataSet(
        data.name,
        data.language,
        {key: passage for key, passage in data.passages.items() if key in kept},
        questions,
        {key: data.answers[key] for key in questions},
    )


def _misspelt(data: DataSet) -> DataSet:
    """The same with one stroke in the longest word of each question: a letter is missing, doubled
    or another one, or two are exchanged, anywhere but at its beginning and end."""
    return replace(
        data, questions={key: _slipped(text, Random(key)) for key, text in data.questions.items()}
    )


def _slipped(question: str, chance: Random) -> str:
    word = max(re.findall(r"[^\W\d_]+", question), key=len)
    place = chance.randrange(1, max(len(word) - 2, 2))
    before, letter, after = word[:place], word[place], word[place + 1 :]
    strokes = [after, letter * 2 + after, "e" + after, after[:1] + letter + after[1:]]
    return question.replace(word, before + chance.choice(strokes), 1)


def _half(data: DataSet, number: int) -> DataSet:
    """The first or second half of the passages, and the questions that they answer."""
    keys = list(data.passages)
    middle = len(keys) // 2
    return _only(data, keys[middle:] if number else keys[:middle])


def _filled(data: DataSet, embedded: Embedded, *, is_apart: bool = True) -> Filled:
    with transaction() as session:
        filled = fill(session, data, embedded, is_apart=is_apart)
    with transaction() as session:
        session.execute(text("analyze"))
    return filled


def _judged(
    course: Filled, asking: Asking, kind: str, data: DataSet, embedded: Embedded
) -> Iterator[Coverage]:
    questions = list(data.questions.items())[::EVERY]
    vectors = embedded.questions([question for _, question in questions])
    materials = {passage: material for (material, _), passage in course.passages.items()}
    for (key, question), vector in zip(questions, vectors, strict=True):
        with Session(db.engine) as session:  # never committed: what is hidden comes back
            if kind.startswith("near miss"):
                hidden = [materials[passage] for passage in data.answers[key]]
                session.execute(
                    update(CourseMaterial)
                    .where(CourseMaterial.material_id.in_(hidden))
                    .values(is_public=False)
                )
            found = search(
                session,
                course.course_id,
                question,
                question_vector=None if asking.by_words else vector,
            )
            yield found.coverage


def _row(asking: Asking, kind: str, judged: Sequence[Coverage]) -> dict[str, object]:
    shares = {
        f"{coverage.value} %": round(100 * judged.count(coverage) / len(judged), 1)
        for coverage in Coverage
    }
    return {
        "asked in": asking.asked,
        "text in": asking.about,
        "by": "words" if asking.by_words else "words and vectors",
        "questions": kind,
        "number": len(judged),
        **shares,
    }
