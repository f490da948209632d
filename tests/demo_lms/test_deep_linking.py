"""Adding links from the tool: Deep Linking 2.0 sections 3.2, 4.4 and 4.5."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from joserfc.jwk import RSAKey
from werkzeug.test import TestResponse

from demo_lms import Platform, deep_linking, line_items, links, persons
from demo_lms import vocabulary as lti
from demo_lms.deep_linking import Ticket
from demo_lms.tokens import compact
from tests.demo_lms.fake_tool import Clock, FakeTool, Service
from tests.demo_lms.test_auth import claims_of, form_of, request_of

ITEM = {
    "type": "ltiResourceLink",
    "title": "Practice: loops",
    "text": "Ten questions",
    "url": "http://localhost:8000/lti/launch",
    "custom": {"activity": "a1f3", "course": "$Context.id", "empty": ""},
    "lineItem": {"label": "Loops", "scoreMaximum": 7.5, "resourceId": "a1f3", "tag": "grade"},
}


@pytest.fixture
def ticket(platform: Platform) -> Ticket:
    return deep_linking.open_ticket(platform, persons.get("teacher"))


def post(client: FlaskClient, ticket: Ticket, token: str) -> TestResponse:
    """As the browser sends it from the tool's page: another origin, and no cookie."""
    headers = {"Origin": "http://localhost:8000"}
    return client.post(ticket.return_url, data={"JWT": token}, headers=headers)


def titles(platform: Platform) -> list[str]:
    return [link.title for link in links.listed(platform.store)]


def test_the_teacher_adds_a_link_and_its_column(
    client: FlaskClient, platform: Platform, tool: FakeTool, be: Any
) -> None:
    _, login = form_of(be("teacher").get("/add/launch"))
    _, answer = form_of(client.get("/auth", query_string=request_of(login)))
    settings = claims_of(client, answer["id_token"])[lti.DL_SETTINGS]
    ticket = Ticket(settings["deep_link_return_url"], settings["data"])
    client.delete_cookie("demo_lms_person", domain="127.0.0.1")
    done = post(client, ticket, tool.sign(tool.deep_linking_claims(ticket.data, [ITEM])))
    assert done.status_code == 200
    assert "data-leave-frame" in done.text

    link = links.listed(platform.store)[-1]
    assert (link.title, link.description, link.target) == (ITEM["title"], ITEM["text"], "iframe")
    assert link.custom == ITEM["custom"]
    (item,) = line_items.listed(platform.store)
    assert item.link_id == link.id
    assert (item.label, item.score_maximum) == ("Loops", 7.5)
    assert (item.resource_id, item.tag) == ("a1f3", "grade")
    added = ticket.return_url.rsplit("/", 1)[1]
    page = be("teacher").get(f"/?added={added}").text
    assert "Added to the course: Practice: loops." in page and "7.5 points" in page


def test_the_line_item_is_found_by_its_link(
    client: FlaskClient, platform: Platform, tool: FakeTool, ticket: Ticket, service: Service
) -> None:
    post(client, ticket, tool.sign(tool.deep_linking_claims(ticket.data, [ITEM])))
    link = links.listed(platform.store)[-1]
    url = f"{line_items.container_url(platform.settings)}&resource_link_id={link.id}"
    (found,) = service.get(url).get_json()
    assert found["resourceLinkId"] == link.id and found["resourceId"] == "a1f3"


def test_only_a_title_is_not_even_needed(
    client: FlaskClient, platform: Platform, tool: FakeTool, ticket: Ticket
) -> None:
    items = [{"type": "ltiResourceLink"}, {"type": "ltiResourceLink", "window": {}}]
    assert (
        post(client, ticket, tool.sign(tool.deep_linking_claims(ticket.data, items))).status_code
        == 200
    )
    frame, window = links.listed(platform.store)[1:]
    assert frame.url is None and frame.custom == {} and frame.target == "iframe"
    assert window.target == "window"
    assert line_items.listed(platform.store) == []


def test_a_line_item_without_label_has_the_title(
    client: FlaskClient, platform: Platform, tool: FakeTool, ticket: Ticket
) -> None:
    item = ITEM | {"lineItem": {"scoreMaximum": 10}}
    post(client, ticket, tool.sign(tool.deep_linking_claims(ticket.data, [item])))
    assert [found.label for found in line_items.listed(platform.store)] == ["Practice: loops"]


@pytest.mark.parametrize("items", [[], None])
def test_nothing_chosen(
    client: FlaskClient, platform: Platform, tool: FakeTool, ticket: Ticket, be: Any, items: Any
) -> None:
    claims = tool.deep_linking_claims(ticket.data, items, **{lti.DL_MSG: "Maybe <b>later</b>"})
    assert post(client, ticket, tool.sign(claims)).status_code == 200
    assert titles(platform) == ["Course tutor"]
    page = be("teacher").get("/?added=" + ticket.return_url.rsplit("/", 1)[1]).text
    assert "Nothing was added." in page and "Maybe &lt;b&gt;later&lt;/b&gt;" in page


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "somebody"},
        {"aud": "https://other.example"},
        {"aud": ["http://127.0.0.1:8001", "https://other.example"]},
        {"aud": None},
        {"iat": None},
        {"exp": None},
        {"nonce": None},
        {"nonce": ""},
        {lti.MESSAGE_TYPE: "LtiResourceLinkRequest"},
        {lti.MESSAGE_TYPE: None},
        {lti.VERSION: "1.3"},
        {lti.DEPLOYMENT_ID: "other"},
        {lti.DEPLOYMENT_ID: None},
        {lti.DL_DATA: "other"},
        {lti.DL_DATA: None},
        {lti.DL_CONTENT_ITEMS: {}},
        {lti.DL_CONTENT_ITEMS: [ITEM] * 51},
        {lti.DL_MSG: 5},
    ],
)
def test_a_wrong_message_places_nothing(
    client: FlaskClient,
    platform: Platform,
    tool: FakeTool,
    ticket: Ticket,
    change: dict[str, Any],
) -> None:
    claims = tool.deep_linking_claims(ticket.data, [ITEM], **change)
    assert post(client, ticket, tool.sign(claims)).status_code == 400
    assert titles(platform) == ["Course tutor"]


@pytest.mark.parametrize(
    "change",
    [
        {"type": "link"},
        {"type": None},
        {"url": "https://evil.example/lti/launch"},
        {"url": "javascript:alert(1)"},
        {"url": "/lti/launch"},
        {"title": 7},
        {"title": "t" * 256},
        {"custom": {"a": None}},
        {"custom": {"a": 1}},
        {"custom": []},
        {"lineItem": {"label": "No maximum"}},
        {"lineItem": {"scoreMaximum": 0}},
        {"lineItem": {"scoreMaximum": "10"}},
        {"lineItem": {"scoreMaximum": 10, "label": ""}},
        {"lineItem": {"scoreMaximum": 10, "tag": 5}},
        {"lineItem": 10},
        {"window": "_blank"},
    ],
)
def test_one_wrong_item_places_none(
    client: FlaskClient,
    platform: Platform,
    tool: FakeTool,
    ticket: Ticket,
    change: dict[str, Any],
) -> None:
    claims = tool.deep_linking_claims(ticket.data, [ITEM, ITEM | change])
    answer = post(client, ticket, tool.sign(claims))
    assert answer.status_code == 400 and "evil" not in answer.text
    assert titles(platform) == ["Course tutor"]
    assert line_items.listed(platform.store) == []


def test_an_answer_counts_once(
    client: FlaskClient, platform: Platform, tool: FakeTool, ticket: Ticket
) -> None:
    token = tool.sign(tool.deep_linking_claims(ticket.data, [ITEM]))
    assert post(client, ticket, token).status_code == 200
    assert post(client, ticket, token).status_code == 400
    fresh = tool.sign(tool.deep_linking_claims(ticket.data, [ITEM]))
    assert post(client, ticket, fresh).status_code == 400
    assert len(titles(platform)) == 2


def test_a_nonce_counts_once_over_all_visits(
    client: FlaskClient, platform: Platform, tool: FakeTool, ticket: Ticket
) -> None:
    second = deep_linking.open_ticket(platform, persons.get("teacher"))
    for one, status in ((ticket, 200), (second, 400)):
        claims = tool.deep_linking_claims(one.data, [ITEM], nonce="the same")
        assert post(client, one, tool.sign(claims)).status_code == status


def test_signatures_that_do_not_hold(
    client: FlaskClient, platform: Platform, tool: FakeTool, ticket: Ticket, other_key: RSAKey
) -> None:
    claims = tool.deep_linking_claims(ticket.data, [ITEM])
    forged = [
        "",
        "x",
        tool.sign(claims, key=other_key),
        tool.sign(claims, kid=None),
        tool.sign(claims, alg="RS512"),
        compact({"alg": "none", "kid": tool.keys[0].kid}, claims, lambda signed: b""),
    ]
    for token in forged:
        assert post(client, ticket, token).status_code == 400
    assert titles(platform) == ["Course tutor"]


def test_addresses_that_were_not_given_out_or_are_old(
    client: FlaskClient, tool: FakeTool, ticket: Ticket, clock: Clock
) -> None:
    token = tool.sign(tool.deep_linking_claims(ticket.data, [ITEM]))
    assert post(client, Ticket("/deep-link/made-up", ""), token).status_code == 404
    clock.now += deep_linking.TICKET_SECONDS + 1
    token = tool.sign(tool.deep_linking_claims(ticket.data, [ITEM]))
    assert post(client, ticket, token).status_code == 400


@pytest.mark.parametrize("person", ["ta", "student-1", "test-student", "admin"])
def test_only_the_teacher_adds(be: Any, person: str) -> None:
    client = be(person)
    assert "Add from CourseLLM" not in client.get("/").text
    assert client.get("/add").status_code == 403
    assert client.get("/add/launch").status_code == 403


def test_return_url_shows_the_tools_words(client: FlaskClient) -> None:
    page = client.get("/return?link=x&lti_errormsg=Sorry+<script>alert(1)</script>").text
    assert "Sorry &lt;script&gt;" in page and "data-leave-frame" not in page
    assert "data-leave-frame" in client.get("/return?link=x").text
