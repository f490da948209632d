"""Domain errors → status, page or fragment, and a sentence fit for a person."""

import logging
import secrets
from dataclasses import dataclass

from flask import Flask, Response, g, make_response, render_template, request
from sqlalchemy.exc import DataError
from werkzeug.exceptions import HTTPException

log = logging.getLogger("coursellm.errors")


@dataclass(frozen=True)
class Action:
    """The one thing that a person can do about an error."""

    label: str
    url: str


class DomainError(Exception):
    """Something that a person must be told. Subclasses say what; `sentence` is what they read.

    `title` heads the page; `next_step`: what happens next, or whom to ask. `reason` is for the log
    alone.
    """

    status = 400
    title = "This did not work"
    sentence = "This did not work."

    def __init__(
        self,
        sentence: str | None = None,
        *,
        reason: str | None = None,
        status: int | None = None,
        action: Action | None = None,
        title: str | None = None,
        next_step: str = "",
    ) -> None:
        super().__init__(reason or sentence or self.sentence)
        self.sentence = sentence or self.sentence
        self.reason = reason
        self.status = status or self.status
        self.action = action
        self.title = title or self.title
        self.next_step = next_step


class NotFound(DomainError):
    """The object does not exist in the actor's course."""

    status = 404
    title = "This is not here"
    sentence = "This does not exist here, or it was removed."


class Forbidden(DomainError):
    status = 403
    title = "Not allowed"
    sentence = "Your role in this course does not allow this."


class NoSession(DomainError):
    """There is no credential, or it has ended: the page shown holds no data."""

    status = 401
    title = "Open it again from your course"
    sentence = "Please open this again from your course page."


_TITLES = {404: "There is no such page", 413: "Too large", 429: "Too many requests"}
_SENTENCES = {
    400: "The request could not be understood. Please go back and try again.",
    404: "There is no page at this address. Please open the link in your course again.",
    405: "This address is not meant to be opened directly. Please open the link in your course.",
    413: "What was sent is too large.",
    415: "This kind of content is not accepted here.",
    429: "Too many requests. Please wait a moment and try again.",
}


def init_app(app: Flask) -> None:
    """Answer every error with a page or a fragment; nobody sees a stack trace."""
    app.register_error_handler(DomainError, answer)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(DataError, _unstorable)
    app.register_error_handler(Exception, _unexpected)


def answer(error: DomainError, page: str | None = None, **more: object) -> Response:
    """Log the reason and say the sentence, with one reference for both.

    `page`: a template that says more than the usual one, and what it gets besides.
    """
    reference = _reference()
    log.warning(
        "refused %s %r: %s (status %d, reference %s)",
        request.method,
        request.path,
        error,
        error.status,
        reference,
    )
    if page is None:
        return _answer(error, reference)
    g.setdefault("actor", None)
    text = render_template(page, sentence=error.sentence, reference=reference, **more)
    return make_response(text, error.status)


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    if status < 400:
        return make_response(error.get_response(request.environ))
    sentence = _SENTENCES.get(status, "This did not work.")
    reference = _reference()
    log.warning("no %s %r: %d (reference %s)", request.method, request.path, status, reference)
    said = DomainError(sentence, status=status, title=_TITLES.get(status))
    return _answer(said, reference)


def _unstorable(error: DataError) -> Response:
    """Text or numbers that no database takes, as NUL: nobody types them by accident."""
    return answer(DomainError(_SENTENCES[400], reason=f"the database cannot take it: {error.orig}"))


def _unexpected(error: Exception) -> Response:
    reference = _reference()
    log.exception("failed %s %r (reference %s)", request.method, request.path, reference)
    sentence = "Something failed on our side. What you saved before is kept. Please try again."
    said = DomainError(sentence, status=500, title="Something failed")
    return _answer(said, reference)


def _reference() -> str:
    """A short code that leads from the person's page to the log line."""
    return secrets.token_hex(4)


def _answer(error: DomainError, reference: str) -> Response:
    g.setdefault("actor", None)
    if request.accept_mimetypes.best == "application/json":
        return make_response({"error": error.sentence, "reference": reference}, error.status)
    wants_fragment = "HX-Request" in request.headers and "HX-Boosted" not in request.headers
    if wants_fragment:
        template = "errors/_error.html"
    else:  # the page of a lost session may try to go on with a token it holds
        is_lost = isinstance(error, NoSession)
        template = "errors/no_session.html" if is_lost else "errors/error.html"
    page = render_template(
        template,
        status=error.status,
        title=error.title,
        sentence=error.sentence,
        what_to_do=error.next_step,
        reference=reference,
        action=error.action,
    )
    return make_response(page, error.status)
