"""Which of a course's languages a question is not in."""

import pytest

from app.materials.retrieval.foreign import foreign_to
from app.materials.retrieval.language import likeliest, speaks, text_configuration
from app.materials.retrieval.words import Term


def terms(words: str) -> list[Term]:
    return [Term("english", word, word, 1, 1.0, 1.0) for word in words.split()]


@pytest.mark.parametrize(
    ("question", "configs", "likely"),
    [
        ("¿Cómo se define una función?", ["english", "spanish"], "spanish"),
        ("¿Qué significa?", ["english", "spanish"], "spanish"),
        ("What is a loop?", ["english", "spanish"], "english"),
        ("Was ist eine Schleife?", ["english", "german"], "german"),
        ("Was bedeutet das hier?", ["english", "german"], "german"),
        ("Which one was it?", ["english", "german"], "english"),
        ("photosynthesis", ["english", "spanish"], None),
        ("What is a loop?", ["english"], None),
        ("What is a loop?", ["simple", "greek"], None),
        ("", ["english", "spanish"], None),
    ],
)
def test_of_a_few_languages_one_word_tells(
    question: str, configs: list[str], likely: str | None
) -> None:
    assert likeliest(question, configs) == likely


@pytest.mark.parametrize(
    ("question", "words", "configs", "foreign"),
    [
        ("¿Qué es una lista en Python?", "lista python", ["english", "spanish"], {"english"}),
        ("What is a list?", "list", ["english", "spanish", "german"], {"spanish", "german"}),
        ("What is a list?", "list", ["english"], set()),
        # Of a file whose language is not known it cannot be told: it may be the question's.
        ("¿Qué es una lista en Python?", "lista", ["spanish", "simple"], set()),
        ("¿Qué es una lista en Python?", "que es una lista en python", ["english"], {"english"}),
        ("wat betekent deze functie", "wat betekent deze functie", ["english"], {"english"}),
        ("list append", "list append", ["english", "spanish"], set()),
    ],
)
def test_what_a_question_is_foreign_to(
    question: str, words: str, configs: list[str], foreign: set[str]
) -> None:
    assert (
        foreign_to(question, text_configuration(question), terms(words), configs).configs == foreign
    )


@pytest.mark.parametrize(
    ("text", "language", "is_spoken"),
    [
        ("Politik: der Generalsekretär; amerikanische politische Führer", "german", True),
        ("Sportmannschaften aus Los Angeles und der Stadt El Paso", "german", True),
        ("Teams from Los Angeles and the city of El Paso play there.", "german", False),
        ("A list is a value that holds other values in a fixed order.", "spanish", False),
        ("Una lista es un valor que guarda otros valores en un orden fijo.", "spanish", True),
        ("", "spanish", False),
    ],
)
def test_a_text_whose_language_is_mistaken_still_speaks_its_own(
    text: str, language: str, is_spoken: bool
) -> None:
    assert speaks(text, language) is is_spoken
