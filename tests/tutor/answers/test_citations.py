"""Which numbers count as citations, which sources are real, what nothing supports."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.tutor.answers.citations import (
    CITATION,
    Source,
    citations,
    cited_numbers,
    numbers_in,
    tidy,
    unsupported,
)
from app.tutor.evidence.card import Place


def source(number: int, content: str, *pages: int) -> Source:
    first = Place("m", f"c{number}", "Week 4", "pdf", pages[0] if pages else number)
    places = [(0, first)]
    if len(pages) > 1:
        place = Place("m", f"c{number}", "Week 4", "pdf", pages[1])
        places.append((content.index("\n\n") + 2, place))
    return Source(number, f"c{number}", content, tuple(places))


SOURCES = [
    source(1, "An assignment never copies a list. It puts one more name on the list."),
    source(2, "Both arrows end at the same box.\n\nA change through one name is seen.", 8, 9),
]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("So it is [1].", [1]),
        ("So it is [1, 2].", [1, 2]),
        ("So it is [1][2].", [1, 2]),
        ("So it is [1] [2].", [1, 2]),
        ("So it is [1-2].", [1, 2]),
        ("So it is [1 and 2].", [1, 2]),
        ("So it is [Source 2].", [2]),
        ("So it is 【1】.", [1]),
        ("So it is. [1]", [1]),
        ("`b = a`[1] names it.", [1]),
        ("First [2], then [1], then [2].", [2, 1]),
        ("Invented [7] and [0].", []),
        ("Half invented [2, 9].", [2]),
        ("An index a[1] and x[0][1] is none.", []),
        ("Nor is `[1]` in code.", []),
        ("```\n[1]\n```", []),
        ("A list [1, 2, 3] = x is code.", []),
        ("Nothing.", []),
    ],
)
def test_numbers(text: str, numbers: list[int]) -> None:
    assert cited_numbers(tidy(text), SOURCES) == numbers


@given(st.text(alphabet="[]123,- aA.and`\n", max_size=80))
def test_only_real_sources_ever(text: str) -> None:
    assert set(cited_numbers(tidy(text), SOURCES)) <= {1, 2}
    assert all(numbers_in(match.group(1)) for match in CITATION.finditer(text))


def test_a_citation_goes_into_its_sentence() -> None:
    assert tidy("So it is. [1] And so on. [2]") == "So it is [1]. And so on [2]."


def test_the_quotation_is_the_sentence_that_supports_the_answer() -> None:
    found = citations("A change through a name is seen by all [2].", SOURCES)
    assert [(c.number, c.quote, c.place.page) for c in found] == [
        (2, "A change through one name is seen.", 9)
    ]


def test_a_long_quotation_is_short_in_the_margin() -> None:
    long = source(1, "The list " + "of many words " * 30 + "ends.")
    note = citations("The list ends [1].", [long])[0].note
    assert len(note) <= 165
    assert note.endswith("many …")


def flags(*sentences: str) -> list[bool]:
    return unsupported(sentences, SOURCES, "Why does my list change?")


def test_a_sentence_of_other_words_is_marked() -> None:
    assert flags(
        "An assignment never copies a list [1].",
        "It puts one more name on it [1].",
        "Rust programmers would worry about ownership and borrowing rules.",
    ) == [False, False, True]


def test_a_sentence_that_cites_only_an_invention_is_marked() -> None:
    assert flags("An assignment never copies a list [1].", "Both arrows end there [9].") == [
        False,
        True,
    ]


@pytest.mark.parametrize(
    "sentences",
    [
        ("Rust programmers would worry about ownership and borrowing rules.",),
        ("La asignación nunca copia una lista [1].", "Pone otro nombre sobre la misma caja."),
        ("An assignment never copies a list [1].", "What would Rust do about ownership borrowing?"),
        ("An assignment never copies a list [1].", "Try it yourself now."),
    ],
)
def test_where_words_cannot_tell_nothing_is_marked(sentences: tuple[str, ...]) -> None:
    assert flags(*sentences) == [False] * len(sentences)
