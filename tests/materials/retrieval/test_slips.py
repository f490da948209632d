"""Which words of a question are slips, and what it becomes without them."""

import pytest

from app.materials.retrieval.slips import Slip, read_as, slips_in
from app.materials.retrieval.words import Term

DICTIONARY = Term("english", "dicionary", "dictionari", 2, weight=1.2, asked=3.0)
TEXT = "A Dictionary maps words to values. Some dictionaries are large."


@pytest.mark.parametrize(
    ("question", "slip"),
    [
        ("what is a dicionary good for?", Slip("dicionary", "dictionary")),
        ("Dicionary?", Slip("Dicionary", "Dictionary")),
    ],
)
def test_the_materials_own_word_is_read(question: str, slip: Slip) -> None:
    assert slips_in(question, [DICTIONARY], ["No such word.", TEXT], {"english"}) == (slip,)


def test_a_word_that_no_passage_says_stays_as_it_is() -> None:
    assert slips_in("a dicionary", [DICTIONARY], ["dictator"], {"english"}) == ()


def test_a_word_of_another_language_is_no_slip() -> None:
    assert slips_in("a dicionary", [DICTIONARY], [TEXT], {"german"}) == ()


def test_a_word_that_the_course_has_is_no_slip() -> None:
    known = Term("english", "dicionary", "dicionari", 1, weight=3.0, asked=3.0)
    assert slips_in("a dicionary", [known], [TEXT], {"english"}) == ()


def test_accents_and_other_words_stay_as_they_are() -> None:
    slips = (Slip("Électorn", "Électron"), Slip("C", "D"))
    assert read_as("Que fait un Électorn en C++, et Électorns?", slips[:1]) == (
        "Que fait un Électron en C++, et Électorns?"
    )
    found = Term("french", "electorn", "electron", 2, weight=1.0, asked=3.0)
    assert slips_in("un Électorn", [found], ["L’électron tourne."], {"french"}) == (
        Slip("Électorn", "électron"),
    )
