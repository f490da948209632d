"""Which sources an answer really cites, and which sentences nothing supports. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.materials.retrieval.passages import MARKED_UP
from app.materials.retrieval.plain import plain
from app.materials.retrieval.sentences import Unit, split
from app.tutor.evidence.card import Place
from app.tutor.evidence.wording import overlap, terms

_NUMBERS = r"(?:sources?\s+)?\d{1,2}(?:\s*(?:[,;&–-]|and)\s*\d{1,2})*"
_BRACKETS = rf"[\[【]\s*{_NUMBERS}\s*[\]】]"
CITATION = re.compile(
    rf"(?:\s+|(?<![\w\])'\"]))({_BRACKETS}(?:\s?{_BRACKETS})*)(?!\s*[=({{])", re.I
)
"""[1], [1, 2], [1-3], [1][2], with the space before; not the index of code, as in a[1]."""
_AFTER_THE_END = re.compile(rf"([.!?。！？])(\s*{_BRACKETS}(?:\s?{_BRACKETS})*)(?=\s|$)", re.I)
_CODE = re.compile(r"^(```|~~~).*?^\1|`[^`\n]+`", re.M | re.S)

LEAST_SUPPORT = 0.2
"""A sentence that shares less of its words with the sources is not from them."""
USUAL_SUPPORT = 0.4
"""Where sentences share less than this on the whole, words can't tell (another language)."""
LEAST_WORDS = 5
LONGEST_QUOTE = 160
NEARLY = 0.6
"""A short sentence that is this much as near to what was said is the better quotation."""


@dataclass(frozen=True, slots=True)
class Source:
    """A passage as the answer may cite it: number from 1, where its text begins, the text."""

    number: int
    chunk_id: str
    content: str
    places: tuple[tuple[int, Place], ...]
    """(offset, place) of each page that the passage touches, in order."""

    def place_at(self, offset: int) -> Place:
        """Where the text at `offset` stands."""
        begun = [place for start, place in self.places if start <= offset]
        return begun[-1] if begun else self.places[0][1]


@dataclass(frozen=True, slots=True)
class Citation:
    """A source that the answer cites, with the sentence of it that supports the answer most."""

    number: int
    place: Place
    quote: str

    @property
    def note(self) -> str:
        """The quotation as the margin has room for it, cut after a whole word."""
        text = plain(self.quote, is_markdown=self.place.file_type in MARKED_UP)
        if len(text) <= LONGEST_QUOTE:
            return text
        return text[: text.rfind(" ", 0, LONGEST_QUOTE)] + " …"


def tidy(text: str) -> str:
    """The answer with each citation inside its sentence: "so. [1]" becomes "so [1]."."""
    return _AFTER_THE_END.sub(lambda found: f" {found[2].strip()}{found[1]}", text.strip())


def numbers_in(brackets: str) -> list[int]:
    """The numbers of brackets: "[1, 3]" gives 1 and 3, "[1-3]" gives 1, 2 and 3."""
    numbers: list[int] = []
    for first, last in re.findall(r"(\d{1,2})(?:\s*[–-]\s*(\d{1,2}))?", brackets):
        end = max(int(last or first), int(first))
        numbers += range(int(first), min(end, int(first) + 9) + 1)
    return numbers


def cited_numbers(text: str, sources: Sequence[Source]) -> list[int]:
    """Numbers of real sources in the order of their first mention. Invented ones are dropped."""
    known = {source.number for source in sources}
    matches = CITATION.finditer(_CODE.sub("`code`", text))
    found = [number for match in matches for number in numbers_in(match.group(1))]
    return list(dict.fromkeys(number for number in found if number in known))


def citations(text: str, sources: Sequence[Source]) -> list[Citation]:
    """What the answer cites, each source once, by number of first mention."""
    by_number = {source.number: source for source in sources}
    return [_citation(text, by_number[number]) for number in cited_numbers(text, sources)]


def _citation(text: str, source: Source) -> Citation:
    said = " ".join(_sentences_citing(text, source.number)) or text
    unit = best_sentence(said, source.content)
    if unit is None:
        return Citation(source.number, source.places[0][1], source.content[:LONGEST_QUOTE])
    return Citation(source.number, source.place_at(unit.offset), unit.text)


def best_sentence(said: str, content: str) -> Unit | None:
    """The sentence of a passage that shares most with what was said, a short one if there is one
    nearly as good; None for a passage without text.
    """
    units = split(content)
    sentences = [unit for unit in units if unit.kind == "sentence"] or units
    weights = [_likeness(unit.text, said) for unit in sentences]
    bar = NEARLY * max(weights, default=0)
    ranked = sorted(zip(weights, sentences, strict=True), key=lambda pair: -pair[0])
    good = [unit for weight, unit in ranked if weight >= bar]
    short = [unit for unit in good if len(unit.text) <= LONGEST_QUOTE]
    return next(iter(short or good), None)


def _likeness(text: str, said: str) -> float:
    """Shared words, by the geometric mean of both sides' lengths."""
    words, others = set(terms(text)), set(terms(said))
    shared = len(words & others)
    return shared / (len(words) * len(others)) ** 0.5 if shared else 0.0


def _sentences_citing(text: str, number: int) -> list[str]:
    """What stands before each mention of the number, back to the sentence before it."""
    found, begin = [], 0
    for match in CITATION.finditer(text):
        before = text[begin : match.start()]
        if number in numbers_in(match.group(1)):
            found.append(_last_sentence(before))
        begin = match.end()
    return found


def _last_sentence(text: str) -> str:
    sentences = [unit.text for unit in split(CITATION.sub("", text)) if unit.kind != "code"]
    return sentences[-1] if sentences else text


def unsupported(sentences: Sequence[str], sources: Sequence[Source], question: str) -> list[bool]:
    """For each sentence of an answer, whether it is plainly not from the sources.

    Judged only where it can be: the answer cites something and mostly shares the sources' words.
    """
    whole = " ".join(sentences)
    if not cited_numbers(whole, sources):
        return [False] * len(sentences)
    material = " ".join([question, *(source.content for source in sources)])
    bare = [CITATION.sub("", sentence) for sentence in sentences]
    shares = [overlap(sentence, material) for sentence in bare]
    usual = sorted(shares)[len(shares) // 2]
    if usual < USUAL_SUPPORT:
        return [False] * len(sentences)
    return [
        not cited_numbers(sentence, sources)
        and (_cites_nothing_real(sentence) or _is_foreign(text, share))
        for sentence, text, share in zip(sentences, bare, shares, strict=True)
    ]


def _cites_nothing_real(sentence: str) -> bool:
    """Whether it names only sources that do not exist."""
    return CITATION.search(sentence) is not None


def _is_foreign(sentence: str, share: float) -> bool:
    is_question = sentence.rstrip().endswith("?")
    return not is_question and len(set(terms(sentence))) >= LEAST_WORDS and share < LEAST_SUPPORT
