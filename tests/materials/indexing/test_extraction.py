"""Files into pages, and every fault of a file into its sentence."""

import io
import re
from pathlib import Path

import docx
import pytest

from app.materials.indexing.extraction import Extraction, SourceUnreadable, extract
from app.materials.indexing.sandbox import Limits
from tests.materials import makers

WORD = makers.document((1, "Loops"), (0, "A loop repeats."), (2, "While"), (0, "While it holds."))
SLIDES = makers.slides(("Lists", "A list has an order", "Ask them first"), ("Tuples", "Fixed", ""))
TWO_PAGES = makers.pdf(["Photosynthesis\nneeds light", "Respiration"])


def read(folder: Path, name: str, content: bytes, limits: Limits | None = None) -> Extraction:
    path = makers.saved(folder, content)
    return extract(path, name, limits) if limits else extract(path, name)


def fault(folder: Path, name: str, content: bytes, limits: Limits | None = None) -> str:
    with pytest.raises(SourceUnreadable) as caught:
        read(folder, name, content, limits)
    return caught.value.sentence


def test_a_pdf_is_read_by_page(tmp_path: Path) -> None:
    found = read(tmp_path, "week1.pdf", TWO_PAGES)
    assert (found.file_type, found.page_count) == ("pdf", 2)
    assert [page.text for page in found.pages] == ["Photosynthesis\nneeds light", "Respiration"]


def test_the_first_line_of_a_slide_in_a_pdf_is_its_heading(tmp_path: Path) -> None:
    deck = makers.pdf(["Sorting\nhas many ways"], size=(842, 595))
    assert read(tmp_path, "deck.pdf", deck).pages[0].heading == "Sorting"


def test_pages_without_text_are_told(tmp_path: Path) -> None:
    found = read(tmp_path, "scan.pdf", makers.pdf(["Text", "", "More"]))
    assert found.without_text == [2]


def test_a_powerpoint_file_is_read_by_slide_with_its_notes(tmp_path: Path) -> None:
    found = read(tmp_path, "week2.pptx", SLIDES)
    assert found.pages[0].heading == "Lists"
    assert found.pages[0].text == "Lists\n\nA list has an order\n\nNotes: Ask them first"
    assert found.page_count == 2


def test_a_word_file_is_read_by_heading(tmp_path: Path) -> None:
    found = read(tmp_path, "notes.docx", WORD)
    assert [page.heading for page in found.pages] == ["Loops", "Loops › While"]
    assert found.pages[1].text == "While\n\nWhile it holds."


def test_footnotes_follow_their_paragraph_and_a_table_of_contents_is_left_out(
    tmp_path: Path,
) -> None:
    word = makers.with_footnote(WORD, "A loop repeats.", "Or runs once.")
    found = read(tmp_path, "notes.docx", word)
    assert found.pages[0].text == "Loops\n\nA loop repeats.\nNote: Or runs once."
    listed = docx.Document()
    listed.styles.add_style("toc 1", 1)
    listed.add_paragraph("Loops . . . . 7", style="toc 1")
    listed.add_paragraph("Only this.")
    out = io.BytesIO()
    listed.save(out)
    assert read(tmp_path, "toc.docx", out.getvalue()).pages[0].text == "Only this."


def test_markdown_is_read_by_heading_and_code_is_left_alone(tmp_path: Path) -> None:
    text = "---\ntitle: Week 3\n---\nBefore\n\n# One\n\n```\n# no heading\n```\n\nTwo\n---\n\nb\n"
    found = read(tmp_path, "week3.md", text.encode())
    assert found.title == "Week 3"
    assert [page.heading for page in found.pages] == [None, "One", "One › Two"]
    assert found.pages[1].text == "# One\n\n```\n# no heading\n```"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_text_is_read_in_its_encoding(tmp_path: Path, encoding: str) -> None:
    text = "Die Größe der Fläche wächst, wenn der Käfer über die Äpfel läuft. " * 4
    found = read(tmp_path, "notes.txt", text.encode(encoding))
    assert found.pages[0].text == text.strip()


def test_form_feeds_part_the_pages_of_a_text(tmp_path: Path) -> None:
    assert read(tmp_path, "rfc.txt", b"one\n\x0ctwo\n\x0c").page_count == 2


def test_long_texts_become_sections_of_bounded_size(tmp_path: Path) -> None:
    found = read(tmp_path, "long.txt", b"word " * 20_000)
    assert found.page_count > 10
    assert max(len(page.text) for page in found.pages) <= 4_000
    assert sum(page.text.count("word") for page in found.pages) == 20_000


def test_nul_characters_are_dropped(tmp_path: Path) -> None:
    found = read(tmp_path, "odd.md", b"a" * 5000 + b" be\0fore")
    assert "\0" not in found.pages[0].text and "before" in found.pages[-1].text


def test_the_kind_is_told_by_content_where_the_name_says_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, "handout", WORD).file_type == "docx"


@pytest.mark.parametrize(
    ("name", "content", "part_of_the_sentence"),
    [
        ("a.pdf", makers.pdf(["x"], encrypted=True), "protected by a password"),
        ("a.docx", makers.encrypted_office(), "protected by a password"),
        ("a.pdf", b"", "The file is empty"),
        ("a.pdf", makers.pdf(["", ""]), "pages are pictures"),
        ("a.md", b" \n\t\n", "holds no text"),
        ("a.docx", makers.document((0, " ")), "holds no text"),
        ("a.pdf", TWO_PAGES[: len(TWO_PAGES) // 2], "damaged or was cut off"),
        ("a.pdf", b"%PDF-1.7\n" + b"\xde\xad" * 4000, "damaged or was cut off"),
        ("a.docx", WORD[:-400], "damaged or was cut off"),
        ("a.pptx", makers.with_part(SLIDES, "ppt/presentation.xml", b"<"), "damaged or was cut"),
        ("a.pdf", bytes(5000), "damaged or was cut off"),
        ("a.pdf", WORD, "but the file is a Word document"),
        ("a.docx", SLIDES, "but the file is a PowerPoint file"),
        ("a.docx", TWO_PAGES, "but the file is a PDF"),
        ("a.txt", TWO_PAGES, "but the file is a PDF"),
        ("a.pdf", b"only text", "but the file is text"),
        ("a.pdf", b"\x89PNG\r\n\x1a\n" + bytes(99), "This is a picture"),
        ("a.xlsx", makers.zip_of("xl/workbook.xml"), "This is an Excel file"),
        ("a.zip", makers.zip_of("week1/notes.md"), "a ZIP archive of another kind"),
        ("a.doc", makers.OLE + bytes(4000), "an old Word or PowerPoint"),
        ("a.txt", bytes(range(256)) * 40, "not text"),
    ],
)
def test_a_faulty_file_is_a_sentence(
    tmp_path: Path, name: str, content: bytes, part_of_the_sentence: str
) -> None:
    sentence = fault(tmp_path, name, content)
    assert part_of_the_sentence in sentence
    assert sentence.endswith(".")


def test_a_word_file_that_promises_600_megabytes_is_not_unpacked(tmp_path: Path) -> None:
    bomb = makers.with_part(WORD, "word/document.xml", 600 << 20)
    assert "Unpacked, the file would take 0.6 GB" in fault(tmp_path, "a.docx", bomb)


def test_a_pdf_that_unpacks_to_a_gigabyte_costs_one_child(tmp_path: Path) -> None:
    assert "more memory than is allowed" in fault(tmp_path, "a.pdf", makers.pdf_bomb())


def test_entities_that_multiply_are_not_expanded(tmp_path: Path) -> None:
    bomb = makers.with_part(WORD, "word/document.xml", makers.entity_bomb())
    assert fault(tmp_path, "a.docx", bomb)


def test_too_many_pages_are_refused_before_they_are_read(tmp_path: Path) -> None:
    sentence = fault(tmp_path, "a.pdf", makers.pdf(["x"] * 10_000))
    assert "has 10,000 pages; up to 5,000 can be read" in sentence


def test_a_file_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    assert "took longer than" in fault(tmp_path, "a.pdf", TWO_PAGES, Limits(wall=0))


def test_more_text_than_is_allowed_is_refused(tmp_path: Path) -> None:
    assert "more text" in fault(tmp_path, "a.txt", b"word " * 1000, Limits(characters=100))


COURSE = Path(__file__).parents[4] / "shared/data/course"


@pytest.mark.skipif(not COURSE.is_dir(), reason="the shared course files are not here")
@pytest.mark.parametrize(
    ("name", "pages", "number", "heading", "words"),
    [
        (
            "py4e_book3_Amazon_English_2024-02-22-x.pdf",
            245,
            60,
            "Functions › Adding new functions",
            "def repeat_lyrics():\n    print_lyrics()\n    print_lyrics()\nAnd then call repeat_",
        ),
        (
            "py4e_book3_Amazon_English_2024-02-22-x.pdf",
            245,
            22,
            "Why should you learn to write programs? › Terminology: Interpreter and compiler",
            "1.7 Writing a program\nTyping commands into the Python interpreter is a great way",
        ),
        (
            "py4e_lectures3_Pythonlearn-09-Dictionaries.pdf",
            30,
            3,
            "What is Not a “Collection”?",
            "when we put a new value in the variable",
        ),
        (
            "py4e_lectures3_Pythonlearn-09-Dictionaries.pdf",
            30,
            22,
            "Counting Pattern",
            "for word in words:\n    counts[word] = counts.get(word,0) + 1\nprint('Counts'",
        ),
        (
            "py4e_lectures3_Pythonlearn-09-Dictionaries.pptx",
            30,
            2,
            "What is a Collection?",
            "carry them all around in one convenient package",
        ),
        ("py4e_lectures3_es_2.1_Spanish.pptx", 15, 3, "Palabras Reservadas", "No puede utilizar"),
        (
            "py4e_book3_doc_2025-04-07-book.docx",
            218,
            3,
            "Why should you learn to write programs? › Creativity and motivation",
            "While this book is not intended for professional programmers",
        ),
        (
            "py4e_lectures3_Pythonlearn-05-Iterations.pptx",
            53,
            5,
            "Breaking Out of a Loop",
            "while True:\n    line = input('> ')\n    if line == 'done' :\n        break\n",
        ),
        (
            "py4e_book3_09-dictionaries.md",
            9,
            3,
            "Dictionaries › Dictionary as a set of counters",
            "Suppose you are given a string",
        ),
        (
            "d2l_probability.md",
            15,
            3,
            "Probability and Statistics › A Simple Example: Tossing Coins",
            "if we plan to toss the coin $n$ times",
        ),
    ],
)
def test_real_files_say_what_a_person_reads_there(
    name: str, pages: int, number: int, heading: str, words: str
) -> None:
    found = extract(COURSE / name, name)
    page = found.pages[number - 1]
    assert (found.page_count, page.number, page.heading) == (pages, number, heading)
    assert words in page.text


@pytest.mark.skipif(not COURSE.is_dir(), reason="the shared course files are not here")
def test_the_books_pages_are_labelled_as_printed_and_have_no_running_heads() -> None:
    name = "py4e_book3_Amazon_English_2024-02-22-x.pdf"
    pages = extract(COURSE / name, name).pages
    assert [pages[i].label for i in (2, 5, 12, 21, 244)] == ["iii", "vi", "1", "10", "233"]
    assert pages[21].text.startswith("That is more than you really need to know")
    assert pages[22].text.startswith("the clown ran after the car")
    heads = re.compile(r"(?m)^(\d+ CHAPTER \d+\. [A-Z]|\d+\.\d+\. [A-Z ]+ \d+$)")
    # A page with nothing but its head keeps it.
    kept = [page.number for page in pages if heads.search(page.text) and "\n" in page.text]
    assert kept == []
