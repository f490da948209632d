"""Tests of the services, each by one real request; no database is held meanwhile."""

from collections.abc import Callable

from app import config
from app.connections.connecting import connect
from app.selfcheck import probe
from app.selfcheck.connection import Line
from app.selfcheck.probe import ProbeFailed
from app.selfcheck.terms import Finding, Verdict
from lti_config import line_items, nrps
from lti_config.ags import RESULT_SCOPE, SCORE_SCOPE
from lti_config.services import Service
from lti_config.tokens import TokenRefused

TITLES = {"token": "Access to services", "roster": "List of members", "columns": "Gradebook"}
"""The tests by the name that their address has."""

_NAMES = {
    line_items.SCOPE: "gradebook columns",
    line_items.READ_SCOPE: "gradebook columns (to read)",
    RESULT_SCOPE: "results",
    SCORE_SCOPE: "scores",
    nrps.SCOPE: "names and roles",
}


def test(name: str, line: Line) -> Finding:
    """Run one test. Waits on the network."""
    try:
        service = connect(line.registration_id, most_bytes=nrps.MOST_BYTES)
        return _TESTS[name](service, line, config.current().url)
    except TokenRefused as error:  # before anything was asked
        return Finding(TITLES[name], Verdict.BAD, _FAILED[name], "", str(error), name)
    except ProbeFailed as failed:
        return _bad(name, failed, _TODO[name])


_FAILED = {
    "token": "Your LMS gave no access.",
    "roster": "The list of members could not be read.",
    "columns": "The columns of the gradebook could not be read.",
}
_WAIT = (
    "No setting is to blame. Test again in some minutes; if it stays like that, tell the people "
    "who run the LMS."
)
_TODO = {
    "token": "",
    "roster": "See that names and roles (NRPS) are switched on for CourseLLM in the LMS.",
    "columns": "See that grades (AGS) are switched on for CourseLLM in the LMS, then open the "
    "link again.",
}


def _bad(name: str, failed: ProbeFailed, todo: str) -> Finding:
    """`todo`: what to set in the LMS, unless it is only down."""
    words = f"{_FAILED[name]} {_came(failed)}".rstrip()
    return Finding(
        TITLES[name], Verdict.BAD, words, _WAIT if failed.is_late else todo, str(failed), name
    )


def _came(failed: ProbeFailed) -> str:
    if failed.status and failed.is_late:
        return f"It answered with status {failed.status}: it is down, overloaded, or says “later”."
    if failed.status:
        return f"It answered with status {failed.status}."
    return "No proper answer came." if failed.is_late else ""


def _token(service: Service, line: Line, url: str) -> Finding:
    scopes = {scope for scope in line.connection.ags_scopes if scope in _NAMES}
    if line.connection.memberships_url:
        scopes.add(nrps.SCOPE)
    if not scopes:
        return _off("token", "This sign-in offers no service to ask for.")
    found = probe.ask_tokens(service, scopes)
    given = ", ".join(_NAMES[scope] for scope in found.given)
    if not found.refused:
        words = f"Your LMS reads CourseLLM's keys and gives access to: {given}."
        return Finding(TITLES["token"], Verdict.GOOD, words, key="token")
    first = found.refused[0][1]
    if not found.given:
        todo = (
            f"Your LMS must be able to read {url}/lti/jwks, and know CourseLLM by it. "
            "If that is so, see whether services are allowed for CourseLLM there."
        )
        return _bad("token", first, todo)
    refused = ", ".join(_NAMES[scope] for scope, _ in found.refused)
    words = f"Your LMS gives access to: {given}. It offers, but does not give: {refused}."
    todo = "Allow these for CourseLLM in the LMS, then open the link again."
    return Finding(TITLES["token"], Verdict.LOOK, words, todo, str(first), "token")


def _roster(service: Service, line: Line, _url: str) -> Finding:
    if line.connection.memberships_url is None:
        return _off("roster", "This sign-in does not offer the list of members.")
    count = probe.count_members(service, line.connection.memberships_url)
    words = f"The first page lists {count} member{'s' if count != 1 else ''}."
    return Finding(TITLES["roster"], Verdict.GOOD, words, key="roster")


def _columns(service: Service, line: Line, _url: str) -> Finding:
    scopes = set(line.connection.ags_scopes)
    if line.connection.line_items_url is None or not line_items.may_look(scopes):
        return _off("columns", "This sign-in does not offer the columns of the gradebook.")
    count = probe.count_line_items(service, line.connection.line_items_url, scopes)
    words = f"It can be read: {count} column{'s' if count != 1 else ''} of CourseLLM."
    return Finding(TITLES["columns"], Verdict.GOOD, words, key="columns")


def _off(name: str, words: str) -> Finding:
    return Finding(TITLES[name], Verdict.OFF, words, key=name)


_TESTS: dict[str, Callable[[Service, Line, str], Finding]] = {
    "token": _token,
    "roster": _roster,
    "columns": _columns,
}
