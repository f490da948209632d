"""Evidence cards from passages: what is marked, which key sentences, under which headings."""

import json
import uuid
from dataclasses import replace

import pytest

from app.materials.retrieval.slips import Slip
from app.materials.search import Passage, SearchResult
from app.tutor.evidence.building import build_card
from app.tutor.evidence.card import Card, KeyKind
from models import Coverage, FileType

BOOK = uuid.UUID(int=1)
LISTS = (
    "8.1 A list is a sequence\n"
    "Like a string, a list is a sequence of values. In a string, the values are characters; in a "
    "list, they can be any type.\n"
    "The values in lists are called elements or sometimes items."
)
APPEND = (
    "For example, append adds a new element to the end of a list:\n"
    ">>> t = ['a', 'b']\n>>> t.append('c')\n>>> print(t)\n['a', 'b', 'c']\n"
    "What does append return?"
)
INDEX = "list, 91, 97, 105, 127 as argument, 100 concatenation, 93, 101 copy, 94 element, 92"
LOST = "The loop is written like this, for every list:\nfor x in a:\nprint(x)\nwhile x:\nx = x - 1"


def passage(content: str, page: int = 1, **given: object) -> Passage:
    facts: dict[str, object] = {
        "chunk_id": uuid.uuid4(),
        "material_id": BOOK,
        "material_title": "Python",
        "file_type": FileType.PDF,
        "chunk_index": page,
        "start_page": page,
        "end_page": page,
        "heading": "Lists › A list is a sequence",
        "content": content,
        "page_starts": (0,),
        "score": 1.0,
        "cosine": 0.9,
        "word_share": 1.0,
    }
    return Passage(**{**facts, **given})  # type: ignore[arg-type]


def card(question: str, *passages: Passage, coverage: Coverage = Coverage.ANSWERED) -> Card:
    return build_card(question, SearchResult(coverage, list(passages)))


def test_a_definition_is_found_for_who_asks_what_something_is() -> None:
    built = card("What is a list?", passage(APPEND, 4), passage(LISTS, 3))
    assert built.marked == "Like a string, a list is a sequence of values."
    assert built.lead is not None
    assert built.lead.page == 3
    definition = next(key for key in built.keys if key.kind is KeyKind.DEFINITION)
    assert definition.text.endswith("they can be any type.")
    assert definition.quote == built.marked


def test_headings_and_page_order() -> None:
    built = card(
        "What is a list, and what does append add to it?", passage(APPEND, 4), passage(LISTS, 3)
    )
    assert [key.place.page for key in built.keys] == sorted(key.place.page for key in built.keys)
    kinds = [key.kind for key in built.keys]
    assert len(set(kinds)) == len(kinds) <= 3
    assert KeyKind.EXAMPLE in kinds


def test_a_slip_is_weighed_as_the_word_that_was_meant_and_told() -> None:
    slips = (Slip("apend", "append", str(BOOK)),)
    found = SearchResult(Coverage.CLOSEST, [passage(LISTS, 3), passage(APPEND, 4)], slips=slips)
    built = build_card("What does apend do?", found)
    meant = card("What does append do?", passage(LISTS, 3), passage(APPEND, 4))
    assert (built.marked, built.slips) == (meant.marked, slips) and "append" in built.marked
    assert Card.from_json(json.loads(json.dumps(built.to_json()))) == built


def test_a_slip_goes_with_the_file_that_has_the_word() -> None:
    other = str(uuid.uuid4())
    slips = (Slip("apend", "append", str(BOOK)), Slip("lsit", "list", other))
    built = replace(card("What is a list?", passage(LISTS, 3)), slips=slips)
    assert built.material_ids == {str(BOOK), other}
    assert built.as_of_now({str(BOOK): str(BOOK)}).slips == slips[:1]
    assert replace(built, lead=None).as_of_now({other: other}).slips == slips[1:]
    assert replace(built, lead=None).as_of_now({}).slips == ()


def test_a_card_that_was_kept_before_slips_were_is_read() -> None:
    kept = card("What is a list?", passage(LISTS)).to_json()
    del kept["slips"]
    assert Card.from_json(kept).slips == ()


def test_a_sentence_with_a_colon_takes_its_code_along() -> None:
    built = card("What does append do?", passage(APPEND))
    example = built.keys[0]
    assert example.kind is KeyKind.EXAMPLE
    assert example.code.startswith(">>> t = ['a', 'b']")
    assert example.code.endswith("['a', 'b', 'c']")
    assert KeyKind.CODE not in [key.kind for key in built.keys]


@pytest.mark.parametrize("content", [INDEX, "What is a list?"])
def test_index_lines_and_the_books_questions_are_not_marked(content: str) -> None:
    assert card("What is a list?", passage(content), passage(LISTS)).marked != content


def test_code_that_lost_its_indentation_is_not_shown() -> None:
    built = card("How is a loop written for a list?", passage(LOST))
    shown = [*built.keys, *built.further]
    assert all("print(x)" not in key.text + key.code for key in shown)


def test_code_marked_as_wrong_is_not_shown() -> None:
    wrong = "Avoid this:\n>>> t = t.append(x)  # WRONG!\n>>> print(t)\nNone"
    built = card("What does append do to t?", passage(wrong), passage(APPEND))
    assert all("WRONG" not in key.text + key.code for key in [*built.keys, *built.further])


def test_the_page_is_the_one_the_sentence_stands_on() -> None:
    text = "A tuple is immutable, as has been said.\n\nA list is a sequence of values."
    start = text.index("A list")
    built = card("What is a list?", passage(text, 7, end_page=8, page_starts=(0, start)))
    assert built.lead is not None
    assert built.lead.page == 8


def test_not_covered_marks_nothing_and_names_what_is_near() -> None:
    built = card("Who won?", passage(LISTS, 3), passage(APPEND, 4), coverage=Coverage.NOT_COVERED)
    assert (built.lead, built.marked, built.keys, built.sources) == (None, "", (), ())
    assert [place.page for place in built.nearest] == [3, 4]


def test_nothing_found_at_all() -> None:
    assert card("Who won?").coverage is Coverage.NOT_COVERED
    assert card("Who won?").nearest == ()


def test_closest_passages_without_a_shared_word_mark_nothing() -> None:
    built = card("¿Por qué llueve?", passage(LISTS), coverage=Coverage.CLOSEST)
    assert built.lead is None
    assert built.nearest
    assert built.sources


def test_a_question_in_another_language_marks_the_first_good_sentence() -> None:
    built = card("¿Por qué llueve?", passage(LISTS), coverage=Coverage.ANSWERED)
    assert built.marked == "Like a string, a list is a sequence of values."


def test_a_text_without_pages_is_named_by_its_heading() -> None:
    built = card("What is a list?", passage(LISTS, file_type=FileType.MD))
    assert built.lead is not None
    assert built.lead.full == "Python, A list is a sequence"
    assert [piece.is_marked for piece in built.excerpt].count(True) == 1
    slide = card("What is a list?", passage(LISTS, 5, file_type=FileType.PPTX)).lead
    assert slide is not None
    assert slide.short == "slide 5"


def test_the_marked_passage_is_source_one_and_each_comes_once() -> None:
    first, second = passage(APPEND, 4), passage(LISTS, 3)
    built = card("What is a list?", first, second, second)
    assert built.sources == (str(second.chunk_id), str(first.chunk_id))


def test_a_card_survives_being_kept() -> None:
    built = card("What is a list?", passage(APPEND, 4), passage(LISTS, 3, file_type=FileType.MD))
    assert Card.from_json(json.loads(json.dumps(built.to_json()))) == built
