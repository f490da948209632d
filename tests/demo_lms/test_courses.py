"""Copies of the course, dates of links, links set up again, and what a place takes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from demo_lms import Platform, courses, line_items, links, persons, tokens
from demo_lms import vocabulary as lti
from demo_lms.deep_linking import Ticket
from demo_lms.links import Link
from tests.demo_lms.fake_tool import FakeTool, Service
from tests.demo_lms.test_auth import claims_of, form_of, request_of
from tests.demo_lms.test_deep_linking import ITEM, post

CUSTOM = {
    "activity": "a1f3",
    "history": "$Context.id.history",
    "due": "$ResourceLink.submission.endDateTime",
}


@pytest.fixture
def graded(platform: Platform) -> Link:
    link = links.place(
        platform.store, Link("graded", "Graded", custom=CUSTOM, due_at="2027-03-05T20:00:00Z")
    )
    body = {"label": "Graded", "scoreMaximum": 10, "resourceLinkId": link.id, "resourceId": "a1f3"}
    line_items.create(platform.store, body)
    return link


def claims(platform: Platform, link: Link) -> dict[str, Any]:
    return tokens.launch_claims(platform, persons.get("teacher"), link, nonce="n")


def test_a_copy_has_its_own_links_and_columns_with_the_old_values(
    platform: Platform, graded: Link
) -> None:
    course = courses.copy(platform)
    copy = courses.at(platform, course.key)
    mine = {link.title: link for link in links.listed(copy.store)}
    assert set(mine) == {"Course tutor", "Graded"}
    link = mine["Graded"]
    assert link.id != graded.id
    assert link.custom == graded.custom
    assert link.due_at is None
    [column] = line_items.listed(copy.store)
    assert (column.link_id, column.resource_id, column.score_maximum) == (link.id, "a1f3", 10)
    said = claims(copy, link)
    assert said[lti.CONTEXT]["id"] == course.key
    assert said[lti.CUSTOM] == {
        "activity": "a1f3",
        "history": platform.settings.context_id,
        "due": "",
    }
    service = said[lti.AGS_ENDPOINT]
    assert f"/courses/{course.key}/" in service["lineitems"]
    assert f"/courses/{course.key}/lineitems/{column.id}/" in service["lineitem"]


def test_the_first_course_stays_as_it_is(platform: Platform, graded: Link) -> None:
    before = links.listed(platform.store), line_items.listed(platform.store)
    courses.copy(platform)
    assert (links.listed(platform.store), line_items.listed(platform.store)) == before
    assert claims(platform, graded)[lti.CUSTOM]["history"] == ""
    assert claims(platform, graded)[lti.CUSTOM]["due"] == "2027-03-05T20:00:00Z"


def test_a_copy_of_a_copy_names_both(platform: Platform) -> None:
    first = courses.copy(platform)
    second = courses.copy(courses.at(platform, first.key))
    history = courses.at(platform, second.key).settings.context_history
    assert history == f"{first.key},{platform.settings.context_id}"
    assert courses.at(courses.at(platform, second.key), "").settings == platform.settings
    assert courses.at(platform, "no-such").settings == platform.settings


def test_each_courses_service_knows_its_own_columns(
    platform: Platform, graded: Link, service: Service, client: FlaskClient
) -> None:
    course = courses.copy(platform)
    copy = courses.at(platform, course.key)
    [old], [new] = line_items.listed(platform.store), line_items.listed(copy.store)
    listed = service.get(line_items.container_url(copy.settings)).json
    assert [item["id"] for item in listed] == [line_items.item_url(copy.settings, new.id)]
    assert service.get(line_items.item_url(copy.settings, old.id)).status_code == 404
    assert service.get(line_items.item_url(platform.settings, new.id)).status_code == 404
    assert service.get(line_items.item_url(platform.settings, old.id)).status_code == 200


def test_a_teacher_copies_the_course_and_looks_at_either(
    be: Any, platform: Platform, graded: Link
) -> None:
    assert be("student-1").post("/copy").status_code == 403
    teacher = be("teacher")
    assert teacher.post("/copy").location == "/"
    page = teacher.get("/").text
    assert "Python basics (copy 1)" in page
    [copied] = [
        one
        for one in links.listed(courses.at(platform, courses.listed(platform)[1].key).store)
        if one.title == "Graded"
    ]
    assert f"/links/{copied.id}" in page
    assert f"/links/{graded.id}" not in page
    assert teacher.get("/course/").location == "/"
    assert f"/links/{graded.id}" in teacher.get("/").text


def test_a_launch_is_of_its_links_course_whatever_the_browser_looks_at(
    be: Any, platform: Platform, graded: Link
) -> None:
    teacher = be("teacher")
    teacher.post("/copy")  # and looks at the copy
    _, login = form_of(teacher.get(f"/links/{graded.id}/launch"))
    _, answer = form_of(teacher.get("/auth", query_string=request_of(login)))
    said = claims_of(teacher, answer["id_token"])
    assert said[lti.CONTEXT]["id"] == platform.settings.context_id


def test_links_are_added_to_the_course_that_the_picker_was_opened_in(
    be: Any, platform: Platform, tool: FakeTool
) -> None:
    teacher = be("teacher")
    teacher.post("/copy")
    _, login = form_of(teacher.get("/add/launch"))
    _, answer = form_of(teacher.get("/auth", query_string=request_of(login)))
    settings = claims_of(teacher, answer["id_token"])[lti.DL_SETTINGS]
    ticket = Ticket(settings["deep_link_return_url"], settings["data"])
    teacher.delete_cookie("demo_lms_course", domain="127.0.0.1")
    token = tool.sign(tool.deep_linking_claims(ticket.data, [ITEM]))
    assert post(teacher, ticket, token).status_code == 200
    copy = courses.at(platform, courses.listed(platform)[1].key)
    assert links.listed(copy.store)[-1].title == ITEM["title"]
    assert line_items.listed(copy.store)[-1].label == "Loops"
    assert ITEM["title"] not in [link.title for link in links.listed(platform.store)]


class TestALinkSetUpAgain:
    @pytest.fixture
    def asked(self, be: Any, graded: Link) -> tuple[FlaskClient, dict[str, Any]]:
        teacher = be("teacher")
        _, login = form_of(teacher.get(f"/links/{graded.id}/again/launch"))
        _, answer = form_of(teacher.get("/auth", query_string=request_of(login)))
        return teacher, claims_of(teacher, answer["id_token"])

    def test_the_picker_is_told_what_the_link_has(self, asked: Any) -> None:
        _, said = asked
        assert said[lti.MESSAGE_TYPE] == lti.DEEP_LINKING_REQUEST
        assert said[lti.CUSTOM]["activity"] == "a1f3"
        assert said[lti.DL_SETTINGS]["accept_multiple"] is False
        assert said[lti.DL_SETTINGS]["title"] == "Graded"

    def test_the_answer_takes_the_links_place(
        self, asked: Any, platform: Platform, tool: FakeTool, graded: Link
    ) -> None:
        teacher, said = asked
        settings = said[lti.DL_SETTINGS]
        ticket = Ticket(settings["deep_link_return_url"], settings["data"])
        item = {**ITEM, "submission": {"endDateTime": "2027-04-01T00:00:00Z"}}
        two = tool.sign(tool.deep_linking_claims(ticket.data, [item, item]))
        assert post(teacher, ticket, two).status_code == 400
        token = tool.sign(tool.deep_linking_claims(ticket.data, [item]))
        assert post(teacher, ticket, token).status_code == 200
        changed = links.get(platform.store, graded.id)
        assert (changed.title, changed.custom) == (ITEM["title"], ITEM["custom"])
        assert changed.due_at == "2027-04-01T00:00:00Z"
        assert len(links.listed(platform.store)) == 2
        [column] = line_items.listed(platform.store)
        assert (column.link_id, column.label, column.score_maximum) == (graded.id, "Loops", 7.5)

    def test_only_teachers_do_that(self, be: Any, graded: Link) -> None:
        for path in ("again", "again/launch"):
            assert be("student-1").get(f"/links/{graded.id}/{path}").status_code == 403


def test_what_the_place_takes_is_switched_by_teachers(be: Any, platform: Platform) -> None:
    assert be("student-1").post("/add").status_code == 403
    teacher = be("teacher")
    assert teacher.post("/add", data={"grades": "on"}).location == "/add"
    said = tokens.deep_linking_claims(
        platform, persons.get("teacher"), nonce="n", return_url="http://x", data="d"
    )[lti.DL_SETTINGS]
    assert (said["accept_multiple"], said["accept_lineitem"]) == (False, True)


def test_dates_are_taken_from_the_tool_and_changed_by_hand(
    be: Any, platform: Platform, graded: Link
) -> None:
    teacher = be("teacher")
    assert "due 2027-03-05 20:00 UTC" in teacher.get("/").text
    form = {"title": "Graded", "closes_at": "2027-03-06T08:00", "due_at": ""}
    assert teacher.post(f"/links/{graded.id}/edit", data=form).status_code == 303
    changed = links.get(platform.store, graded.id)
    assert (changed.due_at, changed.closes_at) == (None, "2027-03-06T08:00:00Z")
    assert (
        teacher.post(f"/links/{graded.id}/edit", data={**form, "due_at": "soon"}).status_code == 400
    )


def test_the_tools_own_custom_values_come_with_every_launch(
    platform: Platform, graded: Link
) -> None:
    settings = replace(platform.settings, tool_custom=(("context_history", "$Context.id.history"),))
    course = courses.copy(platform)
    copy = courses.at(replace(platform, settings=settings), course.key)
    said = claims(copy, links.listed(copy.store)[0])
    assert said[lti.CUSTOM] == {"context_history": platform.settings.context_id}
