"""What real Moodles answered to scores, results, line items and token requests, given once more to
the real worker: each answer comes to what it should, on both versions."""

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app.connections.connecting import connect
from lti_config import ags, line_items
from lti_config.line_items import READ_SCOPE, SCOPE, Wanted
from lti_config.outcomes import Cause, Refused, Transient
from models import ScoreStatus
from tests.gradebook.ags_server import AgsServer, Answer
from tests.gradebook.arranged import Arranged, arrange

CAPTURED = json.loads((Path(__file__).parent / "moodle_grades.json").read_text())["answers"]
HOST = re.compile(r"http://127\.0\.0\.1:\d+")
VERSIONS = list(CAPTURED)

NOT_GRADED = "The LMS does not grade this person here."
ACCESS = "The LMS does not accept CourseLLM's key"
NOT_TAKEN = "The LMS did not take the score."
DOWN = "The LMS could not be reached."


def answer(version: str, kind: str, name: str, server: AgsServer) -> Answer:
    """The captured answer, as if this server had given it."""
    kept = CAPTURED[version][kind][name]
    text = kept["body"] if isinstance(kept["body"], str) else json.dumps(kept["body"])
    headers = {
        field: value.encode("ascii", "replace").decode() for field, value in kept["headers"].items()
    }
    return Answer(kept["status"], HOST.sub(server.url, text), kept["reason"], headers)


@pytest.fixture
def moodle(app: Flask, session: Session, server: AgsServer) -> Arranged:
    return arrange(session, server, "moodle")


def _meaning(name: str, status: int) -> tuple[ScoreStatus, str]:
    if status == 409:  # twice, and no grade of ours is there: the clock or a teacher was faster
        return ScoreStatus.WAITING, DOWN
    return {
        200: (ScoreStatus.SENT, ""),
        400: (ScoreStatus.REFUSED, NOT_GRADED),
        401: (ScoreStatus.REFUSED, ACCESS),
        405: (ScoreStatus.REFUSED, NOT_TAKEN),
        502: (ScoreStatus.WAITING, DOWN),
    }[status]


def _scores() -> list[Any]:
    """One of each status and reason: the rest would be the same over again."""
    found, seen = [], set()
    for version in VERSIONS:
        for name, kept in CAPTURED[version]["scores"].items():
            kind = (version, kept["status"], kept["reason"].partition("{")[0])
            if kind not in seen:
                seen.add(kind)
                found.append(pytest.param(version, name, id=f"{version}: {name}"))
    return found


@pytest.mark.parametrize(("version", "name"), _scores())
def test_an_answer_to_a_score(version: str, name: str, moodle: Arranged, server: AgsServer) -> None:
    given = answer(version, "scores", name, server)
    server.will("score", given, given)
    moodle.wants(5)
    moodle.work()
    row = moodle.row()
    status, sentence = _meaning(name, given.status)
    assert row.status is status, row.last_error
    assert (row.last_error or "").startswith(sentence)
    assert "scoreGiven" not in (row.last_error or ""), "Moodle repeats our request"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("all", dict),
        ("one_user", dict),
        ("unknown_user", dict),
        ("no_type_id", dict),
        ("limit_1", Cause.GONE),
        ("accept_json", Cause.NOT_GRADABLE),
        ("scope_missing", Cause.ACCESS),
    ],
)
def test_an_answer_to_a_look_at_the_results(
    version: str, name: str, expected: Any, moodle: Arranged, server: AgsServer
) -> None:
    given = answer(version, "results", name, server)
    server.will("results", given, given)
    found = ags.read_results(connect(moodle.registration.registration_id), server.column_url())
    if expected is dict:
        assert isinstance(found, dict)
        shown = {row["userId"] for row in CAPTURED[version]["results"][name]["body"]}
        assert set(found) == shown
        assert all(one.maximum for one in found.values())
    else:
        assert isinstance(found, Refused)
        assert found.cause is expected


@pytest.mark.parametrize("version", VERSIONS)
def test_a_grade_changed_in_moodle_is_seen_in_its_results(
    version: str, moodle: Arranged, server: AgsServer
) -> None:
    """Learner 4 had 5 of 10 from us; Moodle shows 18 of 20."""
    moodle.wants(5)
    moodle.work()
    server.will("results", answer(version, "results", "all", server))
    moodle.wants(6)
    moodle.work()
    row = moodle.row()
    assert row.status is ScoreStatus.CHANGED_IN_LMS
    assert row.receipt == {"shown": "9.0"}


def wanted(link: str | None, resource: str = "none") -> Wanted:
    return Wanted(link, resource, "Loops", Decimal(10), "https://tool/lti/review")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("name", "asked", "item"),
    [
        ("list", wanted("1"), "res-1"),
        ("list_filter_resource_link_id_1", wanted("1"), "res-1"),
        ("list_limit_only_from", wanted("1", resource=""), ""),  # of two, this activity's own
        ("list_filter_resource_link_id_2", wanted("2"), None),
        ("list_limit_only_from", wanted(None, "p-1"), None),  # another link's column
        ("list_limit_only_from", wanted(None, "sa-1"), "sa-1"),
    ],
)
def test_a_column_in_moodles_list(
    version: str,
    name: str,
    asked: Wanted,
    item: str | None,
    moodle: Arranged,
    server: AgsServer,
) -> None:
    given = answer(version, "line_items", name, server)
    server.will("items", given, given, given)
    service = connect(moodle.registration.registration_id)
    found = line_items.find(service, server.items_url, [READ_SCOPE], asked)
    if item is None:
        assert found is None
    else:
        assert isinstance(found, str)
        listed = json.loads(given.body)
        assert next(one for one in listed if one["id"] == found)["resourceId"] == item
    for one in server.of("items"):
        assert "limit" not in one.path
        assert one.headers["Accept"] == line_items.CONTAINER_TYPE


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("list_no_auth", Refused),
        ("list_unknown_course", Refused),
        ("list_accept_star", Refused),
        ("create_long_label", Transient),
    ],
)
def test_an_answer_that_is_no_list(
    version: str, name: str, expected: type, moodle: Arranged, server: AgsServer
) -> None:
    given = answer(version, "line_items", name, server)
    server.will("items", given, given)
    service = connect(moodle.registration.registration_id)
    assert isinstance(line_items.find(service, server.items_url, [SCOPE], wanted("1")), expected)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_column_that_moodle_makes(version: str, moodle: Arranged, server: AgsServer) -> None:
    unknown = answer(version, "line_items", "create_unknown_link", server)
    made = answer(version, "line_items", "create_standalone", server)
    server.will("create", unknown, made)
    service = connect(moodle.registration.registration_id)
    found = line_items.make(service, server.items_url, wanted("99", "sa-1"))
    assert isinstance(found, str)
    assert found.startswith(server.url)
    first, second = (one.body for one in server.of("create"))
    assert first["resourceLinkId"] == "99"
    assert "resourceLinkId" not in second


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("ok_all_scopes", ScoreStatus.SENT),
        ("bad_scope", ScoreStatus.REFUSED),
        ("unknown_client", ScoreStatus.REFUSED),
        ("expired", ScoreStatus.REFUSED),
        ("iat_future_10s", ScoreStatus.REFUSED),
        ("unknown_kid", ScoreStatus.REFUSED),
        ("no_kid", ScoreStatus.REFUSED),
    ],
)
def test_an_answer_of_the_token_endpoint(
    version: str, name: str, status: ScoreStatus, moodle: Arranged, server: AgsServer
) -> None:
    server.will("token", answer(version, "tokens", name, server))
    moodle.wants(5)
    moodle.work()
    row = moodle.row()
    assert row.status is status
    if status is ScoreStatus.REFUSED:
        assert (row.last_error or "").startswith(ACCESS)
        assert server.scores() == []
