"""What a launch says of whom (LTI core 1.3 section 5), and forgeries for the tool's tests."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, RSAKey

from demo_lms import Platform, links, persons
from demo_lms import vocabulary as lti
from demo_lms.line_items import LineItem, create
from demo_lms.links import Link
from demo_lms.tokens import compact, deep_linking_claims, launch_claims, sign
from tests.demo_lms.fake_tool import Clock

M = "http://purl.imsglobal.org/vocab/lis/v2/membership"
INSTITUTION = "http://purl.imsglobal.org/vocab/lis/v2/institution/person"
USER = "http://purl.imsglobal.org/vocab/lis/v2/system/person#User"


def claims_for(platform: Platform, person_id: str, link: Link) -> dict[str, Any]:
    return launch_claims(platform, persons.get(person_id), link, nonce="n")


def test_the_message(platform: Platform, link: Link, clock: Clock) -> None:
    claims = claims_for(platform, "student-1", link)
    now = int(clock())
    assert {name: claims[name] for name in ("iss", "aud", "azp", "nonce", "iat", "exp")} == {
        "iss": "http://127.0.0.1:8001",
        "aud": "coursellm-demo",
        "azp": "coursellm-demo",
        "nonce": "n",
        "iat": now,
        "exp": now + 300,
    }
    assert claims[lti.MESSAGE_TYPE] == "LtiResourceLinkRequest"
    assert claims[lti.VERSION] == "1.3.0"
    assert claims[lti.DEPLOYMENT_ID] == "demo-1"
    assert claims[lti.TARGET_LINK_URI] == "http://localhost:8000/lti/launch"
    assert claims[lti.CONTEXT] == {
        "id": "demo-course",
        "label": "PY101",
        "title": "Python basics",
        "type": ["http://purl.imsglobal.org/vocab/lis/v2/course#CourseOffering"],
    }
    assert claims[lti.RESOURCE_LINK]["id"] == "course-tutor"
    assert claims[lti.TOOL_PLATFORM]["product_family_code"] == "coursellm-demo-lms"
    assert claims[lti.LAUNCH_PRESENTATION] == {
        "document_target": "iframe",
        "return_url": "http://127.0.0.1:8001/return?link=course-tutor",
        "locale": "en",
    }
    assert claims[lti.NRPS_SERVICE]["service_versions"] == ["2.0"]
    assert lti.DL_SETTINGS not in claims and lti.CUSTOM not in claims


@pytest.mark.parametrize(
    ("person_id", "roles"),
    [
        ("teacher", {f"{M}#Instructor", f"{INSTITUTION}#Instructor", USER}),
        (
            "ta",
            {
                f"{M}/Instructor#TeachingAssistant",
                f"{M}#Instructor",
                f"{INSTITUTION}#Instructor",
                USER,
            },
        ),
        ("student-1", {f"{M}#Learner", f"{INSTITUTION}#Student", USER}),
        (
            "student-2",
            {f"{M}#Learner", f"{INSTITUTION}#Student", f"{INSTITUTION}#Instructor", USER},
        ),
        (
            "test-student",
            {f"{M}#Learner", "http://purl.imsglobal.org/vocab/lti/system/person#TestUser", USER},
        ),
        ("admin", {f"{INSTITUTION}#Administrator", USER}),
    ],
)
def test_roles(platform: Platform, link: Link, person_id: str, roles: set[str]) -> None:
    assert set(claims_for(platform, person_id, link)[lti.ROLES]) == roles


def test_subjects_are_opaque_and_stable() -> None:
    assert persons.get("teacher").subject == "1240737b-56d7-5f1c-8ead-36e9eb16ee28"
    assert len({person.subject for person in persons.PERSONS}) == len(persons.PERSONS)


def test_names_and_address_of_who_shares_them(platform: Platform, link: Link) -> None:
    claims = claims_for(platform, "student-2", link)
    assert claims["name"] == "Farid O'Brien-Ñúñez"
    assert claims["email"] == "farid.obrien@example.test"


def test_who_hides_name_and_address_is_only_a_subject(platform: Platform, link: Link) -> None:
    custom = {"who": "$Person.name.full", "mail": "$Person.email.primary", "id": "$User.id"}
    claims = claims_for(platform, "student-3", replace(link, custom=custom))
    said = json.dumps(claims)
    assert "Mei" not in said and "Hayashi" not in said and "@" not in said
    assert claims[lti.CUSTOM]["who"] == "$Person.name.full"
    assert claims[lti.CUSTOM]["id"] == claims["sub"]


def test_custom_parameters(platform: Platform, link: Link) -> None:
    custom = {
        "plain": "a=b",
        "empty": "",
        "title": "$ResourceLink.title",
        "course": "$Context.id",
        "before": "$Context.id.history",
        "zone": "$Person.address.timezone",
        "unknown": "$Canvas.course.id",
        "inside": "x $User.id",
    }
    claims = claims_for(platform, "student-3", replace(link, custom=custom))
    assert claims[lti.CUSTOM] == custom | {
        "title": "Course tutor",
        "course": "demo-course",
        "before": "",
        "zone": "Asia/Tokyo",
    }


def test_lineitem_stands_only_for_exactly_one(
    platform: Platform, link: Link, item: LineItem
) -> None:
    endpoint = claims_for(platform, "student-1", link)[lti.AGS_ENDPOINT]
    base = "http://127.0.0.1:8001/api/courses/demo-course/lineitems"
    assert endpoint["lineitems"] == f"{base}?type_id=1"
    assert endpoint["lineitem"] == f"{base}/{item.id}/lineitem?type_id=1"
    create(platform.store, {"label": "2", "scoreMaximum": 1, "resourceLinkId": link.id})
    assert "lineitem" not in claims_for(platform, "student-1", link)[lti.AGS_ENDPOINT]


def test_no_lineitem_without_one(platform: Platform, link: Link) -> None:
    create(platform.store, {"label": "Of no link", "scoreMaximum": 1})
    assert "lineitem" not in claims_for(platform, "student-1", link)[lti.AGS_ENDPOINT]


def test_a_link_with_its_own_address_and_window(platform: Platform) -> None:
    url = "http://localhost:8000/lti/launch?activity=7"
    placed = links.place(platform.store, Link("w", "In a window", url=url, target="window"))
    claims = claims_for(platform, "student-1", placed)
    assert claims[lti.TARGET_LINK_URI] == url
    assert claims[lti.LAUNCH_PRESENTATION]["document_target"] == "window"


def test_the_deep_linking_message(platform: Platform) -> None:
    claims = deep_linking_claims(
        platform, persons.get("teacher"), nonce="n", return_url="http://r", data="d"
    )
    assert claims[lti.MESSAGE_TYPE] == "LtiDeepLinkingRequest"
    assert lti.RESOURCE_LINK not in claims
    assert claims[lti.DL_SETTINGS] == {
        "deep_link_return_url": "http://r",
        "accept_types": ["ltiResourceLink"],
        "accept_presentation_document_targets": ["iframe", "window"],
        "accept_multiple": True,
        "accept_lineitem": True,
        "auto_create": True,
        "data": "d",
    }


def test_signing(platform: Platform, link: Link) -> None:
    token = sign(platform, claims_for(platform, "teacher", link))
    decoded = jwt.decode(token, platform.key, algorithms=["RS256"])
    assert decoded.header == {"alg": "RS256", "kid": platform.key.kid, "typ": "JWT"}


def test_forged_headers(platform: Platform, other_key: RSAKey) -> None:
    def header(token: str) -> dict[str, Any]:
        return dict(jws.extract_compact(token.encode()).protected)

    assert "kid" not in header(sign(platform, {}, header={"kid": None}))
    assert header(sign(platform, {}, header={"alg": "RS384"}))["alg"] == "RS384"
    evil = header(sign(platform, {}, header={"jku": "https://evil.example/keys"}))
    assert evil["jku"] == "https://evil.example/keys"
    curve = ECKey.generate_key("P-256")
    assert header(sign(platform, {}, header={"alg": "ES256"}, key=curve))["alg"] == "ES256"
    assert header(sign(platform, {}, key=other_key))["kid"] == platform.key.kid
    assert (
        compact({"alg": "none"}, {"a": 1}, lambda signed: b"")
        == "eyJhbGciOiAibm9uZSJ9.eyJhIjogMX0."
    )
