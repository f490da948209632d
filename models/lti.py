"""What LTI knows: platforms, registrations, deployments, identities, placements, services."""

import enum
import uuid
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, now, stored_by_value

if TYPE_CHECKING:
    from models.courses import Course


class RegistrationStatus(enum.StrEnum):
    """Of a registration and of a deployment."""

    PENDING = "pending"
    ACTIVE = "active"
    DISABLED = "disabled"


class RegistrationSource(enum.StrEnum):
    """How a registration came about."""

    BY_HAND = "by_hand"
    DYNAMIC = "dynamic"


class ScoreStatus(enum.StrEnum):
    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    REFUSED = "refused"
    CHANGED_IN_LMS = "changed_in_lms"


class Institution(Base):
    """A tenant: the school behind one or more deployments."""

    __tablename__ = "institutions"

    institution_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    name: Mapped[str] = mapped_column(Text)
    is_active: Mapped[bool] = mapped_column(default=True)
    """Nobody of a school that is switched off may launch."""
    created_at: Mapped[datetime] = mapped_column(default=now)


class Platform(Base):
    """An LMS as a signer of people: one issuer with one key set address."""

    __tablename__ = "platforms"
    __table_args__ = (
        UniqueConstraint("issuer", "jwks_url"),
        UniqueConstraint("platform_id", "issuer"),
    )

    platform_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    name: Mapped[str] = mapped_column(Text)
    issuer: Mapped[str] = mapped_column(String(255))
    jwks_url: Mapped[str] = mapped_column(String(2000))
    product_family: Mapped[str | None] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(default=now)

    registrations: Mapped[list["Registration"]] = relationship(back_populates="platform")


class Registration(Base):
    """Our client id at a platform. (issuer, client id) is unique: the login knows no more."""

    __tablename__ = "registrations"
    __table_args__ = (
        UniqueConstraint("issuer", "client_id"),
        ForeignKeyConstraint(
            ["platform_id", "issuer"],
            ["platforms.platform_id", "platforms.issuer"],
            onupdate="CASCADE",  # an LMS that moves takes its registrations along
        ),
    )

    registration_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    platform_id: Mapped[uuid.UUID] = mapped_column(index=True)
    issuer: Mapped[str] = mapped_column(String(255))
    client_id: Mapped[str] = mapped_column(String(255))
    auth_url: Mapped[str] = mapped_column(String(2000))
    token_url: Mapped[str] = mapped_column(String(2000))
    auth_audience: Mapped[str | None] = mapped_column(String(2000))
    """`aud` of client assertions where it is not the token address."""
    name: Mapped[str] = mapped_column(Text, default="")
    """Of the school, where one platform serves many (hosted Canvas)."""
    source: Mapped[RegistrationSource] = mapped_column(
        stored_by_value(RegistrationSource), default=RegistrationSource.BY_HAND
    )
    status: Mapped[RegistrationStatus] = mapped_column(stored_by_value(RegistrationStatus))
    adopts_first_deployment: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=now)

    platform: Mapped["Platform"] = relationship(back_populates="registrations")
    deployments: Mapped[list["Deployment"]] = relationship(back_populates="registration")


class HealthKind(enum.StrEnum):
    """What works, or fails, by itself."""

    LAUNCH = "launch"
    TOKEN = "token"  # noqa: S105 - a name
    SCORE = "score"


class RegistrationHealth(Base):
    """When one thing last worked for a registration, and what last failed. Noted now and then."""

    __tablename__ = "registration_health"

    registration_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("registrations.registration_id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[HealthKind] = mapped_column(stored_by_value(HealthKind), primary_key=True)
    last_good_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(Text)
    """In words, for an operator; below them what was seen."""
    last_fault: Mapped[str | None] = mapped_column(String(32))
    last_error_at: Mapped[datetime | None]


class Invitation(Base):
    """Lets one administrator register one LMS by an address; spent on success."""

    __tablename__ = "invitations"

    invitation_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    """SHA-256 of the code that stands in the address."""
    note: Mapped[str] = mapped_column(Text)
    """Whom it is for."""
    institution_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("institutions.institution_id", ondelete="SET NULL"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    taken_until: Mapped[datetime | None]
    """While a registration by it is on the wire, no other may begin."""
    spent_at: Mapped[datetime | None]
    registration_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("registrations.registration_id", ondelete="SET NULL"), index=True
    )
    """What it was spent on."""


class Deployment(Base):
    __tablename__ = "deployments"
    __table_args__ = (UniqueConstraint("registration_id", "lti_deployment_id"),)

    deployment_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    registration_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("registrations.registration_id", ondelete="CASCADE")
    )
    lti_deployment_id: Mapped[str] = mapped_column(String(255))
    institution_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("institutions.institution_id", ondelete="SET NULL"), index=True
    )
    status: Mapped[RegistrationStatus] = mapped_column(stored_by_value(RegistrationStatus))
    created_at: Mapped[datetime] = mapped_column(default=now)

    registration: Mapped["Registration"] = relationship(back_populates="deployments")


class LtiIdentity(Base):
    """(platform, subject) → user: the only thing a person is known by."""

    __tablename__ = "lti_identities"

    platform_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("platforms.platform_id", ondelete="CASCADE"), primary_key=True
    )
    subject: Mapped[str] = mapped_column(String(255), primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("users.user_id", ondelete="CASCADE"), index=True
    )
    email: Mapped[str | None] = mapped_column(String(255))
    """As the platform sent it; two platforms may send the same."""
    created_at: Mapped[datetime] = mapped_column(default=now)


class LtiContext(Base):
    """A course as one deployment names it."""

    __tablename__ = "lti_contexts"
    __table_args__ = (UniqueConstraint("deployment_id", "lti_context_id"),)

    context_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    deployment_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("deployments.deployment_id", ondelete="CASCADE")
    )
    lti_context_id: Mapped[str] = mapped_column(String(255))
    course_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("courses.course_id", ondelete="CASCADE"), index=True
    )
    label: Mapped[str] = mapped_column(Text, default="")
    title: Mapped[str] = mapped_column(Text, default="")
    """Whole, where `Course.course_code` and `course_name` are cut."""
    line_items_url: Mapped[str | None] = mapped_column(Text)
    memberships_url: Mapped[str | None] = mapped_column(Text)
    ags_scopes: Mapped[list[Any] | None] = mapped_column(JSONB)
    ancestors: Mapped[list[Any] | None]
    """Context ids of the courses that this one was copied from, as the LMS names them."""
    roster_tried_at: Mapped[datetime | None]
    roster_read_at: Mapped[datetime | None]
    """When the members were last read to the end."""
    roster_error: Mapped[str | None] = mapped_column(Text)
    """Why the last try did not get there, in words."""
    created_at: Mapped[datetime] = mapped_column(default=now)

    course: Mapped["Course"] = relationship()
    """So that a flush writes the course before its context, as whoever joins locks them: two
    launches after a change of title must not take them in two orders."""


class ResourceLink(Base):
    __tablename__ = "resource_links"
    __table_args__ = (UniqueConstraint("context_id", "lti_resource_link_id"),)

    resource_link_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    context_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("lti_contexts.context_id", ondelete="CASCADE")
    )
    lti_resource_link_id: Mapped[str] = mapped_column(String(255))
    activity_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("activities.activity_id", ondelete="SET NULL"), index=True
    )
    named_activity_id: Mapped[uuid.UUID | None]
    """What the LMS says the link stands for, while this course has no such activity: that of the
    course which this one was copied from, or one that is gone. No foreign key for that reason."""
    title: Mapped[str] = mapped_column(Text, default="")
    column_sought_at: Mapped[datetime | None]
    """When its column was last looked for in the LMS, since no launch named one."""
    column_error: Mapped[str | None] = mapped_column(Text)
    """Why it has none, in words; a line below, what the LMS said."""
    created_at: Mapped[datetime] = mapped_column(default=now)


class LineItem(Base):
    """A column of the LMS's gradebook, by its AGS address."""

    __tablename__ = "line_items"
    __table_args__ = (UniqueConstraint("context_id", "url"),)

    line_item_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    context_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("lti_contexts.context_id", ondelete="CASCADE")
    )
    resource_link_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("resource_links.resource_link_id", ondelete="SET NULL"), index=True
    )
    activity_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("activities.activity_id", ondelete="SET NULL"), index=True
    )
    url: Mapped[str] = mapped_column(String(2000))
    is_ours: Mapped[bool] = mapped_column(default=False)
    """Whether we made it by AGS: what we did not make we never delete."""
    results_read_at: Mapped[datetime | None]
    """When its results were last read back."""
    results_failed_at: Mapped[datetime | None]
    """Since when they can't be: the first try that failed after the last that did not."""
    results_error: Mapped[str | None] = mapped_column(Text)
    """Why, in words; a line below, what the LMS said."""
    inherited_at: Mapped[datetime | None]
    """When its course came here from another deployment, until a launch by this one names it."""
    created_at: Mapped[datetime] = mapped_column(default=now)


class LaunchState(Base):
    """One login on its way: state and nonce in one row, spent once."""

    __tablename__ = "launch_states"
    __table_args__ = (
        Index("ix_launch_states_expires_at", "expires_at"),
        {"prefixes": ["UNLOGGED"]},  # docs/decisions/0017: a crash ends logins on their way
    )

    state: Mapped[str] = mapped_column(String(64), primary_key=True)
    nonce: Mapped[str] = mapped_column(String(64), unique=True)
    registration_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("registrations.registration_id", ondelete="CASCADE")
    )
    target_link_uri: Mapped[str] = mapped_column(Text)
    storage_target: Mapped[str | None] = mapped_column(String(255))
    """Name of the frame that keeps our secret by postMessage, if the platform offers one."""
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary)
    """SHA-256 of the secret that the browser was given."""
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class PendingLaunch(Base):
    """A verified launch that waits until its browser has shown the secret."""

    __tablename__ = "pending_launches"
    __table_args__ = (
        Index("ix_pending_launches_expires_at", "expires_at"),
        {"prefixes": ["UNLOGGED"]},
    )

    handle_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    state: Mapped[str] = mapped_column(
        ForeignKey("launch_states.state", ondelete="CASCADE"), unique=True
    )
    claims: Mapped[dict[str, Any]]
    expires_at: Mapped[datetime]


class CachedKeySet(Base):
    """The last good key set of a platform, shared by all workers."""

    __tablename__ = "cached_key_sets"

    url: Mapped[str] = mapped_column(String(2000), primary_key=True)
    keys: Mapped[list[Any]]
    fetched_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    refetched_at: Mapped[datetime | None]
    """When an unknown `kid` last made us ask again: at most once a minute."""


class ToolKey(Base):
    """A signing key of the tool; the private part is encrypted at rest."""

    __tablename__ = "tool_keys"

    kid: Mapped[str] = mapped_column(String(64), primary_key=True)
    private_key: Mapped[bytes] = mapped_column(LargeBinary)
    public_jwk: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=now)
    signs_from: Mapped[datetime]
    retired_at: Mapped[datetime | None]


class ServiceToken(Base):
    """An access token of a platform's services, encrypted, shared by all workers."""

    __tablename__ = "service_tokens"

    registration_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("registrations.registration_id", ondelete="CASCADE"),
        primary_key=True,
    )
    scopes: Mapped[str] = mapped_column(String(1000), primary_key=True)
    """Sorted, joined by a space."""
    token: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime]


class ScoreOutbox(Base):
    """The latest score wanted in the LMS per (line item, user), and what became of it."""

    __tablename__ = "score_outbox"
    __table_args__ = (
        UniqueConstraint("line_item_id", "user_id"),
        Index("ix_score_outbox_status_next_try_at", "status", "next_try_at"),
        CheckConstraint("score_given >= 0 and score_maximum > 0", name="score_is_sendable"),
    )

    outbox_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    line_item_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("line_items.line_item_id", ondelete="CASCADE")
    )
    user_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("users.user_id", ondelete="CASCADE"), index=True
    )
    lti_subject: Mapped[str] = mapped_column(String(255))
    score_given: Mapped[Decimal]
    score_maximum: Mapped[Decimal]
    is_complete: Mapped[bool] = mapped_column(default=False)
    """Whether the learner has answered the whole set: Completed, else Submitted."""
    version: Mapped[int] = mapped_column(default=1)
    """Goes up with each change of the wanted score."""
    sent_version: Mapped[int] = mapped_column(default=0)
    status: Mapped[ScoreStatus] = mapped_column(
        stored_by_value(ScoreStatus), default=ScoreStatus.WAITING
    )
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(Text)
    last_timestamp: Mapped[datetime | None]
    """Timestamp of the last score posted: the next must be a whole second later."""
    rediscovered_at: Mapped[datetime | None]
    """When the column was last looked for anew because the LMS said it is gone."""
    failing_since: Mapped[datetime | None]
    """Since when no try has brought an answer that settles it: after a day we give up."""
    sent_score: Mapped[Decimal | None]
    """The last score that the LMS accepted."""
    posted_scores: Mapped[list[Any] | None]
    """What was posted since then, as text, without a known answer: the LMS may show any of it."""
    sent_at: Mapped[datetime | None]
    submitted_at: Mapped[datetime | None]
    """When the LMS first accepted a score of the whole set: Canvas counts that as an attempt."""
    receipt: Mapped[dict[str, Any] | None]
    """What the LMS answered to the last accepted score."""
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)
