"""The id_token: the claims of a launch, and their signature.

LTI core 1.3 sections 5.3 and 5.4, Deep Linking 2.0 section 4.4, AGS 2.0 section 3.1, NRPS 2.0
section 3.6.1, Security Framework 1.0 section 5.1.2.

For tests of the tool: take the claims of a valid launch, change one, sign.

    claims = launch_claims(platform, persons.get("student-1"), link, nonce="…")
    del claims["exp"]
    token = sign(platform, claims)                            # right key, RS256
    token = sign(platform, claims, header={"kid": None})      # a header without kid
    token = sign(platform, claims, header={"alg": "RS384"})
    token = sign(platform, claims, key=RSAKey.generate_key(2048))   # right kid, other key
    token = compact({"alg": "none"}, claims, lambda signed: b"")    # what no JOSE library makes
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

from joserfc import jwt
from joserfc.jwk import Key
from joserfc.jws import JWSRegistry

from demo_lms import vocabulary as lti
from demo_lms.custom import LOCALE, expanded
from demo_lms.line_items import endpoint_claim, item_url
from demo_lms.links import Link
from demo_lms.persons import Person
from demo_lms.platform import Platform
from demo_lms.reviews import Review
from demo_lms.roster import service_claim
from demo_lms.settings import Settings
from demo_lms.store import Store

Claims = dict[str, Any]


def launch_claims(platform: Platform, person: Person, link: Link, *, nonce: str) -> Claims:
    """Everything that a launch of this link by this person says: LtiResourceLinkRequest."""
    settings = platform.settings
    resource_link = {"id": link.id, "title": link.title, "description": link.description}
    claims = {
        **_envelope(platform, nonce),
        **_message(platform, lti.RESOURCE_LINK_REQUEST, link.url or settings.tool_launch_url),
        **_person(settings, person),
        **_services(platform, link.id),
        lti.RESOURCE_LINK: {name: text for name, text in resource_link.items() if text},
        lti.LAUNCH_PRESENTATION: _presentation(platform, link.target, f"/return?link={link.id}"),
    }
    return claims | _custom(settings, person, link)


def review_claims(
    platform: Platform, person: Person, link: Link | None, review: Review, *, nonce: str
) -> Claims:
    """Everything that opening a student's work from the gradebook says."""
    settings, item = platform.settings, review.item
    claims = {
        **_envelope(platform, nonce),
        **_message(
            platform, lti.SUBMISSION_REVIEW_REQUEST, item.review_url or settings.tool_launch_url
        ),
        **_person(settings, person),
        **_services(platform, item.link_id),
        lti.FOR_USER: {"user_id": review.student.subject},
        lti.LAUNCH_PRESENTATION: _presentation(platform, "iframe", "/return"),
    }
    claims[lti.AGS_ENDPOINT]["lineitem"] = item_url(settings, item.id)
    if link is not None:
        claims[lti.RESOURCE_LINK] = {"id": link.id, "title": link.title}
    if link is not None and link.custom:
        claims[lti.CUSTOM] = expanded(settings, person, link)
    return claims


def privacy_claims(platform: Platform, person: Person, *, nonce: str) -> Claims:
    """Everything that asking what the tool keeps of oneself says: nothing of a course."""
    target = platform.settings.tool_launch_url
    claims = {
        **_envelope(platform, nonce),
        **_message(platform, lti.DATA_PRIVACY_REQUEST, target),
        **_person(platform.settings, person),
        lti.FOR_USER: {"user_id": person.subject},
        lti.LAUNCH_PRESENTATION: _presentation(platform, "iframe", "/return"),
    }
    del claims[lti.CONTEXT]
    claims[lti.ROLES] = [role for role in person.roles if not role.startswith(lti.MEMBERSHIP)]
    return claims


def deep_linking_claims(
    platform: Platform,
    person: Person,
    *,
    nonce: str,
    return_url: str,
    data: str,
    link: Link | None = None,
) -> Claims:
    """Everything that a visit to the tool's picker says: LtiDeepLinkingRequest.

    With a link it is to be set up again: what it has by now is said, its custom values too.
    """
    said = {"title": link.title, "text": link.description} if link else {}
    takes = picker_takes(platform.store)
    return {
        **_envelope(platform, nonce),
        **_message(platform, lti.DEEP_LINKING_REQUEST, platform.settings.tool_launch_url),
        **_person(platform.settings, person),
        **_services(platform, None),
        lti.LAUNCH_PRESENTATION: _presentation(platform, "iframe", "/return"),
        lti.DL_SETTINGS: {
            "deep_link_return_url": return_url,
            "accept_types": ["ltiResourceLink"],
            "accept_presentation_document_targets": ["iframe", "window"],
            "accept_multiple": takes["several"] and link is None,
            "accept_lineitem": takes["grades"],
            "auto_create": True,
            "data": data,
            **said,
        },
    } | _custom(platform.settings, person, link)


def picker_takes(store: Store) -> dict[str, bool]:
    """What the place takes from which the picker is opened; teachers switch it (views/picker)."""
    found: dict[str, bool] = {"several": True, "grades": True, **store.note("picker_takes", {})}
    return found


def sign(
    platform: Platform,
    claims: Mapping[str, Any],
    *,
    header: Mapping[str, Any] | None = None,
    key: Key | None = None,
) -> str:
    """A compact JWT, by default RS256 with the platform's key and its kid.

    `header` changes header fields, None removes one. `key` signs instead of the platform's key
    (its type must fit the header's alg), the kid stays.
    """
    fields = {"alg": "RS256", "kid": platform.key.kid, "typ": "JWT", **(header or {})}
    fields = {name: value for name, value in fields.items() if value is not None}
    registry = JWSRegistry(algorithms=[str(fields["alg"])], strict_check_header=False)
    return jwt.encode(fields, dict(claims), key or platform.key, registry=registry)


def compact(
    header: Mapping[str, Any], claims: Mapping[str, Any], signature: Callable[[bytes], bytes]
) -> str:
    """A compact JWT by hand, for forgeries: `signature` gets the signing input."""
    parts = (json.dumps(dict(part)).encode() for part in (header, claims))
    signing_input = b".".join(_base64url(part) for part in parts)
    return (signing_input + b"." + _base64url(signature(signing_input))).decode()


def _envelope(platform: Platform, nonce: str) -> Claims:
    settings, now = platform.settings, platform.now()
    return {
        "iss": settings.issuer,
        "aud": settings.client_id,
        "azp": settings.client_id,
        "iat": now,
        "exp": now + settings.id_token_lifetime,
        "nonce": nonce,
    }


def _message(platform: Platform, message_type: str, target_link_uri: str) -> Claims:
    settings = platform.settings
    return {
        lti.MESSAGE_TYPE: message_type,
        lti.VERSION: lti.LTI_VERSION,
        lti.DEPLOYMENT_ID: settings.deployment_id,
        lti.TARGET_LINK_URI: target_link_uri,
        lti.CONTEXT: {
            "id": settings.context_id,
            "label": settings.context_label,
            "title": settings.context_title,
            "type": [lti.COURSE_OFFERING],
        },
        lti.TOOL_PLATFORM: {
            "guid": "coursellm-demo-lms",
            "name": "Lakeside College (demo)",
            "version": "1.0",
            "product_family_code": "coursellm-demo-lms",
        },
    }


def _person(settings: Settings, person: Person) -> Claims:
    claims: Claims = {"sub": person.subject, "locale": LOCALE, lti.ROLES: list(person.roles)}
    return claims | person.shared_fields(settings.tool_claims)


def _custom(settings: Settings, person: Person, link: Link | None) -> Claims:
    values = expanded(settings, person, link)
    return {lti.CUSTOM: values} if values else {}


def _services(platform: Platform, link_id: str | None) -> Claims:
    """Those whose scopes the tool asked for."""
    scopes = platform.settings.tool_scopes
    claims: Claims = {}
    if set(scopes) & set(lti.AGS_SCOPES):
        claims[lti.AGS_ENDPOINT] = endpoint_claim(platform, link_id)
    if lti.SCOPE_ROSTER in scopes:
        claims[lti.NRPS_SERVICE] = service_claim(platform.settings)
    return claims


def _presentation(platform: Platform, target: str, return_path: str) -> dict[str, str]:
    return {
        "document_target": target,
        "return_url": platform.settings.issuer + return_path,
        "locale": LOCALE,
    }


def _base64url(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")
