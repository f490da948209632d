"""The pages for people: who one is, the links, the gradebook, and what is kept out."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from demo_lms import Platform, gradebook, line_items, links, persons
from demo_lms.line_items import LineItem
from demo_lms.links import Link

EVIL = "<script>alert(1)</script>"


def chosen(client: FlaskClient) -> str | None:
    cookie = client.get_cookie("demo_lms_person", domain="127.0.0.1")
    return cookie.value if cookie else None


def test_a_new_browser_is_the_teacher(client: FlaskClient) -> None:
    page = client.get("/").text
    assert '<option value="teacher" selected>Thea Laurent (Teacher)' in page
    assert chosen(client) == "teacher"
    assert "Course tutor" in page and "Add from CourseLLM" in page


@pytest.mark.parametrize("person", persons.PERSONS, ids=lambda person: person.id)
def test_everybody_can_open_the_course_and_the_link(be: Any, person: persons.Person) -> None:
    client = be(person.id)
    assert f'<option value="{person.id}" selected>' in client.get("/").text
    page = client.get("/links/course-tutor").text
    assert 'src="/links/course-tutor/launch"' in page and "<iframe" in page
    assert person.subject in client.get("/links/course-tutor/launch").text


def test_switching(client: FlaskClient) -> None:
    form = {"person": "student-2", "next": "/links/course-tutor"}
    answer = client.post("/person", data=form)
    assert (answer.status_code, answer.location) == (303, "/links/course-tutor")
    assert chosen(client) == "student-2"
    assert client.post("/person", data={"person": "nobody"}).status_code == 400


@pytest.mark.parametrize("path", ["https://evil.example/", "//evil.example", "/\\evil.example", ""])
def test_switching_leads_nowhere_else(client: FlaskClient, path: str) -> None:
    assert client.post("/person", data={"person": "ta", "next": path}).location == "/"


def test_an_address_can_say_who_one_is(client: FlaskClient) -> None:
    answer = client.get("/links/course-tutor?as=student-1&x=1")
    assert (answer.status_code, answer.location) == (302, "/links/course-tutor?x=1")
    assert chosen(client) == "student-1"
    assert client.get("/?as=nobody").status_code == 400


def test_the_cookie_does_not_travel_to_other_sites(client: FlaskClient) -> None:
    cookie = client.get("/").headers["Set-Cookie"]
    assert "SameSite=Lax" in cookie and "HttpOnly" in cookie


def test_rename_and_delete(be: Any, platform: Platform, item: LineItem) -> None:
    client = be("teacher")
    assert 'value="Course tutor"' in client.get("/links/course-tutor/edit").text
    client.post("/links/course-tutor/edit", data={"title": "  Ask   here "})
    assert links.get(platform.store, "course-tutor").title == "Ask here"
    for title in ("", " ", "t" * 256):
        answer = client.post("/links/course-tutor/edit", data={"title": title})
        assert answer.status_code == 400
    page = client.get("/links/course-tutor/delete").text
    assert "Delete “Ask here”?" in page and "column in the gradebook" in page
    client.post("/links/course-tutor/delete")
    assert links.listed(platform.store) == [] and line_items.listed(platform.store) == []
    assert "No activities yet" in client.get("/").text
    assert client.get("/links/course-tutor").status_code == 404
    assert client.post("/links/course-tutor/delete").status_code == 404


@pytest.mark.parametrize("person", [p.id for p in persons.PERSONS if p.id != "teacher"])
def test_only_the_teacher_changes_links(be: Any, platform: Platform, person: str) -> None:
    client = be(person)
    for path in ("/links/course-tutor/edit", "/links/course-tutor/delete"):
        assert client.get(path).status_code == 403
        assert client.post(path, data={"title": "x"}).status_code == 403
    assert [link.title for link in links.listed(platform.store)] == ["Course tutor"]


def test_a_link_for_a_window_opens_one(client: FlaskClient, platform: Platform) -> None:
    links.place(platform.store, Link("w", "Wide", target="window"))
    assert 'href="/links/w/launch" target="_blank" rel="noopener"' in client.get("/").text


def test_the_gradebook_of_those_who_teach(be: Any, platform: Platform, item: LineItem) -> None:
    gradebook.override(platform, item.id or 0, "student-1", "12.5", "Good")
    page = be("ta").get("/gradebook").text
    assert "12.5 / 20" in page and "Set by teacher" in page and "Good" in page
    assert "Mei Hayashi" in page and "Change" not in page
    assert "Change" in be("teacher").get("/gradebook").text


def test_students_see_their_own_grades_only(be: Any, platform: Platform, item: LineItem) -> None:
    gradebook.override(platform, item.id or 0, "student-1", "12.5", "For Ada only")
    page = be("student-2").get("/gradebook").text
    assert "For Ada" not in page and "12.5" not in page
    assert page.count("No grade") == 1 and "Scores received" not in page
    assert "For Ada only" in be("student-1").get("/gradebook").text


def test_the_administrator_is_not_in_the_course(be: Any) -> None:
    assert be("admin").get("/gradebook").status_code == 403


def test_a_teacher_grades_by_hand(be: Any, platform: Platform, item: LineItem) -> None:
    client, path = be("teacher"), f"/gradebook/{item.id}/student-1"
    assert "Points out of 20" in client.get(path).text
    assert client.post(path, data={"points": "7", "comment": "ok"}).status_code == 303
    assert 'value="7"' in client.get(path).text
    assert client.post(path, data={"points": ""}).status_code == 303
    assert 'value=""' in client.get(path).text
    for points in ("-1", "many", "nan", "inf", "1e9"):
        assert client.post(path, data={"points": points}).status_code == 400
    for person in ("teacher", "nobody"):
        wrong = f"/gradebook/{item.id}/{person}"
        assert client.get(wrong).status_code == 404
        assert client.post(wrong, data={"points": "1"}).status_code == 404
    assert client.get("/gradebook/99/student-1").status_code == 404
    assert be("ta").post(path, data={"points": "1"}).status_code == 403


def test_names_are_escaped(be: Any, platform: Platform) -> None:
    evil = Link("e", EVIL, description=EVIL, custom={"a": '"><b>'})
    links.place(platform.store, evil)
    item = line_items.create(platform.store, {"label": EVIL, "scoreMaximum": 1})
    gradebook.override(platform, item.id or 0, "student-1", "1", EVIL)
    client = be("teacher")
    for path in (
        "/",
        "/links/e",
        "/links/e/launch",
        "/links/e/edit",
        "/links/e/delete",
        "/gradebook",
        f"/gradebook/{item.id}/student-1",
    ):
        assert EVIL not in client.get(path).text


def test_headers(client: FlaskClient) -> None:
    answer = client.get("/links/course-tutor")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'self'" in policy
    assert "frame-src 'self' http://localhost:8000;" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    for page in ("/", "/links/course-tutor", "/gradebook"):
        text = client.get(page).text
        assert "style=" not in text and "onclick" not in text and "http://" not in text


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.1:8001"])
def test_another_host_name_is_refused(client: FlaskClient, host: str) -> None:
    for path in ("/", "/health", "/jwks", "/auth"):
        assert client.get(path, headers={"Host": host}).status_code == 400
    assert client.post("/token", headers={"Host": host}).status_code == 400


def test_people_come_to_the_issuers_address(client: FlaskClient) -> None:
    answer = client.get("/links/course-tutor?x=1", headers={"Host": "localhost:8001"})
    assert answer.location == "http://127.0.0.1:8001/links/course-tutor?x=1"
    assert client.get("/health", headers={"Host": "localhost:8001"}).get_json() == {"status": "ok"}


@pytest.mark.parametrize("origin", ["http://localhost:8000", "https://evil.example", "null"])
def test_forms_of_other_sites_change_nothing(be: Any, platform: Platform, origin: str) -> None:
    client = be("teacher")
    answer = client.post("/links/course-tutor/delete", headers={"Origin": origin})
    assert answer.status_code == 403
    assert len(links.listed(platform.store)) == 1


def test_a_form_of_our_own_and_of_nobody(client: FlaskClient, platform: Platform) -> None:
    own = {"Origin": "http://127.0.0.1:8001"}
    assert client.post("/links/course-tutor/delete", headers=own).status_code == 403
    client.get("/")
    assert client.post("/links/course-tutor/delete", headers=own).status_code == 303
