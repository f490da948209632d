"""A deployment that takes another one's place: the LMS was set up anew, its courses go on.

Whoever registers an LMS a second time, or removes the tool and adds it again, gets another client
id or deployment, and all courses begin empty: one registration never gets at another's by itself.
An operator can say that they are the same. Only within one platform, whose key signs for both:
there the same person and the same course have the same ids.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from app.errors import DomainError, NotFound
from app.gradebook import slots
from models import (
    Activity,
    Concept,
    Conversation,
    Course,
    CourseMaterial,
    Deployment,
    LineItem,
    LtiContext,
    Platform,
    PracticeQuestion,
    Registration,
    ScoreOutbox,
    ScoreStatus,
    TutorPolicy,
    Upload,
)

_WORK = (Activity, Concept, Conversation, CourseMaterial, PracticeQuestion, TutorPolicy, Upload)
"""A course without any of these was opened, and nothing more: nobody misses it."""


class SuccessionRefused(DomainError):
    status = 409
    sentence = (
        "Nothing was changed: one of these courses was opened this very moment. Please try again."
    )


@dataclass(frozen=True)
class Place:
    """A deployment, where it is, and how many courses it has."""

    platform: Platform
    registration: Registration
    deployment: Deployment
    courses: int


@dataclass(frozen=True)
class Succession:
    """How many courses go on under the other deployment, and how many were left."""

    moved: int
    left: int
    """Of these there is one under each of the two by now, with work in it."""


def place_of(session: Session, deployment_id: UUID) -> Place:
    """Raises NotFound."""
    found = _places(session, Deployment.deployment_id == deployment_id)
    if not found:
        raise NotFound("There is no such deployment.", reason=f"deployment {deployment_id}")
    return found[0]


def predecessors(session: Session, place: Place) -> list[Place]:
    """The deployments whose courses may go on under this one, those with most courses first."""
    schools = {place.deployment.institution_id, None}
    found = _places(
        session,
        Platform.platform_id == place.platform.platform_id,
        Deployment.deployment_id != place.deployment.deployment_id,
    )
    is_any = schools == {None}
    with_courses = [
        one for one in found if one.courses and (is_any or one.deployment.institution_id in schools)
    ]
    return sorted(with_courses, key=lambda one: one.courses, reverse=True)


def followers(session: Session, platform_id: UUID) -> dict[UUID, int]:
    """The deployments that may follow another one of this platform, each with how many of its
    courses came by another before."""
    places = _places(session, Platform.platform_id == platform_id)
    with_courses = {one.deployment.deployment_id for one in places if one.courses}
    ours = [one.deployment.deployment_id for one in places]
    other = aliased(LtiContext)
    rows = session.execute(
        select(LtiContext.deployment_id, func.count(LtiContext.context_id.distinct()))
        .join(
            other,
            (other.lti_context_id == LtiContext.lti_context_id)
            & (other.deployment_id != LtiContext.deployment_id)
            & (other.created_at < LtiContext.created_at),
        )
        .where(LtiContext.deployment_id.in_(ours), other.deployment_id.in_(ours))
        .group_by(LtiContext.deployment_id)
    )
    known = {row[0]: int(row[1]) for row in rows}
    return {one: known.get(one, 0) for one in ours if with_courses - {one}}


def succeed(session: Session, old: Place, new: Place) -> Succession:
    """Let the courses of one deployment go on under the other. Raises SuccessionRefused.

    A course that has begun under the new one is dropped if nothing was made in it yet.
    """
    twin = aliased(LtiContext)
    begun = session.execute(
        select(LtiContext.context_id, twin.course_id)
        .join(twin, twin.lti_context_id == LtiContext.lti_context_id)
        .where(
            LtiContext.deployment_id == old.deployment.deployment_id,
            twin.deployment_id == new.deployment.deployment_id,
        )
    ).all()
    worked_in = _worked_in(session, [row.course_id for row in begun])
    dropped = {row.course_id for row in begun} - worked_in
    session.execute(delete(Course).where(Course.course_id.in_(dropped)))
    left = [row.context_id for row in begun if row.course_id in worked_in]
    if new.deployment.institution_id is None:
        new.deployment.institution_id = old.deployment.institution_id
    try:
        moved = session.execute(
            update(LtiContext)
            .where(
                LtiContext.deployment_id == old.deployment.deployment_id,
                LtiContext.context_id.not_in(left),
            )
            .values(deployment_id=new.deployment.deployment_id)
            .returning(LtiContext.context_id)
        ).all()
    except IntegrityError as error:
        raise SuccessionRefused(reason=str(error.orig)) from error
    _send_what_waits(session, [row.context_id for row in moved])
    return Succession(len(moved), len(left))


def _send_what_waits(session: Session, contexts: Sequence[UUID]) -> None:
    """By the new registration: the jobs that wait are the old one's."""
    waiting = session.scalars(
        select(ScoreOutbox.outbox_id)
        .join(LineItem, LineItem.line_item_id == ScoreOutbox.line_item_id)
        .where(
            LineItem.context_id.in_(contexts),
            ScoreOutbox.status.in_((ScoreStatus.WAITING, ScoreStatus.SENDING)),
        )
    ).all()
    slots.wake(session, waiting)


def _worked_in(session: Session, courses: Sequence[UUID]) -> set[UUID]:
    found: set[UUID] = set()
    for kind in _WORK:
        found.update(session.scalars(select(kind.course_id).where(kind.course_id.in_(courses))))
    return found


def _places(session: Session, *conditions: ColumnElement[bool]) -> list[Place]:
    rows = session.execute(
        select(Platform, Registration, Deployment, func.count(LtiContext.context_id))
        .join(Registration, Registration.platform_id == Platform.platform_id)
        .join(Deployment, Deployment.registration_id == Registration.registration_id)
        .outerjoin(LtiContext, LtiContext.deployment_id == Deployment.deployment_id)
        .where(*conditions)
        .group_by(Platform.platform_id, Registration.registration_id, Deployment.deployment_id)
        .order_by(Deployment.created_at)
    )
    return [Place(*row) for row in rows]
