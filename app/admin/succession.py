"""A deployment that takes another one's place: the LMS was set up anew, its courses go on.

Whoever registers an LMS a second time, or removes the tool and adds it again, gets another client
id or deployment, and all courses begin empty: one registration never gets at another's by itself.
An operator can say that they are the same. Only within one platform, whose key signs for both:
there the same person and the same course have the same ids.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, case, delete, exists, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from app.errors import DomainError, NotFound
from app.gradebook import inheriting
from models import (
    Activity,
    Concept,
    Conversation,
    Course,
    CourseMaterial,
    Deployment,
    LtiContext,
    Platform,
    PracticeQuestion,
    Registration,
    TutorPolicy,
    Upload,
    now,
)

_WORK = (Activity, Concept, CourseMaterial, PracticeQuestion, TutorPolicy, Upload)
"""A course without any of these was opened, and no work is in it: it may make room. What somebody
asked there, of materials that it had not, goes where the course goes on."""
_USED = (*_WORK, Conversation)
"""Of a course without any of these there is nothing to go on."""


class SuccessionRefused(DomainError):
    status = 409
    sentence = (
        "Nothing was changed: one of these courses was opened this very moment. Please try again."
    )


@dataclass(frozen=True)
class Place:
    """A deployment, where it is, and how many courses it has, or has to give."""

    platform: Platform
    registration: Registration
    deployment: Deployment
    courses: int


@dataclass(frozen=True)
class Succession:
    """How many courses go on under the other deployment, and how many were left or dropped."""

    moved: int
    left: int
    """Of these there is one under each of the two by now, both with work in them."""
    dropped: int
    """Begun under the new deployment, with no work in them: they made room."""
    scores: int
    """Not in the gradebook yet: they are sent by the new registration."""


def place_of(session: Session, deployment_id: UUID) -> Place:
    """Raises NotFound."""
    found = _places(session, Deployment.deployment_id == deployment_id)
    if not found:
        raise NotFound("There is no such deployment.", reason=f"deployment {deployment_id}")
    return found[0]


def predecessors(session: Session, place: Place) -> list[Place]:
    """The deployments whose courses may go on under this one, those with most courses first.

    What was merely opened there is no course to give where there is work in it here.
    """
    schools = {place.deployment.institution_id, None}
    found = _places(
        session,
        Platform.platform_id == place.platform.platform_id,
        Deployment.deployment_id != place.deployment.deployment_id,
    )
    here = place.deployment.deployment_id
    bygone = _bygone(session, [here, *(one.deployment.deployment_id for one in found)])
    found = [
        replace(one, courses=one.courses - bygone.get((one.deployment.deployment_id, here), 0))
        for one in found
    ]
    is_any = schools == {None}
    with_courses = [
        one for one in found if one.courses and (is_any or one.deployment.institution_id in schools)
    ]
    return sorted(with_courses, key=lambda one: one.courses, reverse=True)


def followers(session: Session, platform_id: UUID) -> dict[UUID, int]:
    """The deployments that may follow another one of this platform, each with how many of its
    courses came by another before."""
    places = _places(session, Platform.platform_id == platform_id)
    courses = {one.deployment.deployment_id: one.courses for one in places}
    ours = list(courses)
    bygone = _bygone(session, ours)
    other = aliased(LtiContext)
    rows = session.execute(
        select(LtiContext.deployment_id, func.count(LtiContext.context_id.distinct()))
        .join(
            other,
            (other.lti_context_id == LtiContext.lti_context_id)
            & (other.deployment_id != LtiContext.deployment_id)
            & (other.created_at < LtiContext.created_at),
        )
        .where(
            LtiContext.deployment_id.in_(ours),
            other.deployment_id.in_(ours),
            _has_any(_USED, other.course_id) | ~_has_any(_WORK, LtiContext.course_id),
        )
        .group_by(LtiContext.deployment_id)
    )
    known = {row[0]: int(row[1]) for row in rows}
    return {
        one: known.get(one, 0)
        for one in ours
        if any(courses[old] > bygone.get((old, one), 0) for old in ours if old != one)
    }


def succeed(session: Session, old: Place, new: Place) -> Succession:
    """Let the courses of one deployment go on under the other. Raises SuccessionRefused.

    A course that has begun under the new one is dropped if nothing was made in it yet.
    """
    begun = _begun(session, old, new)
    stays = [row.context_id for row in begun if row.is_worked_in]
    dropped = [row.course_id for row in begun if not row.is_worked_in]
    _keep_conversations(session, old, dropped)
    session.execute(delete(Course).where(Course.course_id.in_(dropped)))
    if new.deployment.institution_id is None:
        new.deployment.institution_id = old.deployment.institution_id
    try:
        moved = session.scalars(
            update(LtiContext)
            .where(
                LtiContext.deployment_id == old.deployment.deployment_id,
                LtiContext.context_id.not_in(stays),
            )
            .values(deployment_id=new.deployment.deployment_id)
            .returning(LtiContext.context_id)
        ).all()
    except IntegrityError as error:
        raise SuccessionRefused(reason=str(error.orig)) from error
    return Succession(
        moved=len(moved),
        left=sum(row.is_worked_in and row.was_used for row in begun),
        dropped=len(dropped),
        scores=inheriting.take_over(session, moved),
    )


def _keep_conversations(session: Session, old: Place, dropped: Sequence[UUID]) -> None:
    """What people asked in the courses that make room is kept in those that go on. Within one
    platform a person is the same; who has a conversation there goes on with that one."""
    twin, there = aliased(LtiContext), aliased(Conversation)
    goes_on = exists().where(
        there.course_id == LtiContext.course_id,
        there.student_id == Conversation.student_id,
        there.is_active,
    )
    session.execute(
        update(Conversation)
        .where(
            Conversation.course_id.in_(dropped),
            twin.course_id == Conversation.course_id,
            LtiContext.lti_context_id == twin.lti_context_id,
            LtiContext.deployment_id == old.deployment.deployment_id,
        )
        .values(
            course_id=LtiContext.course_id,
            is_active=case((goes_on, False), else_=Conversation.is_active),
            ended_at=case((goes_on, now()), else_=Conversation.ended_at),
        )
        .execution_options(synchronize_session=False)
    )


def _begun(session: Session, old: Place, new: Place) -> Sequence[Row[UUID, UUID, bool, bool]]:
    """The contexts of the old deployment that are there under the new one, too, each with the
    course there; nobody begins any work in it until this transaction ends.
    """
    twin = aliased(LtiContext)
    pairs = (
        (twin.lti_context_id == LtiContext.lti_context_id)
        & (LtiContext.deployment_id == old.deployment.deployment_id)
        & (twin.deployment_id == new.deployment.deployment_id)
    )
    held = session.scalars(
        select(Course.course_id)
        .where(Course.course_id.in_(select(twin.course_id).join(LtiContext, pairs)))
        .order_by(Course.course_id)
        .with_for_update()
    ).all()
    return session.execute(
        select(
            LtiContext.context_id,
            twin.course_id,
            _has_any(_WORK, twin.course_id).label("is_worked_in"),
            _has_any(_USED, LtiContext.course_id).label("was_used"),
        )
        .join(twin, pairs)
        .where(twin.course_id.in_(held))
    ).all()


def _has_any(kinds: Iterable[Any], course_id: InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
    return or_(*(exists().where(kind.course_id == course_id) for kind in kinds))


def _bygone(session: Session, deployments: Sequence[UUID]) -> dict[tuple[UUID, UUID], int]:
    """How many courses, of one deployment and another, were merely opened under the first and have
    work in them under the second: nothing of these is left to go on."""
    twin = aliased(LtiContext)
    rows = session.execute(
        select(LtiContext.deployment_id, twin.deployment_id, func.count())
        .join(twin, twin.lti_context_id == LtiContext.lti_context_id)
        .where(
            LtiContext.deployment_id.in_(deployments),
            twin.deployment_id.in_(deployments),
            ~_has_any(_USED, LtiContext.course_id),
            _has_any(_WORK, twin.course_id),
        )
        .group_by(LtiContext.deployment_id, twin.deployment_id)
    )
    return {(row[0], row[1]): int(row[2]) for row in rows}


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
