"""Follow-up questions as students ask them, and questions that must be left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.tutor.followups import leans, standalone

LEANING = (
    "And why?",
    "Why?",
    "Why is that?",
    "How does it work?",
    "What does that mean?",
    "Can you give me an example?",
    "Another example please",
    "Explain that again, simpler",
    "What about tuples?",
    "And for tuples?",
    "for tuples?",
    "Is it always true?",
    "Which one is faster?",
    "What are its advantages?",
    "How do cells use it?",
    "Why do they need light?",
    "When would I use this?",
    "What happens then?",
    "Is this the same in Java?",
    "What is the other one called?",
    "the second one",
    "more details",
    "So what happens if I delete it?",
    "Does it also hold for negative numbers?",
    "Why are these important?",
    "¿Por qué?",
    "¿Y por qué es eso?",
    "¿Y las tuplas?",
    "¿Me das otro ejemplo?",
    "¿Qué significa esto?",
    "¿Cómo funciona?",
    "Warum?",
    "Und warum ist das so?",
    "Und bei Tupeln?",
    "Kannst du mir ein Beispiel geben?",
    "Was bedeutet das?",
    "Wofür braucht man sie?",
    "Wie funktioniert das genau?",
    "Pourquoi ?",
    "Et pour les tuples ?",
    "Tu peux donner un autre exemple ?",
    "Comment ça marche ?",
)
SELF_CONTAINED = (
    "What is osmosis?",
    "osmosis",
    "Why does an assignment never copy a list?",
    "What is osmosis and why does it matter?",
    "If a list is copied, does it change?",
    "How does a list keep its order?",
    "Is it possible to sort a list of tuples?",
    "Why is it important to close a file?",
    "What does it mean when a loop ends early?",
    "How do you know that a list is empty?",
    "Which enzyme is it that cuts DNA?",
    "What is the difference between a list and a tuple?",
    "In Python, what is a tuple?",
    "Name an example of a virus that infects plants",
    "Which of the following foods is NOT made by fermentation?",
    "Who was Galen?",
    "How does the split method work?",
    "How many career sacks did Jared Allen have?",
    "Explain recursion",
    "What does len return?",
    "Cells and their organelles: what do ribosomes do?",
    "¿Qué es la ósmosis?",
    "¿Cuántos puntos dejaron escapar en defensa los Panthers?",
    "¿Cómo funciona la fotosíntesis?",
    "¿Qué es una lista y para qué sirve?",
    "Was ist Osmose?",
    "Wie viele Punkte gab die Verteidigung der Panthers ab?",
    "Warum kopiert eine Zuweisung nie eine Liste?",
    "Welche Arten von Viren gibt es?",
    "Qu'est-ce que l'osmose ?",
    "Comment fonctionne la photosynthèse ?",
    "什么是光合作用?",
)


@pytest.mark.parametrize("question", LEANING)
def test_a_follow_up_gets_the_subject_of_the_question_before(question: str) -> None:
    assert leans(question)
    wanted = standalone(question, ["What is photosynthesis?"])
    assert "photosynthesis" in wanted


def test_a_follow_up_with_words_of_its_own_keeps_them() -> None:
    found = standalone("Why do they need light?", ["What do chloroplasts make?"])
    assert found == "chloroplasts: Why do they need light?"


@pytest.mark.parametrize("question", SELF_CONTAINED)
def test_a_question_that_names_its_subject_is_left_alone(question: str) -> None:
    assert standalone(question, ["What is photosynthesis?", "And why?"]) == question


def test_a_chain_of_follow_ups_goes_back_to_what_named_the_subject() -> None:
    earlier = ["And for what?", "Why is it green?", "What is chlorophyll a?"]
    assert standalone("An example?", earlier) == "chlorophyll: Why is it green?"


def test_words_that_the_follow_up_has_itself_are_not_said_twice() -> None:
    found = standalone("Does it copy lists?", ["What does an assignment of a list do?"])
    assert found == "assignment: Does it copy lists?"


def test_the_first_question_leans_on_nothing() -> None:
    assert standalone("And why?", []) == "And why?"


@given(st.text(max_size=300), st.lists(st.text(max_size=300), max_size=3))
def test_any_text_is_kept_whole(question: str, earlier: list[str]) -> None:
    assert standalone(question, earlier).endswith((question, *earlier))
