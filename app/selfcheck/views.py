"""The connection check, for administrators of the LMS and teachers, in their own course frame."""

from datetime import timedelta

from flask import Blueprint, abort, render_template

from app import limits
from app.access import LOOKS_AFTER, current_actor
from app.clock import zone_of
from app.errors import DomainError, Forbidden
from app.extensions import transaction
from app.selfcheck import findings, testing
from app.selfcheck.connection import Line, load
from app.selfcheck.terms import Finding, Verdict
from models import now

blueprint = Blueprint("selfcheck", __name__)

MOST_TESTS, TEST_WINDOW = 30, timedelta(minutes=10)
"""Of one registration: an LMS is not to be bothered by a page that is reloaded."""


class TestedOften(DomainError):
    status = 429
    sentence = "The services of this LMS were tested often just now. Please wait ten minutes."


@blueprint.before_request
def let_in() -> None:
    """Only who looks after the connection or the course."""
    role = current_actor().role
    if role not in LOOKS_AFTER:
        raise Forbidden(reason=f"role {role.value} does not look after the connection")


@blueprint.get("/")
def index() -> str:
    """What works and what does not; the tests of browser and services run from here."""
    with transaction() as session:
        line = load(session, current_actor().session_id)
    return _page(line, {})


@blueprint.post("/<name>")
def test(name: str) -> str:
    """Test one service by a real request; `all` tests each, for pages without script."""
    if name not in testing.TITLES and name != "all":
        abort(404)
    names = list(testing.TITLES) if name == "all" else [name]
    with transaction() as session:
        line = load(session, current_actor().session_id)
        key = f"selfcheck {line.registration_id}"
        is_free = [limits.take(session, key, most=MOST_TESTS, window=TEST_WINDOW) for _ in names]
    if not all(is_free):
        raise TestedOften
    results = {one: testing.test(one, line) for one in names}
    if name == "all":
        return _page(line, results)
    return render_template("selfcheck/_finding.html", finding=results[name], key=name)


def _page(line: Line, results: dict[str, Finding]) -> str:
    zone, connection = zone_of(line.time_zone or "UTC"), line.connection
    sign_in = findings.of_sign_in(connection, zone, now())
    told = findings.of_what_is_told(connection)
    return render_template(
        "selfcheck/index.html",
        connection=connection,
        sign_in=sign_in,
        told=told,
        allowed=findings.of_what_is_allowed(connection),
        attention=sum(one.verdict is Verdict.LOOK for one in (*sign_in, *told)),
        tests={name: results.get(name) for name in testing.TITLES},
        titles=testing.TITLES,
        storage=connection.facts["storage"],
    )
