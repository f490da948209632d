"""Formulas of Word and PowerPoint: what is read of them, in files whose XML is written by hand."""

import io
import json
import subprocess
import zipfile
from pathlib import Path

import pytest
from lxml import etree

from app.materials.indexing.extraction import Extraction, extract
from app.materials.readers.equations import tex
from tests.materials import makers

M = "http://schemas.openxmlformats.org/officeDocument/2006/math"
ROOT = Path(__file__).parents[3]


def r(text: str, properties: str = "") -> str:
    return f"<m:r><m:rPr>{properties}</m:rPr><m:t>{text}</m:t></m:r>"


def e(*parts: str) -> str:
    return "".join(f"<m:e>{part}</m:e>" for part in parts)


def frac(above: str, below: str, kind: str = "bar") -> str:
    return (
        f'<m:f><m:fPr><m:type m:val="{kind}"/></m:fPr>'
        f"<m:num>{above}</m:num><m:den>{below}</m:den></m:f>"
    )


def sup(base: str, high: str) -> str:
    return f"<m:sSup>{e(base)}<m:sup>{high}</m:sup></m:sSup>"


def sub(base: str, low: str) -> str:
    return f"<m:sSub>{e(base)}<m:sub>{low}</m:sub></m:sSub>"


def fenced(*parts: str, begin: str = "(", end: str = ")") -> str:
    signs = f'<m:dPr><m:begChr m:val="{begin}"/><m:endChr m:val="{end}"/></m:dPr>'
    return f"<m:d>{signs}{e(*parts)}</m:d>"


def nary(sign: str, low: str, high: str, what: str) -> str:
    signs = f'<m:naryPr><m:chr m:val="{sign}"/></m:naryPr>' if sign else "<m:naryPr/>"
    return f"<m:nary>{signs}<m:sub>{low}</m:sub><m:sup>{high}</m:sup>{e(what)}</m:nary>"


def accent(sign: str, what: str) -> str:
    return f'<m:acc><m:accPr><m:chr m:val="{sign}"/></m:accPr>{e(what)}</m:acc>'


ROOT_OF = f"<m:rad><m:deg/>{e(sup(r('b'), r('2')) + r('−4ac'))}</m:rad>"
QUADRATIC = r("x=") + frac(r("−b±") + ROOT_OF, r("2a"))
BAYES = (
    r("P") + fenced(r("A|B")) + r("=") + frac(r("P") + fenced(r("A∩B")), r("P") + fenced(r("B")))
)
LIMIT = f"<m:limLow>{e(r('lim'))}<m:lim>{r('n→∞')}</m:lim></m:limLow>"
MATRIX = f"<m:m><m:mr>{e(r('1'), r('0'))}</m:mr><m:mr>{e(r('0'), r('1'))}</m:mr></m:m>"
CASES = f"<m:eqArr>{e(r('x,&amp;x≥0'), r('−x,&amp;x&lt;0'))}</m:eqArr>"

FORMULAS = [
    (QUADRATIC, r"x=\frac{−b±\sqrt{b^{2}−4ac}}{2a}"),
    (BAYES, r"P(A|B)=\frac{P(A∩B)}{P(B)}"),
    (nary("∑", r("i=1"), r("n"), sub(r("x"), r("i"))), "∑_{i=1}^{n}{x_{i}}"),
    (nary("", r("0"), r("1"), sup(r("e"), r("−x")) + r("dx")), "∫_{0}^{1}{e^{−x}dx}"),
    (f"<m:rad><m:deg>{r('3')}</m:deg>{e(r('x'))}</m:rad>", r"\sqrt[3]{x}"),
    (f"<m:func><m:fName>{LIMIT}</m:fName>{e(sub(r('a'), r('n')))}</m:func>", r"\lim_{n→∞}{a_{n}}"),
    (f"<m:func><m:fName>{r('sin')}</m:fName>{e(r('θ'))}</m:func>", r"\sin {θ}"),
    (f"<m:func><m:fName>{r('Var')}</m:fName>{e(r('X'))}</m:func>", r"\operatorname{Var}{X}"),
    (
        fenced(MATRIX, begin="[", end="]"),
        r"\left[ \begin{matrix} 1 & 0 \\ 0 & 1 \end{matrix}\right] ",
    ),
    (
        fenced(CASES, begin="{", end=""),
        r"\left\{ \begin{aligned} & x,x≥0 \\ & −x,x<0 \end{aligned}\right. ",
    ),
    (fenced(r("A"), r("B"), begin="⟦", end="⟧"), "⟦A|B⟧"),
    (fenced(r("x"), begin="‖", end="‖"), r"\|x\|"),
    (fenced(frac(r("n"), r("k"), "noBar")), r"\left( {n \atop k}\right) "),
    (frac(r("1"), r("2"), "lin"), "{1}/{2}"),
    (sup(frac(r("1"), r("2")), r("n")), r"{\frac{1}{2}}^{n}"),
    (
        f"<m:sSubSup>{e(r('x'))}<m:sub>{r('i')}</m:sub><m:sup>{r('2')}</m:sup></m:sSubSup>",
        "x_{i}^{2}",
    ),
    (
        f"<m:sPre><m:sub>{r('6')}</m:sub><m:sup>{r('14')}</m:sup>{e(r('C'))}</m:sPre>",
        "{}_{6}^{14}{C}",
    ),
    (accent("\u0302", r("p")), r"\hat{p}"),
    (accent("\u20d7", r("v")), r"\vec{v}"),
    (f"<m:acc>{e(r('p'))}</m:acc>", r"\hat{p}"),
    (f'<m:bar><m:barPr><m:pos m:val="top"/></m:barPr>{e(r("x"))}</m:bar>', r"\overline{x}"),
    (f"<m:groupChr>{e(r('a+b'))}</m:groupChr>", r"\underbrace{a+b}"),
    (f"<m:borderBox>{e(r('a'))}</m:borderBox>", r"\boxed{a}"),
    (r("speed of light", "<m:nor/>") + r("=c"), r"\text{speed of light}=c"),
    (r("R", '<m:scr m:val="double-struck"/>'), r"\mathbb{R}"),
    (r("v", '<m:sty m:val="b"/>'), r"\mathbf{v}"),
    (r("50% of $5 &amp; #1_{a} f′"), r"50\% of \$5 \& \#1\_\{a\} f'"),
    (f"<m:unheardOf><m:e>{r('q')}</m:e></m:unheardOf>", "q"),
    ("", ""),
]


@pytest.mark.parametrize(("written", "read"), FORMULAS)
def test_a_formula_as_tex(written: str, read: str) -> None:
    assert tex(etree.fromstring(f'<m:oMath xmlns:m="{M}">{written}</m:oMath>')) == read


def test_what_is_read_can_be_set() -> None:
    """By the library that sets formulas in the reader, which raises on what it does not know."""
    module = (ROOT / "node_modules/katex/dist/katex.mjs").as_uri()
    script = (
        f"import katex from {json.dumps(module)};"
        f"for (const one of {json.dumps([read for _, read in FORMULAS])})"
        "  katex.renderToString(one, { throwOnError: true, strict: 'ignore' });"
    )
    command = ["node", "--input-type=module", "-e", script]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr


def test_a_formula_is_read_as_deep_as_a_file_can_be() -> None:
    deep = r("q")
    for _ in range(80):  # the XML parser takes 256 elements in each other, and no more
        deep = frac(deep, r("2"))
    assert tex(etree.fromstring(f'<m:oMath xmlns:m="{M}">{deep}</m:oMath>')).count("frac") == 80


W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
WORDS = f"""<w:document xmlns:w="{W}" xmlns:m="{M}"><w:body>
<w:p><w:pPr><w:pStyle w:val="Heading1"/></w:pPr>
  <w:r><w:t xml:space="preserve">The meaning of </w:t></w:r><m:oMath>{r("π")}</m:oMath></w:p>
<w:p><w:r><w:t xml:space="preserve">It holds that </w:t></w:r><m:oMath>{BAYES}</m:oMath>
  <w:r><w:t xml:space="preserve"> for all events.</w:t></w:r></w:p>
<w:p><m:oMathPara><m:oMath>{QUADRATIC}</m:oMath></m:oMathPara></w:p>
<w:p><m:oMathPara><m:oMath>{r("a=1")}</m:oMath><m:oMath>{r("b=2")}</m:oMath></m:oMathPara></w:p>
<w:tbl><w:tr>
  <w:tc><w:p><w:r><w:t>Area</w:t></w:r></w:p></w:tc>
  <w:tc><w:p><m:oMath>{r("π") + sup(r("r"), r("2"))}</m:oMath></w:p></w:tc>
</w:tr></w:tbl>
<w:p><w:r><w:t xml:space="preserve">Nothing stands in </w:t></w:r><m:oMath/>
  <w:r><w:t>this one.</w:t></w:r></w:p>
</w:body></w:document>"""


def read(folder: Path, name: str, content: bytes) -> Extraction:
    return extract(makers.saved(folder, content), name)


def test_formulas_of_word_stand_where_they_stood(tmp_path: Path) -> None:
    word = makers.with_part(makers.document((0, "x")), "word/document.xml", WORDS.encode())
    [page] = read(tmp_path, "formulas.docx", word).pages
    assert page.heading == "The meaning of $π$"
    assert page.text.split("\n\n") == [
        "The meaning of $π$",
        r"It holds that $P(A|B)=\frac{P(A∩B)}{P(B)}$ for all events.",
        r"$$x=\frac{−b±\sqrt{b^{2}−4ac}}{2a}$$",
        "$$a=1$$ $$b=2$$",
        "Area | $πr^{2}$",
        "Nothing stands in this one.",
    ]


def test_a_formula_in_a_footnote_is_read(tmp_path: Path) -> None:
    word = makers.with_footnote(makers.document((0, "See there.")), "See there.", "Where")
    with zipfile.ZipFile(io.BytesIO(word)) as archive:
        notes = archive.read("word/footnotes.xml").decode()
    formula = f'<m:oMath xmlns:m="{M}">{sup(r("c"), r("2"))}</m:oMath>'
    notes = notes.replace("Where</w:t></w:r>", f"Where </w:t></w:r>{formula}")
    word = makers.with_part(word, "word/footnotes.xml", notes.encode())
    assert read(tmp_path, "a.docx", word).pages[0].text == "See there.\nNote: Where $c^{2}$"


A = "http://schemas.openxmlformats.org/drawingml/2006/main"
P = "http://schemas.openxmlformats.org/presentationml/2006/main"
BOX = """<p:sp><p:nvSpPr><p:cNvPr id="{id}" name="Box {id}"/><p:cNvSpPr/><p:nvPr/></p:nvSpPr>
<p:spPr/><p:txBody><a:bodyPr/><a:p>{text}</a:p></p:txBody></p:sp>"""
IN_TEXT = (
    "<a:r><a:t>Energy is </a:t></a:r>"
    '<a14:m xmlns:a14="http://schemas.microsoft.com/office/drawing/2010/main">'
    f"<m:oMath>{r('E=m') + sup(r('c'), r('2'))}</m:oMath></a14:m>"
    "<a:r><a:t> at rest.</a:t></a:r>"
)
EITHER = f"""<mc:AlternateContent
  xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">
<mc:Choice xmlns:a14="http://schemas.microsoft.com/office/drawing/2010/main" Requires="a14">
{BOX.format(id=7, text=IN_TEXT)}</mc:Choice>
<mc:Fallback>{BOX.format(id=7, text="<a:r><a:t>a picture</a:t></a:r>")}</mc:Fallback>
</mc:AlternateContent>"""
SLIDE = f"""<p:sld xmlns:p="{P}" xmlns:a="{A}" xmlns:m="{M}"><p:cSld><p:spTree>
<p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>
{BOX.format(id=6, text="<a:r><a:t>Before</a:t></a:r>")}{EITHER}
{BOX.format(id=8, text="<a:r><a:t>After</a:t></a:r>")}
</p:spTree></p:cSld></p:sld>"""


def test_formulas_of_powerpoint_stand_in_their_text(tmp_path: Path) -> None:
    deck = makers.with_part(makers.slides(("x", "x", "")), "ppt/slides/slide1.xml", SLIDE.encode())
    [slide] = read(tmp_path, "formulas.pptx", deck).pages
    assert slide.text == "Before\n\nEnergy is $E=mc^{2}$ at rest.\n\nAfter"


def test_a_formula_in_the_notes_of_a_slide_is_read(tmp_path: Path) -> None:
    deck = makers.slides(("Rest", "", "said aloud"))
    with zipfile.ZipFile(io.BytesIO(deck)) as archive:
        name = next(n for n in archive.namelist() if n.startswith("ppt/notesSlides/notes"))
        notes = archive.read(name).decode()
    notes = notes.replace("<a:r><a:t>said aloud</a:t></a:r>", IN_TEXT).replace(
        "<p:notes ", f'<p:notes xmlns:m="{M}" ', 1
    )
    deck = makers.with_part(deck, name, notes.encode())
    assert (
        read(tmp_path, "notes.pptx", deck)
        .pages[0]
        .text.endswith("Notes: Energy is $E=mc^{2}$ at rest.")
    )
