"""Markdown as answers may use it, and as HTML: no HTML, links or pictures of the model's own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import escape

from app.materials.formulas import keep_formulas
from app.tutor.answers.citations import Citation

_TAGS = {"p", "ul", "ol", "li", "pre", "code", "strong", "em", "s", "h4", "blockquote", "hr", "br"}
_TABLE = {"table", "thead", "tbody", "tr", "th", "td"}
_ATTRIBUTES = {
    "a": {"class", "href", "data-source"},
    "span": {"class"},
    "pre": {"class", "tabindex"},
    "ol": {"start"},
    "table": {"class"},
}


@dataclass(slots=True)
class Linking:
    """What the renderer's rules need to know while one answer is rendered."""

    citations: dict[int, Citation]
    link: Callable[[Citation], str]
    first_seen: set[int] = field(default_factory=set)


def parse(text: str) -> list[Token]:
    """The tokens of an answer."""
    return _MARKDOWN.parse(text)


def to_html(tokens: Sequence[Token], state: Linking) -> str:
    """The tokens as HTML, cleaned against a short list of what may stand in an answer."""
    return _clean(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {"state": state}))


def _clean(html: str) -> str:
    return nh3.clean(
        html,
        tags=_TAGS | _TABLE | {"a", "span"},
        attributes=_ATTRIBUTES,
        url_schemes=set(),
        link_rel=None,
    ).strip()


def numbers_shown(token: Token, state: Linking) -> list[int]:
    """The real sources that a citation names; invented numbers show nothing."""
    if token.type != "cite":
        return []
    return [number for number in token.meta["numbers"] if number in state.citations]


class _Renderer(RendererHTML):
    """Rules for the parts that Markdown does not know or that look otherwise here."""

    def cite(self, tokens: Sequence[Token], index: int, _options: OptionsDict, env: EnvType) -> str:
        state: Linking = env["state"]
        return "".join(
            f'<a class="cl-cite" data-source="" href="{escape(state.link(citation))}">'
            f'<span class="visually-hidden">Source </span>{citation.number}</a>'
            for number in numbers_shown(tokens[index], state)
            if (citation := state.citations[number])
        )

    def unsourced_open(self, *_: Any) -> str:
        return '<span class="cl-unsourced">'

    def unsourced_close(self, *_: Any) -> str:
        return "</span>"

    def fence(
        self, tokens: Sequence[Token], index: int, _options: OptionsDict, _env: EnvType
    ) -> str:
        code = escape(tokens[index].content.rstrip("\n"))
        return f'<pre class="cl-code" tabindex="0"><code>{code}</code></pre>'

    def code_block(
        self, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
    ) -> str:
        return self.fence(tokens, index, options, env)

    def heading_open(self, *_: Any) -> str:
        return "<h4>"

    def heading_close(self, *_: Any) -> str:
        return "</h4>"

    def table_open(self, *_: Any) -> str:
        return '<table class="cl-table">'


def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer)
    markdown.enable(["table", "strikethrough"]).use(keep_formulas)
    return markdown.disable(
        ["link", "image", "autolink", "html_inline", "html_block", "reference", "lheading"]
    )


_MARKDOWN = _markdown()
