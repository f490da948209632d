"""The PDFs that the tests upload are what they say."""

import time

import pypdfium2 as pdfium
import pytest

from tests import pdfs


def _texts(content: bytes) -> list[str]:
    document = pdfium.PdfDocument(content)
    return [" ".join(page.get_textpage().get_text_bounded().split()) for page in document]


@pytest.mark.parametrize(("pages", "page"), [(30, 1), (36, 17), (45, 45)])
def test_fact_stands_on_its_page_and_on_no_other(pages: int, page: int) -> None:
    content, fact = pdfs.handbook_with_fact(pages, page, seed=pages)
    texts = _texts(content)
    assert len(texts) == pages
    assert [n for n, text in enumerate(texts, start=1) if fact.sentence in text] == [page]
    assert [n for n, text in enumerate(texts, start=1) if fact.answer in text] == [page]
    assert fact.answer in fact.sentence and fact.answer not in fact.question


def test_pages_are_full_of_prose_and_differ() -> None:
    texts = _texts(pdfs.handbook(40))
    assert len(set(texts)) == 40
    assert all(len(text) > 700 for text in texts)


def test_forty_pages_take_less_than_a_second() -> None:
    begin = time.process_time()
    pdfs.handbook(40)
    assert time.process_time() - begin < 1


def test_same_seed_same_file_other_seed_other_fact() -> None:
    assert pdfs.handbook_with_fact(seed=4) == pdfs.handbook_with_fact(seed=4)
    assert pdfs.random_fact(1, seed=4) != pdfs.random_fact(1, seed=5)


def test_text_stays_on_the_page() -> None:
    document = pdfium.PdfDocument(pdfs.handbook_with_fact(40, 20)[0])
    for page in document:
        text = page.get_textpage()
        boxes = [text.get_rect(i) for i in range(text.count_rects())]
        assert min(box[1] for box in boxes) > 20
        assert max(box[2] for box in boxes) < pdfs.PAGE[0] - 40
