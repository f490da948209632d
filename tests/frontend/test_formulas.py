"""Formulas set in the page: what is set, what is left alone, all under the strict policy."""

import re

import pytest
from playwright.sync_api import Page

from tests.frontend.conftest import Opening, Visit
from tests.frontend.site import Site

TALL = r"\frac{\frac{a}{b}}{\frac{c}{d}}"
ALL_KINDS = rf"""
x^2; \frac{{a}}{{b}}; \sqrt[3]{{x}}; \sqrt{{{TALL}}}; \vec{{v}}; \overrightarrow{{AB}}; \widehat{{abc}}
\overbrace{{a+b}}^{{n}}; \underbrace{{a+b}}_{{n}}; \left( {TALL} \right); \left\Vert {TALL} \right\Vert
\left\{{ \begin{{array}}{{l|r}} a & b \\ \hline c & d \end{{array}} \right.; \left\lceil {TALL} \right\rfloor
\begin{{pmatrix}} 1 & 2 \\ 3 & 4 \\ 5 & 6 \\ 7 & 8 \\ 9 & 0 \end{{pmatrix}}; \Bigg\langle x \Bigg\rangle
\begin{{cases}} 1 & x > 0 \\ 0 & \text{{else}} \end{{cases}}; \begin{{aligned}} a &= b \\ &= c \end{{aligned}}
\cancel{{x}}; \bcancel{{x}}; \xcancel{{x}}; \sout{{x}}; \boxed{{x}}; \fbox{{x}}; \colorbox{{yellow}}{{x}}
\fcolorbox{{red}}{{yellow}}{{x}}; \color{{blue}} x; \textcolor{{red}}{{x}}; \pmb{{x}}; \Huge x; \dots
\mathbb{{R}} \mathcal{{L}} \mathfrak{{g}} \mathscr{{S}} \mathsf{{T}} \mathtt{{t}}; \neg\forall\exists
\xrightarrow[b]{{a}}; \xleftrightarrow{{ab}}; \sum_{{i=1}}^n \int_0^\infty \prod; \lim_{{x \to 0}}
\phase{{-78^\circ}}; \angl{{n}}; \tag{{1}} x; \rule{{1em}}{{2em}}; \raisebox{{2pt}}{{x}}
\stackrel{{a}}{{b}}; \utilde{{x}}; \operatorname{{argmax}}; \def\f{{x}}\f; \overset{{!}}{{=}}; a\!b
"""  # noqa: E501
HARMFUL = (
    r"\href{javascript:alert(1)}{x}",
    r"\includegraphics{https://elsewhere.example/x.png}",
    r"\htmlStyle{position:fixed}{x}",
    r"\htmlData{source=1}{x}",
    r"\def\a{\a\a}\a",
    r"\rule{1000em}{1000em}",
    r"\url{https://elsewhere.example}",
)


@pytest.fixture
def reading(visit: Opening, site: Site) -> Opening:
    """`reading(lines, …)` opens a page that says so, its formulas set."""

    def opened(*lines: str, ready: str = "#marked .katex", **more: object) -> Visit:
        site.text = lines
        return visit("/enter?to=/s/visit1/formulas", ready=ready, **more)

    return opened


def said(page: Page, part: str) -> str:
    """The text of a part, formulas as their sources, spaces made one."""
    text = page.evaluate(
        """selector => {
            const copy = document.querySelector(selector).cloneNode(true);
            for (const formula of copy.querySelectorAll(".cl-formula"))
                formula.replaceWith(`<${formula.querySelector("annotation").textContent}>`);
            return copy.textContent;
        }""",
        part,
    )
    return re.sub(r"\s+", " ", text).strip()


def test_formulas_of_all_four_forms_are_set(reading: Opening) -> None:
    visiting = reading(
        r"Let $x^2$ and \(y_1\) be.", r"$$\sum_i x_i$$", "\\[\na = b \\\\[2pt]\n\\]", "the $n$th"
    )
    page = visiting.page
    assert said(page, "#text") == r"Let <x^2> and <y_1> be.<\sum_i x_i>< a = b \\[2pt] >the <n>th"
    assert page.locator("#text .katex-display").count() == 2
    assert page.locator("#text math annotation").count() == 5, "for screen readers"
    assert page.locator("#text .katex-html[aria-hidden=true]").count() == 5
    assert said(page, "#lines") == "Before < E = mc^2 > after"
    assert said(page, "#marked") == r"Here the norm <\|x\|> is marked, strongly <y>."
    assert page.locator("mark .katex").count() == 1
    assert page.evaluate("document.fonts.check('16px KaTeX_Math')")
    assert visiting.violations() == []
    assert visiting.complaints == []


def test_code_prices_and_parts_without_the_mark_are_left_alone(reading: Opening) -> None:
    page = reading("It costs $5 and $6.", "$HOME/$USER", r"\[1\]").page
    assert page.inner_text("#text").split("\n\n") == [
        "It costs $5 and $6.",
        "$HOME/$USER",
        r"\[1\]",
    ]
    assert page.inner_text("#code pre") == r"echo $HOME$ \(x\)"
    assert page.locator("#code .katex").count() == 0
    assert page.inner_text("#unmarked") == "This part has no mark: $z$."
    assert page.locator("fieldset .katex").count() == 1
    assert page.get_by_role("radio", name="O(n^2)").count() == 1, "a formula names its option"


def test_what_cannot_be_read_stays_as_it_was_written(reading: Opening) -> None:
    visiting = reading(
        r"$\frac{1}{$", r"Wrong: $\begin{x} a_1$, right: $b_1$.", r"$\unknown{} + 1$"
    )
    page = visiting.page
    page.wait_for_selector("#text .katex >> nth=1")
    assert (
        said(page, "#text") == r"$\frac{1}{$Wrong: $\begin{x} a_1$, right: <b_1>.<\unknown{} + 1>"
    )
    assert r"\unknown" in page.inner_text("#text p:nth-child(3) .katex-html")
    assert visiting.complaints == []


def test_no_kind_of_formula_offends_against_the_policy(reading: Opening) -> None:
    formulas = [piece.strip() for piece in re.split(r"[;\n]", ALL_KINDS) if piece.strip()]
    visiting = reading(*(f"$${formula}$$" for formula in formulas))
    page = visiting.page
    page.wait_for_selector("#text p:last-child .katex")
    assert page.locator("#text > p:not(:has(.katex))").all_inner_texts() == []
    assert page.locator("#text .katex-html [style*=width], #text svg[style]").count() > 0
    assert visiting.complaints == []


def test_a_formula_brings_no_links_pictures_or_styles(reading: Opening) -> None:
    visiting = reading(*(f"Before $${formula}$$ after" for formula in HARMFUL), "$last$")
    page = visiting.page
    page.wait_for_selector("#text p:last-child .katex")
    assert page.locator("#text a, #text img, #text [data-source]").count() == 0
    assert page.locator("#text [style*=fixed]").count() == 0
    box = page.locator("#text").bounding_box()
    assert box
    assert box["height"] < 1500, "no endless or giant ones"
    assert visiting.complaints == []


def test_a_growing_text_shows_its_finished_formulas(reading: Opening) -> None:
    visiting = reading()
    page = visiting.page
    page.evaluate(
        """async () => {
            const paragraph = document.querySelector("#live p");
            const caret = document.createElement("span");
            caret.className = "cl-caret";
            paragraph.append(caret);
            const text = "Costs $5-$10. Let $x_1$ be \\\\(y\\\\). Then $z";
            for (const letter of text) {
                const before = caret.previousSibling;
                if (before instanceof Text) before.appendData(letter); else caret.before(letter);
                if (letter === "." || letter === "$") await new Promise(requestAnimationFrame);
            }
        }"""
    )
    page.wait_for_selector("#live .katex >> nth=1")
    assert said(page, "#live") == "Costs $5-$10. Let <x_1> be <y>. Then $z"
    page.evaluate("document.querySelector('#live .cl-caret').before('$ and on.')")
    page.wait_for_selector("#live .katex >> nth=2")
    assert said(page, "#live") == "Costs $5-$10. Let <x_1> be <y>. Then <z> and on."
    assert visiting.complaints == []


def test_formulas_come_again_with_a_boosted_page(reading: Opening) -> None:
    visiting = reading("$a_1$")
    page = visiting.page
    page.click("nav >> text=Practice")
    page.wait_for_selector("h1:has-text('Practice')")
    page.go_back()
    page.wait_for_selector("#text .katex")
    assert page.locator("link[href*='math-']").count() == 1
    assert visiting.complaints == []


def test_a_wide_formula_scrolls_in_its_place(reading: Opening) -> None:
    wide = "+".join(f"x_{{{n}}}" for n in range(40))
    page = reading(f"$${wide}$$", rf"Inline $\left({wide}\right)$ here", width=320).page
    page.wait_for_selector("#text .is-wide >> nth=1")
    assert page.locator("#lines br").count() == 1, "no empty line after it"
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert page.locator("#text .is-wide[tabindex='0']").count() == 2


def test_without_a_formula_nothing_is_fetched_for_one(visit: Opening) -> None:
    page = visit("/enter?to=/s/visit1/practice", ready="h1").page
    page.wait_for_load_state("networkidle")
    names = page.evaluate("performance.getEntriesByType('resource').map(entry => entry.name)")
    assert names
    assert not [name for name in names if "katex" in name.lower() or "math-" in name]


def test_formulas_stay_readable_where_katex_cannot_be_fetched(
    reading: Opening, visit: Opening
) -> None:
    page = visit("/enter").page
    page.route("**/katex-*", lambda route: route.abort())
    page.goto(page.url.replace("tutor", "formulas"))
    page.wait_for_load_state("networkidle")
    assert page.inner_text("#marked") == r"Here the norm $\|x\|$ is marked, strongly \(y\)."
