"""What a launch says of the connection, in words for who looks after it. Values in, values out."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo
from typing import Any

from app.clock import said
from app.selfcheck.terms import Connection, Finding, Verdict
from lti_config import line_items, tool
from lti_config.ags import RESULT_SCOPE, SCORE_SCOPE
from lti_config.facts import EMPTY, GIVEN, UNKNOWN
from models import CourseRole

NEAR_SECONDS = 5
LATE_SECONDS = 60
MOST_AHEAD, MOST_LATE = 60, 600
"""What a launch may be ahead or late (`lti_config.verification`)."""

_MADE_OF_ROLES = {
    CourseRole.TEACHER: "a teacher of this course",
    CourseRole.TA: "a teaching assistant of this course",
    CourseRole.STUDENT: "a student of this course",
    CourseRole.TEST_STUDENT: "a test student",
    CourseRole.OBSERVER: "an observer",
    CourseRole.ADMINISTRATOR: "an administrator of the LMS, who is no member of this course",
    CourseRole.NONE: "nobody in particular: no role in this course came",
}
_VOCABULARY = "http://purl.imsglobal.org/vocab/lis/v2/"


def of_sign_in(connection: Connection, zone: tzinfo, moment: datetime) -> list[Finding]:
    """The sign-in itself: it has worked, since somebody is here to read this."""
    facts = connection.facts
    known = f"Deployment {connection.deployment} of client id {connection.client_id}"
    return [
        _keys(connection, zone, moment),
        clock(facts["ahead"], facts["left"]),
        Finding("Deployment", Verdict.GOOD, f"{known} is known and approved here."),
        Finding("Message", Verdict.GOOD, f"{facts['message']} came with all that it must hold."),
        _way(facts),
    ]


def of_what_is_told(connection: Connection) -> list[Finding]:
    """Roles, names and variables."""
    facts = connection.facts
    signs = {Verdict.GOOD: "Came", Verdict.OFF: "Did not come", Verdict.LOOK: ""}
    roles = ", ".join(role.removeprefix(_VOCABULARY) for role in facts["roles"]) or "none"
    made = _MADE_OF_ROLES[CourseRole(facts["role"])]
    found = [
        _course(connection),
        Finding("Roles", Verdict.GOOD, f"Your LMS says: {roles}. To CourseLLM you are {made}."),
        _names(facts),
        _email(facts),
        _history(facts["custom"]),
        _variables(facts["custom"]),
    ]
    return [replace(one, sign=signs[one.verdict]) for one in found]


def of_what_is_allowed(connection: Connection) -> list[Finding]:
    """The services that the launch offers, and what the missing ones cost."""
    facts = connection.facts
    scopes = frozenset(facts["scopes"])
    if not facts["course"]:
        words = "The LMS offers services inside of courses alone. Open this page from a course."
        return [Finding("Services", Verdict.OFF, words)]
    sees_columns = facts["columns"] and line_items.may_look(scopes)
    return [
        _offer("Scores", SCORE_SCOPE in scopes, "Scores may be sent to the gradebook.", _NO_SCORES),
        _offer(
            "Gradebook columns", sees_columns, "Columns of the gradebook may be read.", _NO_COLUMNS
        ),
        _offer("Results", RESULT_SCOPE in scopes, "Grades may be read back.", _NO_RESULTS),
        _offer("Names and roles", facts["roster"], "The list of members may be read.", _NO_ROSTER),
    ]


_NO_SCORES = "No score gets into the gradebook: practice with points stays without a grade there."
_NO_COLUMNS = "A column that got lost can't be found again by itself."
_NO_RESULTS = (
    "A grade that a teacher changes in the LMS is not noticed here, and the next score replaces it."
)
_NO_ROSTER = "People are known from their first visit on; who left the course is not noticed."


def _offer(title: str, is_there: bool, works: str, costs: str) -> Finding:
    if is_there:
        return Finding(title, Verdict.GOOD, works, sign="Allowed")
    todo = "Allow it for CourseLLM in the tool's settings of the LMS, if you want it."
    return Finding(title, Verdict.OFF, costs, todo, sign="Not allowed")


def clock(ahead: int, left: int) -> Finding:
    """The LMS's clock against ours. `ahead`: by how much the sign-in was made after it arrived;
    `left`: how long it was still good.
    """
    title = "Clock"
    if ahead > NEAR_SECONDS:
        words = f"The LMS's clock is {ahead} seconds ahead of CourseLLM's. {MOST_AHEAD} are let by."
        return Finding(title, Verdict.LOOK, words, _SET_CLOCKS)
    if left < 0:
        words = f"The sign-in had run out {-left} seconds before it came; {MOST_AHEAD} are let by."
        return Finding(title, Verdict.LOOK, words, f"Either it came slowly. Or: {_SET_CLOCKS}")
    if -ahead >= LATE_SECONDS:
        minutes, most = round(-ahead / 60), MOST_LATE // 60
        words = (
            f"The sign-in was made {minutes} minute{'s' if minutes != 1 else ''} before it came; "
            f"{most} are let by. Either its page waited so long, or the LMS's clock is behind."
        )
        return Finding(title, Verdict.LOOK, words, _SET_CLOCKS)
    return Finding(title, Verdict.GOOD, f"The clocks agree to within {max(abs(ahead), 1)} s.")


_SET_CLOCKS = "Have both servers' clocks set by a time server (NTP)."


def _keys(connection: Connection, zone: tzinfo, moment: datetime) -> Finding:
    signed = f"The sign-in is signed with key {connection.facts['kid']} of your LMS's key set"
    fetched, expires = connection.keys_fetched_at, connection.keys_expire_at
    if fetched is None or expires is None:
        return Finding("Keys", Verdict.GOOD, f"{signed}.")
    read = f"{signed}, read {said(fetched, zone, moment)}"
    if expires >= moment:
        return Finding("Keys", Verdict.GOOD, f"{read}, to be read again {_at(expires, zone)}.")
    words = f"{read}. Since {said(expires, zone, moment)} it should have been read anew."
    todo = "If sign-ins fail: see whether the key set address of your LMS answers."
    return Finding("Keys", Verdict.LOOK, words, todo)


def _at(moment: datetime, zone: tzinfo) -> str:
    return f"after {moment.astimezone(zone):%H:%M}"


def _way(facts: Mapping[str, Any]) -> Finding:
    if facts.get("proof") == "cookie":
        words = "The browser brought CourseLLM's cookie back through the sign-in."
        return Finding("Cookie at sign-in", Verdict.GOOD, words)
    words = (
        "The cookie did not come back through the sign-in, so CourseLLM works without cookies: "
        "by what the browser or the LMS kept for it. After a reload the link may have to be "
        "opened again."
    )
    return Finding("Cookie at sign-in", Verdict.LOOK, words)


def _course(connection: Connection) -> Finding:
    if connection.facts["course"]:
        return Finding("Course", Verdict.GOOD, f"This is {connection.course}.")
    words = "No course came with this sign-in, so students could do nothing here."
    return Finding("Course", Verdict.LOOK, words, "Open CourseLLM from the page of a course.")


def _names(facts: Mapping[str, Any]) -> Finding:
    if facts["name"]:
        return Finding("Names", Verdict.GOOD, "Your LMS sends names.")
    words = "Your name did not come. Without names teachers see “Student 17”, a number per course."
    todo = "Share names with CourseLLM in the LMS (Canvas: privacy level; Moodle: launcher's name)."
    return Finding("Names", Verdict.LOOK, words, todo)


def _email(facts: Mapping[str, Any]) -> Finding:
    if facts["email"]:
        return Finding("E-mail", Verdict.GOOD, "Your LMS sends e-mail addresses.")
    return Finding("E-mail", Verdict.OFF, "No address came. Nothing in CourseLLM needs one.")


def _history(custom: Mapping[str, str]) -> Finding:
    name = next(key for key in tool.CUSTOM if "history" in key)
    title, state = "Course copies", custom.get(name)
    if state == GIVEN:
        return Finding(title, Verdict.GOOD, "Your LMS says what this course is a copy of.")
    if state == EMPTY:
        return Finding(title, Verdict.GOOD, "Your LMS says that this course is a copy of none.")
    costs = "A copied course can't be offered the questions and materials of the one before."
    if state == UNKNOWN:
        words = f"Your LMS does not know {tool.CUSTOM[name]}. {costs}"
        return Finding(title, Verdict.OFF, words)
    todo = f"Add {name}={tool.CUSTOM[name]} to the tool's custom parameters in the LMS."
    return Finding(title, Verdict.LOOK, f"The custom value {name} did not come. {costs}", todo)


def _variables(custom: Mapping[str, str]) -> Finding:
    by_state = {
        state: [key for key, came in custom.items() if came == state]
        for state in (GIVEN, EMPTY, UNKNOWN)
    }
    words = f"With a value: {_listed(by_state[GIVEN])}."
    if by_state[EMPTY]:
        words += f" Without one: {_listed(by_state[EMPTY])}."
    if by_state[UNKNOWN]:
        words += f" Not known to your LMS: {_listed(by_state[UNKNOWN])}."
    return Finding("Custom values", Verdict.GOOD if by_state[GIVEN] else Verdict.OFF, words)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"
