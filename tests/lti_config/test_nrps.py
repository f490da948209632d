"""Reading a roster whole: pages of one host, no loops, no half of it; entries as LMSs write."""

import json
from typing import Any, cast

import pytest

from lti_config import nrps
from lti_config.errors import AddressRefused, TooLarge, Unreachable
from lti_config.http import Reply
from lti_config.launch import Person
from lti_config.nrps import Cause, Member, NotRead
from lti_config.services import Service
from lti_config.tokens import Account, TokenRefused
from models import CourseRole

URL = "https://lms.example/members?x=1"
START = f"{URL}&limit=100"
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership"


class FakeService:
    """Answers by address; what it was asked."""

    def __init__(self, answers: dict[str, Reply | Exception], family: str | None) -> None:
        self.answers, self.asked = answers, cast("list[str]", [])
        self.account = Account(cast("Any", None), "c", "t", "a", family)

    def get(self, url: str, scopes: list[str], accept: str) -> Reply:
        assert scopes == [nrps.SCOPE]
        assert accept == "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
        self.asked.append(url)
        answer = self.answers[url]
        if isinstance(answer, Exception):
            raise answer
        return answer


def page(*entries: Any, link: str = "", status: int = 200) -> Reply:
    body = json.dumps({"members": entries}).encode()
    return Reply(status, "", {"Link": link} if link else {}, body)


def entry(subject: object = "s1", *roles: str, **given: Any) -> dict[str, Any]:
    return {"user_id": subject, "roles": list(roles or (f"{MEMBERSHIP}#Learner",)), **given}


def read(answers: dict[str, Reply | Exception], family: str | None = None) -> list[Member]:
    return nrps.read(cast("Service", FakeService(answers, family)), URL)


def read_one(entry_: Any, family: str | None = None) -> Member:
    (member,) = read({START: page(entry_)}, family)
    return member


def refused(answers: dict[str, Reply | Exception]) -> Cause:
    with pytest.raises(NotRead) as caught:
        read(answers)
    return caught.value.cause


def test_pages_are_followed_to_the_end():
    second, third = f"{URL}&limit=100&Page=B", "https://lms.example/members?Page=c"
    members = read(
        {
            START: page(entry("a"), link=f'<{second}>; rel="next"'),
            second: page(
                entry("b"), link='<https://x/>; rel="differences", </members?Page=c>; rel=next'
            ),
            third: page(entry("c"), link='<https://lms.example/first>; rel="first prev"'),
        }
    )
    assert [member.subject for member in members] == ["a", "b", "c"]


def test_everybody_of_the_course_is_asked_for_not_of_one_link():
    service = FakeService({"https://lms.example/m?a=%20b&limit=100": page(entry())}, None)
    nrps.read(cast("Service", service), "https://lms.example/m?rlid=7&a=%20b")


def test_a_limit_that_the_address_holds_stays():
    service = FakeService({"https://lms.example/m?limit=5": page(entry())}, None)
    nrps.read(cast("Service", service), "https://lms.example/m?limit=5")


@pytest.mark.parametrize(
    "target",
    [
        "https://other.example/members?from=1",
        "http://lms.example/members?from=1",
        "https://lms.example:444/members?from=1",
        "https://lms.example@evil.example/x",
        "//evil.example/members",
        "javascript:alert(1)",
        "http://[",
    ],
)
def test_the_token_goes_to_no_other_host(target: str):
    assert refused({START: page(entry(), link=f'<{target}>; rel="next"')}) is Cause.ODD


def test_pages_that_run_in_a_circle():
    second = f"{URL}&from=1"
    answers: dict[str, Reply | Exception] = {
        START: page(entry("a"), link=f'<{second}>; rel="next"'),
        second: page(entry("b"), link=f'<{START}>; rel="next"'),
    }
    assert refused(answers) is Cause.ODD


class Endless(dict[str, Any]):
    """A list whose every page has another one after it."""

    def __missing__(self, url: str) -> Reply:
        number = int(url.rpartition("=")[2])
        return page(entry(str(number)), link=f'<{URL}&from={number + 1}>; rel="next"')


def test_pages_without_end(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(nrps, "MOST_PAGES", 7)
    assert refused(Endless()) is Cause.TOO_LARGE
    monkeypatch.setattr(nrps, "MOST_PAGES", 1000)
    monkeypatch.setattr(nrps, "MOST_MEMBERS", 7)
    assert refused(Endless()) is Cause.TOO_LARGE


def test_a_read_has_its_time(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(nrps, "WHOLE_SECONDS", -1.0)
    assert refused(Endless()) is Cause.UNREACHABLE


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (page(status=401), Cause.ACCESS),
        (page(status=403), Cause.ACCESS),
        (Reply(403, "", {"X-Rate-Limit-Remaining": "0.0"}, b""), Cause.UNREACHABLE),
        (page(status=404), Cause.GONE),
        (page(status=400), Cause.ODD),
        (page(status=204), Cause.ODD),
        (page(status=429), Cause.UNREACHABLE),
        (page(status=500), Cause.UNREACHABLE),
        (Reply(200, "", {}, b"<html>Log in</html>"), Cause.ODD),
        (Reply(200, "", {}, b""), Cause.ODD),
        (Reply(200, "", {}, b"[" * 100_000), Cause.ODD),
        (Reply(200, "", {}, b"[]"), Cause.ODD),
        (Reply(200, "", {}, b'{"members": {"0": {}}}'), Cause.ODD),
        (Unreachable("time-out"), Cause.UNREACHABLE),
        (TooLarge("more than a page may be"), Cause.TOO_LARGE),
        (AddressRefused("private"), Cause.ACCESS),
        (TokenRefused("invalid_scope"), Cause.ACCESS),
    ],
    ids=str,
)
def test_an_answer_that_is_no_roster(answer: Reply | Exception, cause: Cause):
    assert refused({START: answer}) is cause
    second = f"{URL}&from=1"
    first = page(entry(), link=f'<{second}>; rel="next"')
    assert refused({START: first, second: answer}) is cause, "half a roster is none"


@pytest.mark.parametrize(
    "bad",
    [
        "text",
        None,
        {"roles": []},
        entry(""),
        entry(None),
        entry(True),
        entry(1.5),
        entry({"id": 5}),
        entry("x" * 256),
        entry("a\nb"),
        entry("a\u0000"),
        {"user_id": "5"},
        {"user_id": "5", "roles": "Learner"},
        {"user_id": "5", "roles": ["Learner", 3]},
    ],
    ids=repr,
)
def test_an_entry_that_can_be_anybody_spoils_the_read(bad: Any):
    assert refused({START: page(entry("a"), bad)}) is Cause.ODD


def test_an_id_that_is_a_number_is_its_text():
    assert read_one(entry(5)).subject == "5"


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        (["Learner"], CourseRole.STUDENT),
        (["Instructor"], CourseRole.TEACHER),
        ([f"{MEMBERSHIP}#Instructor", f"{MEMBERSHIP}/Instructor#TeachingAssistant"], CourseRole.TA),
        ([f"{MEMBERSHIP}#Mentor"], CourseRole.OBSERVER),
        ([f"{MEMBERSHIP}#Manager"], CourseRole.NONE),
        (["http://purl.imsglobal.org/vocab/lis/v2/person#Administrator"], CourseRole.ADMINISTRATOR),
        ([], CourseRole.NONE),
    ],
)
def test_roles(roles: list[str], expected: CourseRole):
    member = read_one({"user_id": "a", "roles": roles})
    assert (member.role, member.is_role_sure) == (expected, True)


def test_what_moodle_calls_a_learner_may_be_a_grader():
    assert not read_one(entry("a", "Learner"), "moodle").is_role_sure
    assert read_one(entry("a", "Instructor"), "moodle").is_role_sure
    assert read_one(entry("a", "Learner"), "canvas").is_role_sure


@pytest.mark.parametrize(
    ("status", "is_active"),
    [("Active", True), (None, True), ("Inactive", False), ("Deleted", False), ("Odd", False)],
)
def test_status(status: str | None, is_active: bool):
    assert read_one(entry("a", status=status)).is_active is is_active
    assert read_one(entry("a")).is_active


def test_names_and_addresses():
    full = read_one(entry("a", given_name="Ada ", family_name="Nov\u0000ak", email="a@b.example"))
    assert full.person == Person("Ada", "Novak", "a@b.example")
    assert read_one(entry("a", name="Ada Novak")).person == Person("Ada Novak", "", None)
    assert read_one(entry("a", name=5, email="no address")).person == Person("", "", None)


def test_one_person_in_two_sections_is_one_member():
    teaches = entry("a", "Instructor", name="Ada")
    (member,) = read({START: page(entry("a", "Learner"), teaches)})
    assert member.role is CourseRole.TEACHER and member.person.given_name == "Ada"
    left = entry("a", "Instructor", status="Inactive")
    (member,) = read({START: page(left, entry("a", "Learner"), left)})
    assert member.role is CourseRole.STUDENT and member.is_active
