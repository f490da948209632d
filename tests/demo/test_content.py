"""The sample course is right: its code runs, its questions have exactly one right answer."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from app.demo.content import COURSE, FILES, ConceptEntry, Question
from app.materials.indexing.extraction import extract
from app.practice import drafts
from app.practice.choices import stored
from models import PracticeQuestion, QuestionType
from scripts.sample_course import reader, slides, source
from tests.demo import snippets

SOURCES = FILES.parent / "sources"
TEXTS = sorted([*FILES.glob("week*.md"), *SOURCES.glob("*.md")])
QUESTIONS = [
    pytest.param(concept, question, id=question.slug)
    for concept in COURSE.concepts
    for question in concept.questions
]
PROGRAM = re.compile(r"^What does this program print\?\n\n```python\n(.*?)\n```$", re.DOTALL)


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_every_listing_runs_and_prints_what_the_text_says(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("marks.txt").write_text("Mira 82\nTomas 67\nAylin 91\n")
    # The reader tells one story a chapter; elsewhere a section can be read by itself.
    parted_by = {"h1"} if path.name == "reader.md" else {"h1", "h2"}
    found = list(snippets.sections(path.read_text("utf-8"), parted_by))
    assert sum(map(len, found)) >= 10
    assert [fault for section in found for fault in snippets.run(section)] == []


def test_course_has_its_weeks_and_its_concepts() -> None:
    assert [file.path.suffix for file in COURSE.files] == [".md", ".md", ".md", ".pptx", ".pdf"]
    assert all(file.path.is_file() for file in COURSE.files)
    assert 8 <= len(COURSE.concepts) <= 10
    assert len({concept.name for concept in COURSE.concepts}) == len(COURSE.concepts)
    slugs = [q.slug for concept in COURSE.concepts for q in concept.questions]
    assert len(set(slugs)) == len(slugs)


@pytest.mark.parametrize("concept", COURSE.concepts, ids=lambda concept: concept.slug)
def test_concept_can_be_mastered_with_its_own_questions(concept: ConceptEntry) -> None:
    """Mastery asks for five different questions."""
    kinds = {question.kind for question in concept.questions}
    assert len(concept.questions) >= 5
    assert kinds == {QuestionType.MULTIPLE_CHOICE, QuestionType.TRUE_FALSE}
    assert concept.description and len(concept.keywords) >= 5


def test_prerequisites_come_earlier() -> None:
    taught: set[str] = set()
    for concept in COURSE.concepts:
        assert concept.prerequisites.keys() <= taught
        taught.add(concept.slug)


@pytest.mark.parametrize(("concept", "question"), QUESTIONS)
def test_question_is_one_that_a_teacher_could_have_written(
    concept: ConceptEntry, question: Question
) -> None:
    """The form of the question bank accepts it, and gives back the same."""
    row = _row(question)
    draft = drafts.read(drafts.as_form(row), question.kind)
    assert (draft.text, draft.correct) == (question.text, question.correct)
    assert stored(draft.choices)["choices"] == (row.options or _true_false())["choices"]


@pytest.mark.parametrize(("concept", "question"), QUESTIONS)
def test_question_has_exactly_one_right_answer_and_reasons(
    concept: ConceptEntry, question: Question
) -> None:
    assert len(question.explanation) >= 20
    assert question.text.endswith(("?", ".", "```"))
    if question.kind is QuestionType.TRUE_FALSE:
        assert question.correct in {"true", "false"}
        return
    assert len(question.choices) == 4
    assert len({choice.text for choice in question.choices}) == 4
    without_reason = [choice.key for choice in question.choices if choice.why is None]
    assert without_reason == [question.correct]


def test_right_answers_stand_in_all_places() -> None:
    right = [
        question.correct
        for concept in COURSE.concepts
        for question in concept.questions
        if question.choices
    ]
    assert all(right.count(key) >= len(right) // 8 for key in "abcd")


@pytest.mark.parametrize(
    ("concept", "question"), [p for p in QUESTIONS if PROGRAM.match(p.values[1].text)]
)
def test_program_in_a_question_prints_the_right_choice(
    concept: ConceptEntry, question: Question
) -> None:
    match = PROGRAM.match(question.text)
    assert match
    right = next(c.text for c in question.choices if c.key == question.correct)
    assert f"`{snippets.output_of(match[1])}`" == right


@pytest.mark.parametrize(("concept", "question"), QUESTIONS)
def test_question_tells_where_to_read_on(concept: ConceptEntry, question: Question) -> None:
    where, heading = question.read
    assert heading in _headings()[where]


def test_reader_and_slides_are_what_their_sources_say(tmp_path: Path) -> None:
    """Whoever changes a source sets the files anew: python -m scripts.sample_course."""
    pages = reader.make(SOURCES / "reader.md", tmp_path / "reader.pdf")
    slides.make(SOURCES / "slides.md", tmp_path / "slides.pptx")
    assert 12 <= pages <= 20
    committed = {file.path.suffix: file.path for file in COURSE.files}
    for path in (tmp_path / "reader.pdf", tmp_path / "slides.pptx"):
        # Text by page: the bytes depend on the machine's compression.
        assert extract(path, path.name).pages == extract(committed[path.suffix], "").pages


def _row(question: Question) -> PracticeQuestion:
    return PracticeQuestion(
        question_type=question.kind,
        difficulty=question.difficulty,
        question_text=question.text,
        options=stored(question.choices) if question.choices else None,
        correct_answer=question.correct,
        explanation=question.whole_explanation,
        estimated_time_minutes=question.minutes,
    )


def _true_false() -> dict[str, list[dict[str, str]]]:
    return {"choices": [{"key": "true", "text": "True"}, {"key": "false", "text": "False"}]}


def _headings() -> dict[str, set[str]]:
    paths = {f"Week {n}": next(FILES.glob(f"week-{n}-*.md")) for n in (1, 2, 3)}
    paths |= {"Week 4": SOURCES / "slides.md", "Reader": SOURCES / "reader.md"}
    return {
        name: {
            after.content
            for token, after in pairwise(source.read(path).tokens)
            if token.type == "heading_open"
        }
        for name, path in paths.items()
    }
