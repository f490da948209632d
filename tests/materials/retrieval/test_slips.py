"""Which words of a question may be slips, and what it becomes without them: by value."""

import uuid

import pytest

from app.materials.retrieval.slips import Slip, read_as, slips_in
from app.materials.retrieval.words import Term
from app.materials.search import Passage
from models import FileType

DICTIONARY = Term("english", "dicionary", "dictionari", 2, weight=1.2, asked=3.0)
OWN = {"english"}


def passage(content: str, number: int = 1) -> Passage:
    key = uuid.UUID(int=number)
    return Passage(key, key, "A", FileType.TXT, 0, 1, 1, None, content, (0,), 1.0, 0.9, 1.0)


TEXT = passage("A Dictionary maps words to values. Some dictionaries are large.", 7)
ID = str(TEXT.material_id)


@pytest.mark.parametrize(
    ("question", "slip"),
    [
        ("what is a dicionary good for?", Slip("dicionary", "dictionary", ID)),
        ("Dicionary?", Slip("Dicionary", "Dictionary", ID)),
        ("the dicionary_keys of DICIONARY2", Slip("DICIONARY", "Dictionary", ID)),
    ],
)
def test_the_materials_own_word_is_read(question: str, slip: Slip) -> None:
    passages = [passage("No such word."), TEXT]
    assert slips_in(question, [DICTIONARY], passages, OWN) == (slip,)


def test_a_word_that_no_passage_says_stays_as_it_is() -> None:
    assert slips_in("a dicionary", [DICTIONARY], [passage("dictator")], OWN) == ()


def test_only_a_word_by_which_the_passage_was_found_is_meant() -> None:
    other = Term("english", "dicionary", "dictator", 2, weight=1.2, asked=3.0)
    assert slips_in("a dicionary", [other], [TEXT], OWN) == ()


def test_a_word_of_another_language_is_no_slip() -> None:
    assert slips_in("a dicionary", [DICTIONARY], [TEXT], {"german"}) == ()


def test_a_word_that_the_course_has_is_no_slip() -> None:
    """In any of its languages."""
    known = Term("english", "dicionary", "dicionari", 1, weight=3.0, asked=3.0)
    assert slips_in("a dicionary", [known], [TEXT], OWN) == ()
    elsewhere = Term("simple", "dicionary", "dicionary", 1, weight=3.0, asked=3.0)
    assert slips_in("a dicionary", [DICTIONARY, elsewhere], [TEXT], {*OWN, "simple"}) == ()


def test_the_word_is_replaced_wherever_it_stands_and_nothing_else() -> None:
    slips = (Slip("Électorn", "Électron", ID), Slip("dicionary", "dictionary", ID))
    question = "Un Électorn, ÉLECTORN_2, la dicionary et des dicionarys en C++"
    assert read_as(question, slips) == (
        "Un Électron, Électron_2, la dictionary et des dicionarys en C++"
    )


def test_accents_are_shown_as_the_materials_have_them() -> None:
    found = Term("french", "electorn", "electron", 2, weight=1.0, asked=3.0)
    [slip] = slips_in("un électorn", [found], [passage("L’Électron tourne.")], {"french"})
    assert (slip.asked, slip.read) == ("électorn", "électron")
