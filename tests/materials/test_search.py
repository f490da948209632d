"""Search inside one course: by words, by meaning, fused; only what the asker may see."""

import math
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.materials import jobs
from app.materials import search as searching
from app.materials.indexing import batches
from app.materials.retrieval import foreign
from app.materials.retrieval.scope import scope_of
from app.materials.retrieval.vectors import VectorHit
from app.materials.retrieval.words import search_words, terms_of
from app.materials.search import SearchResult, evidence_of, search
from models import ChunkVector, Course, CourseMaterial, Coverage, now
from tests import factories
from tests.materials import makers
from tests.materials.conftest import MODEL, WIDTH, Add, Model, vector_of

Look = Callable[[uuid.UUID], CourseMaterial]

PAGES = {
    1: "Photosynthesis turns light into sugar inside the chloroplast of a leaf",
    2: "Respiration frees the energy of sugar inside the mitochondrion of a cell",
    3: "Osmosis moves water through a membrane towards the stronger solution",
}
FILLER = "\n".join(["words about nothing that matters here or anywhere"] * 18)
BOOK = makers.pdf([f"{text}\n{FILLER}" for text in PAGES.values()])


def ask(
    session: Session,
    course: Course,
    question: str,
    *,
    by_meaning: bool = True,
    hidden: bool = False,
) -> SearchResult:
    session.rollback()
    vector = vector_of(question) if by_meaning else None
    return search(session, course.course_id, question, question_vector=vector, see_hidden=hidden)


def embed_all(course: Course) -> None:
    for _ in range(10):
        jobs.embed_chunks(str(course.course_id))


@pytest.mark.parametrize("by_meaning", [True, False])
@pytest.mark.parametrize(
    ("page", "question"), [(1, "What does photosynthesis make?"), (3, "osmosis")]
)
def test_the_page_that_answers_comes_first(
    session: Session,
    course: Course,
    model: Model,
    read: Add,
    page: int,
    question: str,
    by_meaning: bool,
) -> None:
    material_id = read("Cells.pdf", BOOK)
    embed_all(course)
    best = ask(session, course, question, by_meaning=by_meaning).passages[0]
    assert (best.material_id, best.start_page, best.end_page) == (material_id, page, page)
    assert best.material_title == "Cells" and PAGES[page] in best.content
    assert (best.cosine is not None) is by_meaning and best.word_share


def test_words_find_before_vectors_are_there(
    session: Session, course: Course, model: Model, read: Add
) -> None:
    read("Cells.pdf", BOOK)
    result = ask(session, course, "mitochondrion")
    assert result.passages[0].start_page == 2


def test_pages_that_have_vectors_do_not_win_by_that(
    session: Session, course: Course, model: Model, read: Add
) -> None:
    """The page with the word is still without its vector; others are done."""
    read("Early.txt", ("words about nothing that matters " * 400).encode())
    jobs.embed_chunks(str(course.course_id))
    read("Cells.pdf", BOOK)
    assert ask(session, course, "osmosis of water").passages[0].material_title == "Cells"


def test_word_forms_accents_and_case_are_folded(
    session: Session, course: Course, model: Model, read: Add
) -> None:
    read("a.txt", "The CAFÉS of the city have opened their doors to the public.".encode())
    for question in ("cafe", "café", "opening a door"):
        assert ask(session, course, question, by_meaning=False).passages


def test_a_course_of_two_languages_is_asked_in_either(
    session: Session, course: Course, model: Model, read: Add
) -> None:
    read("en.txt", b"The difference between a list and a tuple is that the tuple is fixed.")
    spanish = "La diferencia de las listas es que el orden is the and de los datos no se pierde. "
    read("es.txt", (spanish * 3).encode())
    first = ask(session, course, "What is the difference of a list?", by_meaning=False).passages[0]
    assert first.material_title == "en", "English stop words are no rare words of Spanish"
    assert ask(session, course, "¿Qué son las listas?", by_meaning=False).passages


IN_THEIR_SCRIPT = {
    "zh": {
        "光合作用把光能转化为化学能，发生在叶绿体里。": "光能在哪里变成化学能?",
        "呼吸作用在线粒体中释放糖的能量。": "糖的能量由什么释放?",
        "渗透作用使水通过半透膜流向浓度较高的溶液。": "水怎样通过膜流动?",
    },
    "ru": {
        "Фотосинтез превращает свет в сахар внутри хлоропласта зелёного листа.": (
            "Во что превращается свет в листьях?"
        ),
        "Дыхание высвобождает энергию сахара в митохондриях каждой клетки.": (
            "Откуда в митохондрии берётся энергия?"
        ),
        "Осмос движет воду через мембрану к более крепкому раствору.": (
            "Куда движется вода через мембраны?"
        ),
    },
    "ar": {
        "البناء الضوئي يحوّل الضوء إلى سكر داخل البلاستيدات الخضراء في الورقة.": (
            "إلى ماذا يتحوّل الضوء في الأوراق الخضراء؟"
        ),
        "التنفس الخلوي يحرّر طاقة السكر داخل الميتوكوندريا في كل خلية.": (
            "أين تتحرر الطاقة من السكر؟"
        ),
        "الخاصية الأسموزية تنقل الماء عبر الغشاء نحو المحلول الأكثر تركيزا.": (
            "كيف ينتقل المَاء عبر الأغشية نحو المحلول؟"
        ),
    },
}


@pytest.mark.parametrize("language", IN_THEIR_SCRIPT)
def test_other_scripts_are_found_by_their_words(
    session: Session, course: Course, model: Model, read: Add, language: str
) -> None:
    questions = IN_THEIR_SCRIPT[language]
    for number, passage in enumerate(questions):
        read(f"{number}.txt", passage.encode())
    for passage, question in questions.items():
        first = ask(session, course, question, by_meaning=False).passages[0]
        assert first.content.strip() == passage
        assert any(is_marked for _, is_marked in first.snippet.pieces())


def test_chinese_is_found_without_spaces(
    session: Session, course: Course, model: Model, read: Add
) -> None:
    read("zh.txt", "光合作用把光能转化为化学能。\n\n呼吸作用释放能量。".encode())
    assert ask(session, course, "什么是光合作用?", by_meaning=False).passages


def test_other_courses_and_hidden_files_do_not_exist(
    session: Session, course: Course, model: Model, read: Add
) -> None:
    other = factories.course(session)
    session.commit()
    read("theirs.txt", b"osmosis in another course", into=other)
    material_id = read("ours.txt", b"osmosis in our course")
    embed_all(course)
    embed_all(other)
    assert titles(ask(session, course, "osmosis")) == ["ours"]
    session.get_one(CourseMaterial, material_id).is_public = False
    session.commit()
    assert titles(ask(session, course, "osmosis")) == []
    assert titles(ask(session, course, "osmosis", hidden=True)) == ["ours"]


def titles(result: SearchResult) -> list[str]:
    return [passage.material_title for passage in result.passages]


def test_a_hidden_file_leaves_the_statistics_with_its_text(
    session: Session, course: Course, model: Model, read: Add
) -> None:
    read("a.txt", b"osmosis and light")
    before = score_of(session, course, "osmosis")
    hidden = read("b.txt", b"osmosis and water")
    session.get_one(CourseMaterial, hidden).is_public = False
    session.commit()
    assert score_of(session, course, "osmosis") == before


def score_of(session: Session, course: Course, question: str) -> float:
    scope = scope_of(session, course.course_id, see_hidden=False)
    return search_words(session, scope, terms_of(session, scope, question, None), limit=5)[0].score


@pytest.mark.parametrize("question", ["the mitocondrion", "Wo liegen die Mitochondrien?"])
def test_a_misspelt_or_related_word_finds_the_one_that_it_is_like(
    session: Session, course: Course, model: Model, read: Add, question: str
) -> None:
    read("Cells.pdf", BOOK)
    read("zzz.txt", b"The zebra, Zzz 1234567, sleeps.")
    found = ask(session, course, question, by_meaning=False)
    best = found.passages[0]
    assert best.start_page == 2 and best.word_share and best.word_share < 1
    assert not found.slips, "by words alone nobody can tell what was meant"
    for unlike in ("the zzzyzzyx", "1234568", "mito", "mitten"):
        assert not ask(session, course, unlike, by_meaning=False).passages, unlike


def test_a_word_that_is_like_one_that_is_asked_too_counts_once(
    session: Session, course: Course, read: Add
) -> None:
    read("Cells.pdf", BOOK)
    whole = score_of(session, course, "mitochondrion")
    assert score_of(session, course, "mitochondrion or mitocondrion") == pytest.approx(whole)


def test_a_word_that_is_like_one_of_a_hidden_file_finds_nothing(
    session: Session, course: Course, model: Model, read: Add
) -> None:
    read("open.txt", b"Nothing of the kind stands here.")
    session.get_one(CourseMaterial, read("Cells.pdf", BOOK)).is_public = False
    session.commit()
    assert not ask(session, course, "mitocondrion", by_meaning=False).passages
    assert ask(session, course, "mitocondrion", by_meaning=False, hidden=True).passages


def test_small_words_of_the_question_s_own_language_find_nothing(
    session: Session, course: Course, model: Model, read: Add
) -> None:
    """German "die" and "war" are words to an English text."""
    read("en.txt", b"The cells die in the war against the virus that was there.")
    assert ask(session, course, "Cells die in war?", by_meaning=False).passages
    asked = "Was war die Ursache und ist die Ursache nicht die Zeit?"
    assert not ask(session, course, asked, by_meaning=False).passages


def along(*axes: float) -> list[float]:
    length = math.hypot(*axes)
    return [*(value / length for value in axes), *[0.0] * (WIDTH - len(axes))]


HUBS = {
    # What all have in common, what the question is of, and a direction of each one's own.
    "hub": along(0.95, 0.05, 0, 0.31),
    "answer": along(0.55, 0.72, 0.6),
    **{f"other {n}": along(0.8, 0.0, *[0.0] * n, 0.9) for n in range(1, 8)},
}
ASKED = along(1, 0.7)


@pytest.fixture
def hubs(
    session: Session, course: Course, model: Model, read: Add, monkeypatch: pytest.MonkeyPatch
) -> dict[str, uuid.UUID]:
    """Files that share no word with the question; one is near to every question."""
    monkeypatch.setattr(
        batches, "embed_passages", lambda texts, profile: [HUBS[text.strip(" .")] for text in texts]
    )
    added = {name: read(f"{name}.txt", f"{name}.".encode()) for name in HUBS}
    embed_all(course)
    return added


def ask_by_meaning(session: Session, course: Course, *, hidden: bool = False) -> SearchResult:
    session.rollback()
    return search(session, course.course_id, "?", question_vector=ASKED, see_hidden=hidden)


def test_what_all_passages_have_in_common_tells_none_of_them_apart(
    session: Session, course: Course, hubs: dict[str, uuid.UUID]
) -> None:
    found = ask_by_meaning(session, course).passages
    cosines = {one.material_title: one.cosine for one in found}
    assert cosines["hub"] == pytest.approx(dot(HUBS["hub"], ASKED), abs=1e-3)
    assert cosines["answer"] == pytest.approx(dot(HUBS["answer"], ASKED), abs=1e-3)
    assert cosines["hub"] > cosines["answer"], "cosines stay as they are"
    assert [one.material_title for one in found][:2] == ["answer", "hub"]
    session.execute(text("update course_materials set vector_sum = null"))
    session.commit()
    by_cosine = ask_by_meaning(session, course).passages
    assert [one.material_title for one in by_cosine][:2] == ["hub", "answer"]


def dot(a: list[float], b: list[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))


def test_hidden_files_have_no_part_in_what_all_have_in_common(
    session: Session, course: Course, hubs: dict[str, uuid.UUID]
) -> None:
    for name, material_id in hubs.items():
        session.get_one(CourseMaterial, material_id).is_public = not name.startswith("other")
    session.commit()
    seen = {one.material_title: one.score for one in ask_by_meaning(session, course).passages}
    assert seen.keys() == {"hub", "answer"}
    for name, material_id in hubs.items():
        if name.startswith("other"):
            session.delete(session.get_one(CourseMaterial, material_id))
    session.commit()
    alone = {one.material_title: one.score for one in ask_by_meaning(session, course).passages}
    assert alone == pytest.approx(seen)


def test_the_sum_of_a_file_s_vectors_is_kept_with_them(
    session: Session, course: Course, model: Model, read: Add, look: Look
) -> None:
    material_id = read("long.txt", "\n\n".join(["word " * 300] * 40).encode())
    assert look(material_id).vector_sum is None
    jobs.embed_chunks(str(course.course_id))
    assert 0 < look(material_id).embedded_count < look(material_id).chunk_count
    assert_sum_of_vectors(session, look(material_id))
    embed_all(course)
    assert look(material_id).embedded_count == look(material_id).chunk_count
    assert_sum_of_vectors(session, look(material_id))
    jobs.index_words(str(material_id))
    if look(material_id).embedded_count == 0:
        assert look(material_id).vector_sum is None


def assert_sum_of_vectors(session: Session, material: CourseMaterial) -> None:
    vectors = session.scalars(
        select(ChunkVector.embedding).where(ChunkVector.material_id == material.material_id)
    ).all()
    assert len(vectors) == material.embedded_count and material.vector_sum is not None
    total = [sum(values) for values in zip(*vectors, strict=True)]
    assert material.vector_sum == pytest.approx(total, abs=1e-4)


def test_vectors_of_two_models_are_not_compared(
    session: Session, course: Course, model: Model, read: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    read("Cells.pdf", BOOK)
    embed_all(course)

    class Other:
        name = "another model"

    monkeypatch.setattr(searching, "embedding_profile", Other)
    assert all(p.cosine is None for p in ask(session, course, "osmosis of water").passages)


def test_the_course_says_whose_vectors_are_compared(
    session: Session, course: Course, model: Model, read: Add
) -> None:
    """While a course moves to another model it is searched by the old one's vectors."""
    read("Cells.pdf", BOOK)
    embed_all(course)
    columns = "chunk_id, course_id, material_id, chunk_index, embedding"
    copy = f"insert into chunk_vectors (model, {columns}) select 'new', {columns}"
    session.execute(text(f"{copy} from chunk_vectors"))
    session.commit()

    def found(by: str) -> bool:
        session.rollback()
        result = search(
            session,
            course.course_id,
            "osmosis of water",
            question_vector=vector_of("osmosis of water"),
            question_model=by,
        )
        keys = [passage.chunk_id for passage in result.passages]
        assert keys and len(set(keys)) == len(keys), "of two models' vectors one counts"
        return any(passage.cosine is not None for passage in result.passages)

    assert (found(MODEL), found("new")) == (True, False)
    session.get_one(Course, course.course_id).embedding_model = "new"
    session.commit()
    assert (found(MODEL), found("new")) == (False, True)


def test_an_unreleased_or_replaced_file_is_not_found(
    session: Session, course: Course, model: Model, read: Add
) -> None:
    old = read("old.txt", b"osmosis as it was taught")
    new = read("new.txt", b"osmosis as it is taught now")
    embed_all(course)
    material = session.get_one(CourseMaterial, new)
    material.replaces_id, material.release_at = old, now() + timedelta(days=1)
    session.commit()
    assert titles(ask(session, course, "osmosis")) == ["old"]
    assert titles(ask(session, course, "osmosis", hidden=True)) == ["new"]
    session.get_one(CourseMaterial, new).release_at = now() - timedelta(seconds=1)
    session.commit()
    assert titles(ask(session, course, "osmosis")) == ["new"]
    session.get_one(CourseMaterial, new).deleted_at = now()
    session.commit()
    assert titles(ask(session, course, "osmosis", hidden=True)) == ["old"]


def test_the_same_text_in_slides_and_handout_is_one_passage(
    session: Session, course: Course, model: Model, read: Add
) -> None:
    text_ = "Osmosis moves water through a membrane towards the stronger solution, slowly. "
    read("slides.txt", (text_ * 2).encode())
    read("handout.txt", (text_ * 2 + "See").encode())
    read("other.txt", b"Osmosis was named by Graham, who saw it in a pig's bladder in a jar.")
    embed_all(course)
    found = ask(session, course, "How does osmosis move water through a membrane?").passages
    assert len(found) == 2 and len({found[0].material_title, "other"}) == 2
    assert {found[0].material_title, found[0].twins[0].material_title} == {"slides", "handout"}
    assert not found[1].twins


def test_a_hit_shows_the_sentence_with_the_words_asked_for(
    session: Session, course: Course, model: Model, read: Add
) -> None:
    read("Cells.pdf", BOOK)
    embed_all(course)
    shown = ask(session, course, "Where does osmosis move water?").passages[0].snippet
    assert [piece for piece, is_marked in shown.pieces() if is_marked] == [
        "Osmosis",
        "moves",
        "water",
    ]


@pytest.mark.parametrize(
    "question", ["", "   ", "the of and", "?!", "\0", "x" * 9000, "'); drop --"]
)
@pytest.mark.parametrize("by_meaning", [True, False])
def test_odd_questions_are_answered_with_what_there_is(
    session: Session, course: Course, model: Model, read: Add, question: str, by_meaning: bool
) -> None:
    read("Cells.pdf", BOOK)
    embed_all(course)
    assert isinstance(ask(session, course, question, by_meaning=by_meaning), SearchResult)


def test_the_plans_that_search_keeps_are_kept_for_its_transaction_alone(
    session: Session, course: Course, model: Model, read: Add
) -> None:
    read("Cells.pdf", BOOK)
    ask(session, course, "osmosis")
    assert session.scalar(text("show plan_cache_mode")) == "force_generic_plan"
    session.rollback()
    assert session.scalar(text("show plan_cache_mode")) == "auto"
    ask(session, course, "osmosis")
    session.commit()
    assert session.scalar(text("show plan_cache_mode")) == "auto"


def test_a_course_without_materials_covers_nothing(session: Session, course: Course) -> None:
    result = ask(session, course, "osmosis")
    assert result == SearchResult(Coverage.NOT_COVERED, [])


def test_cosines_of_models_nobody_has_looked_at_do_not_judge(
    session: Session, course: Course, model: Model, read: Add
) -> None:
    read("Cells.pdf", BOOK)
    embed_all(course)
    passages = ask(session, course, "photosynthesis").passages
    for name, is_judged in (("text-embedding-3-small", False), ("multilingual-e5-small", True)):
        scope = replace(scope_of(session, course.course_id, see_hidden=False), model=name)
        assert (evidence_of(passages, [], scope).cosine is not None) is is_judged


def test_what_words_alone_found_is_no_nearer_than_the_last_that_meaning_did(
    session: Session, course: Course, model: Model, read: Add
) -> None:
    read("Cells.pdf", BOOK)
    embed_all(course)
    scope = scope_of(session, course.course_id, see_hidden=False)
    scope = replace(scope, model="multilingual-e5-small")
    [first, *_] = ask(session, course, "photosynthesis", by_meaning=False).passages
    assert first.cosine is None
    near = [VectorHit(0, place, cosine, 0.0) for place, cosine in ((7, 0.9), (8, 0.7), (9, 0.8))]
    assert evidence_of([first], near, scope).cosine == 0.7
    assert evidence_of([first], [], scope).cosine is None, "no model answers: words alone judge"
    pending = replace(scope, embedded=[first.chunk_index])
    assert evidence_of([first], near, pending).cosine is None, "its vector is still to come"


def test_a_question_in_another_language_is_judged_by_meaning_alone(
    session: Session,
    course: Course,
    model: Model,
    read: Add,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read("a.txt", b"The osmosis of the water is a flow that goes through the membrane.")
    embed_all(course)
    for module in (searching, foreign):
        monkeypatch.setattr(module, "is_known", lambda _: True)
    judged = []
    monkeypatch.setattr(searching, "judge", lambda found: judged.append(found) or Coverage.CLOSEST)
    ask(session, course, "¿Qué es la difusión de los gases en el aire?")
    assert judged[-1].word_share is None
    ask(session, course, "What is the diffusion of the gases?")
    assert judged[-1].word_share is not None


def test_a_common_stem_does_not_answer_by_words_alone(
    session: Session, course: Course, model: Model, read: Add
) -> None:
    """ "Conditional" is a common word of the course; "probably" has the stem of "probability"."""
    for number in range(6):
        read(f"{number}.txt", f"A conditional is a statement of kind {number}.".encode())
    read("weather.txt", b"A conditional forecast: it will probably rain.")
    coins = read("coins.txt", b"Conditional probability is a probability by a probability.")
    asked = "What is conditional probability?"
    assert ask(session, course, asked, by_meaning=False).coverage is Coverage.ANSWERED
    session.get_one(CourseMaterial, coins).is_public = False
    session.commit()
    result = ask(session, course, asked, by_meaning=False)
    assert result.passages[0].material_title == "weather"
    assert result.passages[0].word_share == pytest.approx(1), "by their stems all words are there"
    assert result.coverage is Coverage.CLOSEST
