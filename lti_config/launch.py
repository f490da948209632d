"""`Launch`: a verified launch as one frozen value, the only LTI object that the house sees.

LTI core 1.3, sections 5.3 and 5.4; Deep Linking 2.0, 4.4; AGS 2.0, 3.1; NRPS 2.0, 3.6.1.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from models import CourseRole


class MessageType(StrEnum):
    RESOURCE_LINK = "LtiResourceLinkRequest"
    DEEP_LINKING = "LtiDeepLinkingRequest"
    SUBMISSION_REVIEW = "LtiSubmissionReviewRequest"
    DATA_PRIVACY = "DataPrivacyLaunchRequest"


@dataclass(frozen=True)
class Person:
    """What the platform says of the person. Names are "" and the address is None if it doesn't."""

    given_name: str
    family_name: str
    email: str | None

    @property
    def has_name(self) -> bool:
        return bool(self.given_name or self.family_name)


@dataclass(frozen=True)
class Context:
    """The course of the launch."""

    id: str
    label: str
    title: str


@dataclass(frozen=True)
class Link:
    """The resource link: one placement in the course."""

    id: str
    title: str


@dataclass(frozen=True)
class GradeService:
    scopes: tuple[str, ...]
    line_items_url: str | None
    line_item_url: str | None
    """Of the link's own column, if it has exactly one."""


@dataclass(frozen=True)
class Launch:
    """Who came from where, to what. Everything in it was signed, checked and made fit to keep."""

    platform_id: UUID
    registration_id: UUID
    deployment_id: UUID
    """Our row, not the platform's text."""
    product_family: str | None
    frame_sources: str
    """Who may show our pages in a frame, as sources of a content security policy."""

    message_type: MessageType
    target_link_uri: str
    subject: str
    """`sub`: the person's id at the platform. Only (platform_id, subject) knows a person."""
    role: CourseRole
    person: Person
    context: Context | None
    link: Link | None
    custom: Mapping[str, str]
    """Values that were not expanded, or are no text, are left out."""
    grades: GradeService | None
    memberships_url: str | None
    mentored: tuple[str, ...]
    """Subjects whose progress an observer may see."""
    locale: str | None
    return_url: str | None
    deep_linking: Mapping[str, Any] | None
    """Fields of `deep_linking.Request`."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What the launch tells of its connection (`facts.of`)."""
    for_user: str | None = None
    """Subject of the learner whose work is to be shown, in a submission review that says it."""

    def to_json(self) -> dict[str, Any]:
        """For a launch that waits in the database until its browser has proved itself."""
        kept: dict[str, Any] = json.loads(json.dumps(asdict(self), default=str))
        return kept

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Launch":
        """The launch that `to_json` kept."""
        values = dict(kept)
        for name in ("platform_id", "registration_id", "deployment_id"):
            values[name] = UUID(values[name])
        values["message_type"] = MessageType(values["message_type"])
        values["role"] = CourseRole(values["role"])
        values["mentored"] = tuple(values["mentored"])
        values["person"] = Person(**values["person"])
        values["context"] = values["context"] and Context(**values["context"])
        values["link"] = values["link"] and Link(**values["link"])
        if grades := values["grades"]:
            values["grades"] = GradeService(**{**grades, "scopes": tuple(grades["scopes"])})
        return cls(**values)
