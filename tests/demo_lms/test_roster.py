"""Names and roles: NRPS 2.0 sections 2 and 3."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from demo_lms import Platform, links, persons
from demo_lms import vocabulary as lti
from demo_lms.links import Link
from tests.demo_lms.fake_tool import FakeTool, Service

URL = "/api/courses/demo-course/memberships"
ALL = ["teacher", "ta", "student-1", "student-2", "student-3", "test-student"]


def ids(members: list[dict[str, Any]]) -> list[str]:
    people = [persons.by_subject(member["user_id"]) for member in members]
    return [person.id for person in people if person]


def test_everybody_of_the_course(service: Service) -> None:
    answer = service.get(URL, Accept=lti.ROSTER_TYPE)
    assert answer.mimetype == lti.ROSTER_TYPE
    body = answer.get_json()
    assert body["id"] == "http://127.0.0.1:8001" + URL
    assert body["context"] == {"id": "demo-course", "label": "PY101", "title": "Python basics"}
    assert ids(body["members"]) == ALL
    assert {member["status"] for member in body["members"]} == {"Active"}


def test_members_say_as_much_as_a_launch(service: Service) -> None:
    members = dict(zip(ALL, service.get(URL).get_json()["members"], strict=True))
    assert members["student-1"] == {
        "status": "Active",
        "user_id": persons.get("student-1").subject,
        "roles": [lti.LEARNER],
        "name": "Ada Novak",
        "given_name": "Ada",
        "family_name": "Novak",
        "email": "ada.novak@example.test",
    }
    assert set(members["student-3"]) == {"status", "user_id", "roles"}
    assert members["ta"]["roles"] == [lti.TEACHING_ASSISTANT, lti.INSTRUCTOR]
    assert lti.TEST_USER in members["test-student"]["roles"]


@pytest.mark.parametrize(
    ("role", "found"),
    [
        ("Learner", ["student-1", "student-2", "student-3", "test-student"]),
        (lti.LEARNER, ["student-1", "student-2", "student-3", "test-student"]),
        ("Instructor", ["teacher", "ta"]),
        (lti.TEACHING_ASSISTANT, ["ta"]),
        (lti.INSTITUTION_INSTRUCTOR, []),
        ("Mentor", []),
    ],
)
def test_roles(service: Service, role: str, found: list[str]) -> None:
    answer = service.client.get(URL, query_string={"role": role}, headers=service.headers)
    assert ids(answer.get_json()["members"]) == found


def test_pages_keep_the_role(service: Service) -> None:
    url: str | None = f"{URL}?role=Learner&limit=3"
    seen = []
    while url:
        answer = service.get(url)
        seen.append(ids(answer.get_json()["members"]))
        link = answer.headers.get("Link")
        url = link[1 : link.index(">")] if link else None
    assert seen == [["student-1", "student-2", "student-3"], ["test-student"]]


def test_a_resource_link_adds_what_its_launch_would_say(
    service: Service, platform: Platform, link: Link
) -> None:
    own = replace(link, id="own", custom={"zone": "$Person.address.timezone"})
    links.place(platform.store, own)
    members = service.get(f"{URL}?rlid=own").get_json()["members"]
    assert members[4]["message"] == [
        {lti.MESSAGE_TYPE: "LtiResourceLinkRequest", lti.CUSTOM: {"zone": "Asia/Tokyo"}}
    ]
    assert service.get(f"{URL}?rlid=foreign").status_code == 403


def test_access(client: FlaskClient, tool: FakeTool) -> None:
    assert client.get(URL).status_code == 401
    headers = {"Authorization": f"Bearer {tool.access_token(client, lti.SCOPE_SCORE)}"}
    assert client.get(URL, headers=headers).status_code == 403
    headers = {"Authorization": f"Bearer {tool.access_token(client, lti.SCOPE_ROSTER)}"}
    assert client.get(URL, headers=headers).status_code == 200
    assert client.get("/api/courses/other/memberships", headers=headers).status_code == 404
