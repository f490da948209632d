"""The answer to a deep linking request: links for the course page (Deep Linking 2.0, section 4.5).

The browser posts it as the form field `JWT` to the platform's return address.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_config import keys, pylti
from models import Deployment, Registration


@dataclass(frozen=True)
class NewLineItem:
    """The gradebook column that a link is to get. `resource_id` survives a course copy."""

    label: str
    maximum: int
    """Whole points: Moodle's form does not save a decimal maximum."""
    resource_id: str
    tag: str = "grade"


ICON_SIZE = 128
"""Pixels in which the picture beside a link is offered."""


@dataclass(frozen=True)
class Period:
    """From when until when, either of which may be open."""

    start: datetime | None = None
    end: datetime | None = None


OPEN = Period()


@dataclass(frozen=True)
class ContentItem:
    """One link for the course page. `custom` comes back with each launch of it.

    `icon_url`: a square picture of ICON_SIZE. `available`: when students may open it;
    `submission`: when they may hand in.
    """

    url: str
    title: str
    custom: Mapping[str, str]
    text: str | None = None
    line_item: NewLineItem | None = None
    icon_url: str | None = None
    in_new_window: bool = False
    available: Period = OPEN
    submission: Period = OPEN


@dataclass(frozen=True)
class Request:
    """The settings of the request, as the session of the picker keeps them."""

    return_url: str
    data: str | None
    """To be sent back if it came, and left out if not."""
    accepts_multiple: bool
    accepts_line_item: bool
    title: str
    text: str
    opens_windows: bool = False
    """Whether a link may ask for a window of its own, and will get it."""

    @classmethod
    def from_session(cls, kept: Mapping[str, Any]) -> "Request":
        """From `ToolSession.deep_linking`, which an older release may have kept."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in kept.items() if name in known})


@dataclass(frozen=True)
class Response:
    """Post `jwt` as the field `JWT` to `return_url`."""

    return_url: str
    jwt: str


def respond(
    session: Session,
    secret_keys: tuple[str, ...],
    *,
    registration_id: UUID,
    deployment_id: UUID,
    request: Request,
    items: Sequence[ContentItem],
    message: str | None = None,
) -> Response:
    """Sign the links that were chosen; none of them means that nothing was.

    `message` is shown by the platform where it shows such. Raises SealBroken.
    """
    registration, lti_deployment_id = session.execute(
        select(Registration, Deployment.lti_deployment_id)
        .join(Deployment, Deployment.registration_id == Registration.registration_id)
        .where(
            Registration.registration_id == registration_id,
            Deployment.deployment_id == deployment_id,
        )
    ).one()
    claims = pylti.deep_linking_claims(
        issuer=registration.issuer,
        client_id=registration.client_id,
        deployment_id=lti_deployment_id,
        data=request.data,
        items=[_link(item) for item in items],
        message=message,
    )
    key = keys.signing_key(session, secret_keys)
    return Response(request.return_url, key.sign(claims))


def _link(item: ContentItem) -> dict[str, Any]:
    """In the words of section 3.2; absent properties are left out."""
    icon = {"url": item.icon_url, "width": ICON_SIZE, "height": ICON_SIZE}
    more = {
        "text": item.text,
        "lineItem": item.line_item and _line_item(item.line_item, item.url),
        "icon": icon if item.icon_url else None,
        "window": {"targetName": "_blank"} if item.in_new_window else None,
        "available": _period(item.available),
        "submission": _period(item.submission),
    }
    return {
        "type": "ltiResourceLink",
        "title": item.title,
        "url": item.url,
        "custom": dict(item.custom),
        **{name: value for name, value in more.items() if value},
    }


def _line_item(column: NewLineItem, launch_url: str) -> dict[str, Any]:
    return {
        "label": column.label,
        "scoreMaximum": column.maximum,
        "resourceId": column.resource_id,
        "tag": column.tag,
        # Beside the launch address: there the gradebook opens a learner's work (AGS 3.2.14).
        "submissionReview": {
            "reviewableStatus": ["InProgress", "Submitted", "Completed"],
            "url": urljoin(launch_url, "review"),
        },
    }


def _period(period: Period) -> dict[str, str]:
    moments = {"startDateTime": period.start, "endDateTime": period.end}
    return {name: _iso(moment) for name, moment in moments.items() if moment}


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
