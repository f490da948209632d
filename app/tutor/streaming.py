"""A turn as server-sent events: card, tokens, finished blocks, the answer as it was kept.

evidence: the turn's article · token: text to append · block: a finished block, in the place of what
was appended · answer, error: the answer's section as kept · notice: a refusal · done.
"""

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from uuid import UUID

from app.errors import DomainError
from app.extensions import transaction
from app.tutor import turns, writing
from app.tutor.answers.citations import citations
from app.tutor.answers.rendering import finished_part, render
from app.tutor.asking import Asked, Asker
from app.tutor.events import KEEP_ALIVE, event
from app.tutor.shown import Link, Shown, headline, show
from app.tutor.writing import Begun, Finished, Step, Writing
from models import TurnState


@dataclass(frozen=True, slots=True)
class Pages:
    """How things are shown: a template by name with its values, and the address of a place."""

    render: Callable[..., str]
    link: Link


def turn_events(pages: Pages, asker: Asker, asked: Asked) -> Generator[str, None, None]:
    """The card at once, then the answer if one may be written."""
    heading, more = headline(asked.question)
    state = TurnState.WRITING if asked.may_be_written else TurnState.OPEN
    shown = Shown(asked.question_id, heading, more, asked.card, state)
    yield event("evidence", pages.render("tutor/_turn.html", turn=shown, is_live=True))
    if asked.may_be_written:
        yield from answer_events(pages, asker, writing.write(asker, asked.question_id))
    yield event("done")


def retry_events(
    pages: Pages, asker: Asker, question_id: UUID, first: Step, steps: Generator[Step, None, None]
) -> Generator[str, None, None]:
    """The section made empty, then the answer. `first` was taken from `steps` already."""
    try:
        with transaction() as session:
            shown = show(session, asker, turns.get_turn(session, question_id), pages.link)
        if isinstance(first, Begun):
            shown = replace(shown, blocks=(), written_from=(), state=TurnState.WRITING)
        yield event("answer", pages.render("tutor/_answer.html", turn=shown, is_live=True))
        yield from answer_events(pages, asker, steps, first)
    finally:
        steps.close()
    yield event("done")


def answer_events(
    pages: Pages, asker: Asker, steps: Generator[Step, None, None], first: Step | None = None
) -> Generator[str, None, None]:
    """What the writing of an answer shows, up to its outcome."""
    live = _Live(pages, first) if isinstance(first, Begun) else None
    try:
        for step in steps:
            if isinstance(step, Begun):
                live = _Live(pages, step)
            elif isinstance(step, Finished):
                yield _outcome(pages, asker, step)
            elif live is not None:
                yield from live.events(step)
    except DomainError as refusal:
        yield event("notice", pages.render("tutor/_notice.html", sentence=refusal.sentence))
    finally:
        steps.close()


class _Live:
    """An answer while it is written: what has been shown as finished blocks, what as text."""

    def __init__(self, pages: Pages, begun: Begun) -> None:
        self.pages, self.begun = pages, begun
        self.text, self.finished, self.blocks = "", "", 0

    def events(self, step: Writing) -> Iterator[str]:
        if not step.text:
            yield KEEP_ALIVE
            return
        self.text += step.text
        finished = finished_part(self.text)
        if len(finished) == len(self.finished):
            yield event("token", step.text)
            return
        self.finished = finished
        yield event("block", self._new_blocks())
        yield event("token", self.text[len(finished) :].lstrip("\n"))

    def _new_blocks(self) -> str:
        blocks = render(
            self.finished,
            citations(self.finished, self.begun.sources),
            lambda citation: self.pages.link(citation.place, citation.quote),
        )
        new = blocks[self.blocks :]
        self.blocks = len(blocks)
        return self.pages.render("tutor/_blocks.html", blocks=new)


def _outcome(pages: Pages, asker: Asker, finished: Finished) -> str:
    with transaction() as session:
        turn = turns.get_turn(session, finished.question_id)
        shown = show(session, asker, turn, pages.link)
    name = "error" if shown.state is TurnState.FAILED else "answer"
    return event(name, pages.render("tutor/_answer.html", turn=shown, is_live=False))
