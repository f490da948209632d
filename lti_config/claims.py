"""Names of the claims, and how a checked id_token becomes a `Launch`.

By now the required claims have their right types (`message`); optional ones that don't are
taken as absent.
"""

import re
from typing import Any
from uuid import UUID

from lti_config import texts
from lti_config.addresses import LONGEST, TrustedHosts, is_usable, origin
from lti_config.launch import Context, GradeService, Launch, Link, MessageType, Person
from lti_config.platforms import canvas, moodle
from lti_config.roles import course_role
from lti_config.states import Awaited
from lti_config.tool import NAME
from models import CourseRole

Claims = dict[str, Any]

_LTI = "https://purl.imsglobal.org/spec/lti/claim/"
MESSAGE_TYPE = _LTI + "message_type"
VERSION = _LTI + "version"
DEPLOYMENT_ID = _LTI + "deployment_id"
TARGET_LINK_URI = _LTI + "target_link_uri"
RESOURCE_LINK = _LTI + "resource_link"
ROLES = _LTI + "roles"
CONTEXT = _LTI + "context"
CUSTOM = _LTI + "custom"
PRESENTATION = _LTI + "launch_presentation"
FOR_USER = _LTI + "for_user"
MENTORED = _LTI + "role_scope_mentor"
TOOL_PLATFORM = _LTI + "tool_platform"
DEEP_LINKING = "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"
GRADES = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
MEMBERSHIPS = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"

LONGEST_FRAME_SOURCES = 255
_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")


def read(claims: Claims, awaited: Awaited, deployment_id: UUID, trusted: TrustedHosts) -> Launch:
    """The launch that these checked claims tell of."""
    family = texts.clean(texts.mapping(claims, TOOL_PLATFORM).get("product_family_code"))[:255]
    product_family = family or awaited.product_family
    custom = _custom(claims)
    presentation = texts.mapping(claims, PRESENTATION)
    return_url = presentation.get("return_url")
    return_url = return_url if is_usable(return_url, trusted) else None
    role = course_role(claims[ROLES])
    context = _context(claims, product_family)
    return Launch(
        platform_id=awaited.platform_id,
        registration_id=awaited.registration_id,
        deployment_id=deployment_id,
        product_family=product_family,
        frame_sources=_frame_sources(awaited.auth_url, return_url, product_family, custom),
        message_type=MessageType(claims[MESSAGE_TYPE]),
        target_link_uri=claims[TARGET_LINK_URI],
        subject=claims["sub"],
        role=role,
        person=person(claims),
        context=context,
        link=_link(claims, context, product_family),
        custom=custom,
        grades=_grades(claims),
        memberships_url=_url(texts.mapping(claims, MEMBERSHIPS).get("context_memberships_url")),
        mentored=tuple(filter(texts.is_identifier, texts.strings(claims.get(MENTORED))))
        if role is CourseRole.OBSERVER
        else (),  # the claim may only come with the Mentor role (LTI core 5.4.3)
        locale=texts.language(presentation.get("locale")) or texts.language(claims.get("locale")),
        return_url=return_url,
        deep_linking=_deep_linking(claims, product_family),
        for_user=_for_user(claims),
    )


def person(claims: Claims) -> Person:
    """Given and family name, or else the whole name as it is: names can't be split."""
    given, family = texts.shown(claims.get("given_name")), texts.shown(claims.get("family_name"))
    if not (given or family):
        given = texts.shown(claims.get("name"))
    return Person(given, family, texts.email(claims.get("email")))


def _context(claims: Claims, product_family: str | None) -> Context | None:
    context = texts.mapping(claims, CONTEXT)
    if not texts.is_identifier(context.get("id")):
        return None
    if canvas.is_canvas(product_family) and canvas.is_account(texts.strings(context.get("type"))):
        return None
    label, title = texts.shown(context.get("label")), texts.shown(context.get("title"))
    return Context(context["id"], label, title)


def _link(claims: Claims, context: Context | None, product_family: str | None) -> Link | None:
    link = texts.mapping(claims, RESOURCE_LINK)
    if not texts.is_identifier(link.get("id")):
        return None
    context_id = context.id if context else None
    if canvas.is_canvas(product_family) and canvas.names_no_link(link["id"], context_id):
        return None
    return Link(link["id"], texts.shown(link.get("title")))


def _custom(claims: Claims) -> dict[str, str]:
    """Keys in lower case: Moodle sends keys with capitals twice, as given and in lower case."""
    sent = texts.mapping(claims, CUSTOM).items()
    values = {key.lower(): texts.given(value) for key, value in sent if texts.is_identifier(key)}
    return {key: value for key, value in values.items() if value is not None}


def _grades(claims: Claims) -> GradeService | None:
    service = texts.mapping(claims, GRADES)
    scopes = tuple(sorted(set(filter(texts.is_identifier, texts.strings(service.get("scope"))))))
    if not scopes:
        return None
    return GradeService(
        scopes,
        _url(service.get("lineitems")),
        _url(moodle.absent_if_empty(service.get("lineitem"))),
    )


def _url(value: object) -> str | None:
    """An address to be kept. Whether we go there is decided each time we would (`http`)."""
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST:
        return None
    return value if value.isascii() and value.isprintable() else None


def _frame_sources(
    auth_url: str, return_url: str | None, product_family: str | None, custom: dict[str, str]
) -> str:
    """The platform's own origins: where it signs in, where it wants people back."""
    sources = [origin(auth_url)]
    if return_url:
        sources.append(origin(return_url))
    if canvas.is_canvas(product_family):
        sources += canvas.FRAMES
        if _HOST.fullmatch(host := custom.get("canvas_domain", "").lower()):
            sources.append(f"https://{host}")
    kept = ""
    for source in dict.fromkeys(sources):
        if len(kept) + len(source) < LONGEST_FRAME_SOURCES:
            kept = f"{kept} {source}".strip()
    return kept


def _for_user(claims: Claims) -> str | None:
    is_review = claims[MESSAGE_TYPE] == MessageType.SUBMISSION_REVIEW
    return texts.mapping(claims, FOR_USER).get("user_id") if is_review else None


def _deep_linking(claims: Claims, product_family: str | None) -> dict[str, Any] | None:
    settings = texts.mapping(claims, DEEP_LINKING)
    if claims[MESSAGE_TYPE] != MessageType.DEEP_LINKING:
        return None
    targets = texts.strings(settings.get("accept_presentation_document_targets"))
    placement = (
        texts.clean(claims.get(canvas.PLACEMENT)) if canvas.is_canvas(product_family) else ""
    )
    takes_several = texts.flag(settings.get("accept_multiple")) is True
    takes_column = texts.flag(settings.get("accept_lineitem")) is not False
    return {
        "return_url": settings["deep_link_return_url"],
        "data": settings.get("data"),
        "accepts_multiple": takes_several and not canvas.takes_one(placement),
        "accepts_line_item": takes_column and not canvas.drops_line_item(placement),
        "title": _typed(texts.clean(settings.get("title"))),
        "text": texts.clean(settings.get("text")),
        "opens_windows": "window" in targets and not moodle.ignores_windows(product_family),
    }


def _typed(title: str) -> str:
    """A title that somebody gave: an unnamed activity brings the tool's own name (Moodle)."""
    return "" if title.casefold() == NAME.casefold() else title
