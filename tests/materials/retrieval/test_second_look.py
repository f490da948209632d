"""The second look: the order of what is read again."""

import uuid

from hypothesis import given
from hypothesis import strategies as st

from app.materials.retrieval import second_look
from app.materials.retrieval.passages import Passage
from app.materials.retrieval.second_look import look_again, look_at
from models import FileType

FILE = uuid.UUID(int=1)


def passage(
    index: int, score: float, *, file: uuid.UUID = FILE, content: str = "", share: float = 0.5
) -> Passage:
    return Passage(
        uuid.uuid4(),
        file,
        "Cells",
        FileType.PDF,
        index,
        index,
        index,
        None,
        content or f"Text {index} of {file}.",
        (0,),
        score,
        None,
        share,
    )


def order(found: list[Passage], weights: dict[str, float] | None = None) -> list[int]:
    configs = {one.material_id: "english" for one in found}
    again = look_again(found, look_at(found, {"english": weights or {}}, configs), 8)
    return [one.chunk_index for one in again]


def test_the_first_five_come_from_different_places() -> None:
    near = [passage(index, 1 - index / 100) for index in range(4)]
    assert order([*near, passage(40, 0.9), passage(80, 0.85)]) == [0, 40, 1, 80, 2, 3]


def test_pages_that_were_found_by_meaning_alone_do_not_crowd() -> None:
    near = [passage(index, 1 - index / 100, share=0) for index in range(4)]
    assert order([*near, passage(40, 0.9)]) == [0, 1, 2, 3, 40]


def test_pages_that_are_much_better_stay_in_front_however_close() -> None:
    near = [passage(index, 2 - index / 100) for index in range(3)]
    assert order([*near, passage(40, 0.9)]) == [0, 1, 2, 40]


def test_the_same_number_in_another_file_is_another_place() -> None:
    other = uuid.UUID(int=2)
    found = [passage(1, 1.0), passage(2, 0.95, file=other), passage(3, 0.94)]
    assert order(found) == [1, 2, 3]


def test_after_the_fifth_the_order_is_that_of_the_scores() -> None:
    found = [passage(index, 1 - index / 1000) for index in range(6)]
    assert order([*found, passage(40, 0.3)]) == [0, 1, 2, 3, 4, 5, 40]


def test_a_sentence_with_most_of_the_question_decides_between_equal_ones() -> None:
    apart = passage(1, 1.0, content="Water is wet. A membrane is thin.")
    together = passage(40, 1.0, content="Water goes through a membrane.")
    assert order([apart, together], {"water": 1.0, "membr": 1.0}) == [40, 1]


@given(st.sets(st.integers(0, 30)), st.sets(st.integers(0, 30)))
def test_two_texts_are_the_same_by_their_jaccard_index(a: set[int], b: set[int]) -> None:
    first, second = ({str(key) for key in keys} for keys in (a, b))
    common, either = len(a & b), len(a | b)
    assert second_look._is_same(first, second) == (10 * common >= 9 * either)


def test_a_text_within_another_is_not_the_same() -> None:
    assert not second_look._is_same({"a"}, {"a", "b", "c"})
    assert second_look._is_same(set("abcdefghij"), set("abcdefghi"))
