"""A written answer as safe HTML: one block after the other, with its numbers and margin notes.

A model's words are untrusted: Markdown is read without HTML, links and pictures, numbers become
links to sources that exist, and what comes out is cleaned once more against a short list.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markdown_it.token import Token
from markupsafe import Markup

from app.materials.retrieval.sentences import SENTENCE_END
from app.tutor.answers.citations import CITATION, Citation, Source, numbers_in, tidy, unsupported
from app.tutor.answers.markup import Linking, numbers_shown, parse, to_html

_CODE_MARKS = re.compile(r"```.*?```|`[^`\n]*`", re.S)
_STOP = re.compile(r"[.,;:!?…]+")
_BLOCK_END = re.compile(r"\n\n+(?=[^\s\d*+>|-])")


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, list or piece of code; `notes` are the sources first cited in it."""

    html: Markup
    notes: tuple[Citation, ...] = ()
    has_unsourced: bool = False


def render(
    text: str,
    citations: Sequence[Citation],
    link: Callable[[Citation], str],
    *,
    sources: Sequence[Source] = (),
    question: str = "",
) -> list[Block]:
    """The answer's blocks. `link` gives the address of a source; with `sources` given, sentences
    that nothing supports are marked.
    """
    tokens = parse(_balanced(tidy(text)))
    inlines = [token for token in tokens if token.type == "inline"]
    grouped = [_sentences(token.children or []) for token in inlines]
    flags = iter(unsupported([_said(s) for group in grouped for s in group], sources, question))
    for token, group in zip(inlines, grouped, strict=True):
        token.children = [part for sentence in group for part in _marked(sentence, next(flags))]
    state = Linking({citation.number: citation for citation in citations}, link)
    return [_block(block, state) for block in _top_level(tokens)]


def finished_part(text: str) -> str:
    """The beginning of an answer that is still being written, up to its last whole block.

    A list or a quotation may go on after a blank line: its end shows in what follows.
    """
    end = 0
    for boundary in _BLOCK_END.finditer(text):
        if text.count("```", 0, boundary.start()) % 2 == 0:
            end = boundary.start()
    return text[:end]


def _balanced(text: str) -> str:
    """The text without a mark that was left open where the writing broke off."""
    if text.count("```") % 2:
        return text + "\n```"
    bare = _CODE_MARKS.sub("", text)
    if bare.count("`") % 2:
        text += "`"
    if bare.count("**") % 2:
        before, _, after = text.rpartition("**")
        text = before + after
    return text


def _top_level(tokens: Sequence[Token]) -> list[list[Token]]:
    blocks: list[list[Token]] = []
    depth = 0
    for token in tokens:
        if depth == 0:
            blocks.append([])
        blocks[-1].append(token)
        depth += token.nesting
    return blocks


def _block(tokens: list[Token], state: Linking) -> Block:
    mentioned = [
        number
        for token in tokens
        for child in token.children or []
        for number in numbers_shown(child, state)
    ]
    new = [number for number in dict.fromkeys(mentioned) if number not in state.first_seen]
    state.first_seen.update(new)
    return Block(
        html=Markup(to_html(tokens, state)),  # noqa: S704  # cleaned
        notes=tuple(state.citations[number] for number in new),
        has_unsourced=any(
            child.type == "unsourced_open" for token in tokens for child in token.children or []
        ),
    )


def _sentences(children: Sequence[Token]) -> list[list[Token]]:
    """The parts of a paragraph by sentence; a text that holds several is cut between them."""
    sentences: list[list[Token]] = [[]]
    for child in children:
        pieces = _cut(child) if child.type == "text" else [child]
        for piece, following in pairwise([*pieces, None]):
            if piece is not None:
                sentences[-1].append(piece)
            if following is not None or (piece and _ends_sentence(piece)):
                sentences.append([])
    return [sentence for sentence in sentences if sentence]


def _cut(child: Token) -> list[Token]:
    ends = [0, *(match.end() for match in SENTENCE_END.finditer(child.content))]
    bounds = [*ends, len(child.content)]
    texts = [child.content[a:b] for a, b in pairwise(bounds) if b > a]
    return [_text(text, child.level) for text in texts]


def _ends_sentence(piece: Token) -> bool:
    return piece.type == "text" and piece.content.rstrip().endswith((".", "!", "?"))


def _said(sentence: Sequence[Token]) -> str:
    breaks = {"softbreak": " ", "hardbreak": " "}
    return "".join(breaks.get(part.type, part.content) for part in sentence)


def _marked(sentence: list[Token], is_unsupported: bool) -> list[Token]:
    """The sentence with its citations as parts of their own, wrapped where nothing supports it."""
    parts = [part for token in sentence for part in _with_citations(token)]
    depths = [0]
    for part in parts:
        depths.append(depths[-1] + part.nesting)
    if not is_unsupported or min(depths) < 0 or depths[-1] != 0:
        return parts
    return [Token("unsourced_open", "", 0), *parts, Token("unsourced_close", "", 0)]


def _with_citations(token: Token) -> list[Token]:
    """A text cut at its citations; a number stands after the full stop that follows it."""
    if token.type != "text":
        return [token]
    parts: list[Token] = []
    begin = 0
    for match in CITATION.finditer(token.content):
        stop = _STOP.match(token.content, match.end())
        before = token.content[begin : match.start()] + (stop.group() if stop else "")
        cite = Token("cite", "", 0, level=token.level)
        cite.meta = {"numbers": numbers_in(match.group(1))}
        parts += [_text(before, token.level), cite]
        begin = stop.end() if stop else match.end()
    parts.append(_text(token.content[begin:], token.level))
    return [part for part in parts if part.type == "cite" or part.content]


def _text(content: str, level: int) -> Token:
    return Token("text", "", 0, content=content, level=level)
