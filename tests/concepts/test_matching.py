"""Which concept a text is about."""

import pytest

from app.concepts.matching import Named, best_match

COURSE = [
    Named("loops", ("For loops", "iteration", "range")),
    Named("while", ("While loops",)),
    Named("lists", ("Lists", "append")),
    Named("references", ("List references", "alias")),
    Named("dictionaries", ("Dictionaries", "key", "hash table")),
]


@pytest.mark.parametrize(
    ("text", "concept"),
    [
        ("How does a for loop end?", "loops"),
        ("What is a while loop good for?", "while"),
        ("Why did append change both?", "lists"),
        ("What is a list?", "lists"),
        ("two names: list references in Python", "references"),
        ("Look a KEY up in the dictionary", "dictionaries"),
        ("a hash of the table", "dictionaries"),
        ("range(10) counts from 0", "loops"),
        ("Who wrote this book?", None),
        ("", None),
    ],
)
def test_names_and_keywords_are_found_in_plain_words(text: str, concept: str | None) -> None:
    assert best_match(text, COURSE) == concept


def test_a_word_that_all_concepts_share_decides_nothing() -> None:
    concepts = [Named(i, (f"Loops {i}",)) for i in ("nested", "infinite", "counted")]
    assert best_match("a nested loop", concepts) == "nested"
    assert best_match("a loop", concepts) is None


def test_no_concepts_no_match() -> None:
    assert best_match("loops", []) is None
    assert best_match("loops", [Named("empty", ())]) is None
