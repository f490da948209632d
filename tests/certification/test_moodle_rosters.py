"""What real Moodles answered about their members, replayed over HTTP: read as it should be."""

import json
from pathlib import Path
from typing import Any

import pytest

from lti_config import nrps
from models import CourseRole, EnrollmentStatus
from tests.lti_config.conftest import Answer, Asked, peer
from tests.roster.conftest import TOKEN, School, school

__all__ = ["peer", "school"]

CAPTURED = json.loads((Path(__file__).parent / "moodle_rosters.json").read_text())["answers"]
COURSE = "/mod/lti/services.php/CourseSection/2/bindings/1/memberships"
ACTIVE = EnrollmentStatus.ACTIVE


@pytest.fixture(params=CAPTURED)
def moodle(request: pytest.FixtureRequest, school: School) -> School:
    """A Moodle of that version that answers as it did."""
    answers: dict[str, Any] = CAPTURED[request.param]
    school.fresh(school.platform).product_family = "moodle"

    def answer(asked: Asked) -> Answer:
        if asked.path == "/token":
            return 200, {"Content-Type": "text/html; charset=utf-8"}, TOKEN
        wanted = asked.path.replace("?limit=100", "")
        found = next(
            one
            for one in answers.values()
            if one["path"] == wanted and one["accept"] == asked.headers["Accept"]
        )
        headers = {"Content-Type": found["content_type"]}
        if found["link"]:
            _, _, rest = found["link"].partition("/mod/lti")
            headers["Link"] = f"<{school.peer.url}/mod/lti{rest}"
        return found["status"], headers, json.dumps(found["body"]).encode()

    school.peer.answer = answer
    return school


def ask(school: School, path: str = COURSE) -> Any:
    school.fresh(school.context).memberships_url = school.peer.url + path
    return school.read()


def test_a_roster_at_once(moodle: School) -> None:
    moodle.person("3", CourseRole.TEACHER)
    moodle.person("7", CourseRole.TEACHER)  # who grades without editing: listed as Learner
    moodle.person("4", CourseRole.STUDENT)
    assert ask(moodle).roster_error is None
    assert moodle.standing() == {
        "3": (CourseRole.TEACHER, ACTIVE),
        "7": (CourseRole.TEACHER, ACTIVE),
        "4": (CourseRole.STUDENT, ACTIVE),
        "5": (CourseRole.NONE, ACTIVE),
        "6": (CourseRole.NONE, ACTIVE),
    }
    named = moodle.user("5")
    assert (named.first_name, named.last_name) == ("Zoë Łucja", "O'Brien-Ñúñez")


def test_a_roster_in_pages(moodle: School, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nrps, "PAGE_SIZE", 2)
    assert ask(moodle).roster_error is None
    assert set(moodle.standing()) == {"3", "4", "5", "6", "7"}
    assert [one.path for one in moodle.peer.asked[1:]] == [
        f"{COURSE}?limit=2",
        f"{COURSE}?limit=2&from=2",
        f"{COURSE}?limit=2&from=4",
    ]


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        (COURSE.replace("/2/", "/9999/"), "not there any more"),
        (COURSE.replace("/bindings/1/", "/bindings/99/"), "did not let CourseLLM read"),
    ],
)
def test_what_moodle_refuses(path: str, sentence: str, moodle: School) -> None:
    moodle.person("4")
    assert sentence in ask(moodle, path).roster_error
    assert moodle.standing() == {"4": (CourseRole.STUDENT, ACTIVE)}
