"""What is folded before search, and what is not; languages by their words."""

from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.materials.indexing.tokens import estimate_tokens
from app.materials.retrieval.language import text_configuration
from app.materials.retrieval.normalisation import fold


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Größe, Café & naïve", "grosse cafe naive"),
        ("Ångström Łódź Việt", "angstrom lodz viet"),
        ("C++ and C# but c+1", "cplusplus and csharp but c 1"),
        ("foo.bar(key_value)", "foo bar key value"),
        ("don't e-mail 3.14", "don t e mail 3 14"),
        ("Йод и ёлка", "йод и ёлка"),
        ("हिन्दी में", "हिन्दी में"),
        ("اَلْعَرَبِيَّةُ", "العربية"),
        ("人工智能", "人工 工智 智能"),
        ("用 AI", "用 ai"),
        ("ｆｕｌｌ ﬁne", "full fine"),
        ("", ""),
    ],
)
def test_folding(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text(alphabet=st.characters(max_codepoint=0x2FF)))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_folded_text_is_words_with_single_spaces(text: str) -> None:
    folded = fold(text)
    assert folded == " ".join(folded.split()) and "\0" not in folded
    assert all(c.isalnum() or category(c) in ("Mn", "Mc") for c in folded.replace(" ", ""))


@pytest.mark.parametrize(
    ("text", "configuration"),
    [
        ("The cell is the unit of life and it has a membrane that is thin.", "english"),
        ("Die Zelle ist die Einheit des Lebens und hat eine dünne Hülle.", "german"),
        ("La célula es la unidad de la vida y tiene una membrana que es fina.", "spanish"),
        ("La cellule est l'unité de la vie et elle a une membrane dans les tissus.", "french"),
        ("Клетка есть единица жизни.", "russian"),
        ("الخلية هي وحدة الحياة", "arabic"),
        ("细胞是生命的单位", "simple"),
        ("x = 1; y = 2", None),
        ("", None),
    ],
)
def test_languages_are_told_by_their_commonest_words(text: str, configuration: str | None) -> None:
    assert text_configuration(text) == configuration


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("The mitochondria are the powerhouse of the cell.", 14),
        ("counts[word] = counts.get(word, 0) + 1", 18),
        ("人工智能是计算机科学的一个分支", 10),
    ],
)
def test_token_estimates_are_near(text: str, tokens: int) -> None:
    assert estimate_tokens(text) == pytest.approx(tokens, rel=0.35)


@given(st.text(), st.text())
def test_more_text_is_not_fewer_tokens(text: str, more: str) -> None:
    assert estimate_tokens(f"{text} {more}") >= estimate_tokens(text)
