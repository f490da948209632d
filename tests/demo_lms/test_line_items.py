"""The line item service: AGS 2.0 section 3.2."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient

from demo_lms import Platform, line_items
from demo_lms import vocabulary as lti
from demo_lms.line_items import LineItem, container_url, item_url
from demo_lms.links import Link
from tests.demo_lms.fake_tool import FakeTool, Service

TYPE = lti.LINE_ITEM_TYPE
CONTAINER = "/api/courses/demo-course/lineitems?type_id=1"
BODY = {"label": "Chapter 5", "scoreMaximum": 60, "resourceId": "quiz-231", "tag": "grade"}


def test_create_and_read(service: Service, platform: Platform, link: Link) -> None:
    times = {"startDateTime": "2026-03-06T20:05:02Z", "endDateTime": "2026-04-06T22:05:03+01:00"}
    body = BODY | times | {"resourceLinkId": link.id}
    made = service.send("POST", CONTAINER, body, TYPE)
    assert made.status_code == 201 and made.mimetype == TYPE
    url = made.get_json()["id"]
    assert url.startswith("http://127.0.0.1:8001/") and url.endswith("/lineitem?type_id=1")
    assert made.get_json() == body | {"id": url}
    read = service.get(url, Accept=TYPE)
    assert read.mimetype == TYPE and read.get_json() == made.get_json()
    listed = service.get(CONTAINER, Accept=lti.LINE_ITEMS_TYPE)
    assert listed.mimetype == lti.LINE_ITEMS_TYPE and listed.get_json() == [made.get_json()]


def test_a_charset_is_no_harm(service: Service) -> None:
    assert service.send("POST", CONTAINER, BODY, f"{TYPE}; charset=utf-8").status_code == 201


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"label": None}, 400),
        ({"label": " "}, 400),
        ({"label": "l" * 256}, 400),
        ({"scoreMaximum": None}, 400),
        ({"scoreMaximum": 0}, 400),
        ({"scoreMaximum": -5}, 400),
        ({"scoreMaximum": "10"}, 400),
        ({"scoreMaximum": True}, 400),
        ({"scoreMaximum": 1e300}, 400),
        ({"tag": 5}, 400),
        ({"resourceId": ["a"]}, 400),
        ({"startDateTime": "tomorrow"}, 400),
        ({"endDateTime": "2026-03-06T20:05:02"}, 400),
        ({"resourceLinkId": "unknown"}, 404),
        ({"resourceLinkId": 5}, 400),
    ],
)
def test_create_refuses(service: Service, change: dict[str, Any], status: int) -> None:
    assert service.send("POST", CONTAINER, BODY | change, TYPE).status_code == status
    assert service.get(CONTAINER).get_json() == []


def test_bodies_that_are_no_line_item(service: Service, client: FlaskClient) -> None:
    assert service.send("POST", CONTAINER, [BODY], TYPE).status_code == 400
    assert service.send("POST", CONTAINER, BODY, "application/json").status_code == 415
    headers = service.headers | {"Content-Type": TYPE}
    assert client.post(CONTAINER, data="{", headers=headers).status_code == 400


def test_replace(service: Service, platform: Platform, item: LineItem) -> None:
    url = item_url(platform.settings, item.id)
    new = {"label": "Loops again", "scoreMaximum": 10, "resourceId": "r"}
    answer = service.send("PUT", url, new, TYPE)
    assert answer.status_code == 200
    assert answer.get_json() == new | {"id": url, "resourceLinkId": item.link_id}
    other = new | {"resourceLinkId": "another"}
    assert service.send("PUT", url, other, TYPE).status_code == 400
    assert service.send("PUT", url, {"label": "x"}, TYPE).status_code == 400
    assert service.get(url).get_json() == answer.get_json()


def test_delete(service: Service, platform: Platform, item: LineItem) -> None:
    url = item_url(platform.settings, item.id)
    assert service.delete(url).status_code == 204
    assert service.get(url).status_code == 404
    assert service.delete(url).status_code == 404
    assert service.send("PUT", url, BODY, TYPE).status_code == 404


def test_filters(service: Service, platform: Platform, link: Link) -> None:
    for label, more in {
        "a": {"resourceLinkId": link.id, "tag": "grade"},
        "b": {"resourceLinkId": link.id, "resourceId": "r", "tag": "originality"},
        "c": {"resourceId": "r"},
    }.items():
        line_items.create(platform.store, {"label": label, "scoreMaximum": 1, **more})

    def labels(**query: str) -> list[str]:
        url = f"/api/courses/demo-course/lineitems?{urlencode({'type_id': '1', **query})}"
        listed = service.get(url)
        return [item["label"] for item in listed.get_json()]

    assert labels() == ["a", "b", "c"]
    assert labels(resource_link_id=link.id) == ["a", "b"]
    assert labels(resource_id="r") == ["b", "c"]
    assert labels(resource_id="r", resource_link_id=link.id) == ["b"]
    assert labels(tag="grade") == ["a"]
    assert labels(tag="none") == []


def test_pages_keep_the_filters(service: Service, platform: Platform) -> None:
    for number in range(5):
        tag = "even" if number % 2 == 0 else "odd"
        line_items.create(platform.store, {"label": str(number), "scoreMaximum": 1, "tag": tag})
    url: str | None = f"{container_url(platform.settings)}&tag=even&limit=2"
    seen = []
    while url:
        answer = service.get(url)
        seen.append([item["label"] for item in answer.get_json()])
        link = answer.headers.get("Link")
        assert link is None or link.endswith('; rel="next"')
        url = link[1 : link.index(">")] if link else None
    assert seen == [["0", "2"], ["4"]]


@pytest.mark.parametrize("limit", ["0", "-1", "x", "", "1.5"])
def test_a_limit_is_a_number(service: Service, limit: str) -> None:
    assert service.get(f"{CONTAINER}&limit={limit}").status_code == 400


def test_the_addresss_query_must_stay(service: Service, platform: Platform, item: LineItem) -> None:
    url = item_url(platform.settings, item.id)
    assert service.get(url.partition("?")[0]).status_code == 400
    assert service.get(f"{url}/results").status_code == 400


def test_another_course(service: Service) -> None:
    assert service.get("/api/courses/other/lineitems?type_id=1").status_code == 404


@pytest.mark.parametrize("accept", [lti.LINE_ITEMS_TYPE, "*/*", "application/*, text/html"])
def test_accept(service: Service, accept: str) -> None:
    assert service.get(CONTAINER, Accept=accept).status_code == 200


def test_an_accept_that_does_not_fit(service: Service) -> None:
    assert service.get(CONTAINER, Accept="application/json").status_code == 406


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "", {lti.SCOPE_LINE_ITEM, lti.SCOPE_LINE_ITEM_READ}),
        ("POST", "", {lti.SCOPE_LINE_ITEM}),
        ("GET", "/1/lineitem", {lti.SCOPE_LINE_ITEM, lti.SCOPE_LINE_ITEM_READ}),
        ("PUT", "/1/lineitem", {lti.SCOPE_LINE_ITEM}),
        ("POST", "/1/lineitem/scores", {lti.SCOPE_SCORE}),
        ("GET", "/1/lineitem/results", {lti.SCOPE_RESULT_READ}),
        ("DELETE", "/1/lineitem", {lti.SCOPE_LINE_ITEM}),
    ],
)
def test_each_request_needs_its_scope(
    client: FlaskClient, tool: FakeTool, item: LineItem, method: str, path: str, allowed: set[str]
) -> None:
    url = f"/api/courses/demo-course/lineitems{path}?type_id=1"
    assert client.open(url, method=method).status_code == 401
    for scope in sorted(set(lti.SCOPES) - allowed):
        headers = {"Authorization": f"Bearer {tool.access_token(client, scope)}"}
        answer = client.open(url, method=method, headers=headers)
        assert answer.status_code == 403
        assert answer.get_json()["error"] == "insufficient_scope"
    for scope in allowed:
        headers = {"Authorization": f"Bearer {tool.access_token(client, scope)}"}
        answer = client.open(url, method=method, headers=headers)
        assert answer.status_code in (200, 204, 415)
