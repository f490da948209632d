"""A roster that was read to its end → our rows, in one transaction, in bulk.

Launches go on meanwhile and must never come to a deadlock with it. So rosters of one platform,
which share people, come one after another; new people are added first, then the course is locked,
as by a launch that joins it; and rows of known people are touched last, but those that somebody
holds: who is coming in this moment brings their own name.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.roster.membership import is_member, role_by_roster, settle_memberships
from app.roster.people import names, placeholder_email, sso_id, width
from app.roster.rows import any_of, rows
from lti_config.nrps import Member
from models import Course, Deployment, LtiContext, LtiIdentity, Platform, Registration, User


def write(session: Session, context_id: UUID, members: Sequence[Member], began: datetime) -> None:
    """Make the course's people what the roster says. `began`: when its reading began."""
    course_id, platform = _lock_platform(session, context_id)
    platform_id = platform.platform_id
    users = _known(session, platform_id, members)
    new = [one for one in members if is_member(one) and one.subject not in users]
    if new:
        _add_people(session, platform_id, new)
        users = _known(session, platform_id, members)
    course = session.scalars(
        select(Course)
        .where(Course.course_id == course_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    settle_memberships(session, course, platform, members, users, began)
    session.flush()
    _update_names(session, members, users)
    _update_emails(session, platform_id, members)


def _lock_platform(session: Session, context_id: UUID) -> tuple[UUID, Platform]:
    """The course and the platform, whose other rosters wait now; its launches don't."""
    row = session.execute(
        select(LtiContext.course_id, Platform)
        .join(Deployment, Deployment.deployment_id == LtiContext.deployment_id)
        .join(Registration, Registration.registration_id == Deployment.registration_id)
        .join(Platform, Platform.platform_id == Registration.platform_id)
        .where(LtiContext.context_id == context_id)
        .with_for_update(of=Platform, key_share=True)
    ).one()
    return row.course_id, row.Platform


def _known(session: Session, platform_id: UUID, members: Sequence[Member]) -> dict[str, UUID]:
    found = session.execute(
        select(LtiIdentity.subject, LtiIdentity.user_id).where(
            LtiIdentity.platform_id == platform_id,
            LtiIdentity.subject == any_of(one.subject for one in members),
        )
    )
    return {row.subject: row.user_id for row in found}


def _add_people(session: Session, platform_id: UUID, new: Sequence[Member]) -> None:
    """A first launch may be adding one of them this moment: then that row is the person's."""
    by_sso_id = {sso_id(platform_id, one.subject): one for one in new}
    people = []
    for key, one in sorted(by_sso_id.items()):
        user_id = uuid.uuid4()
        people.append(
            {
                "user_id": user_id,
                "sso_id": key,
                "email": placeholder_email(user_id),
                "role": width(role_by_roster(one)),
                **{"first_name": "", "last_name": ""} | names(one.person),
            }
        )
    session.execute(insert(User).on_conflict_do_nothing(index_elements=["sso_id"]), people)
    added = session.execute(
        select(User.sso_id, User.user_id).where(User.sso_id == any_of(by_sso_id))
    ).all()
    session.execute(
        insert(LtiIdentity).on_conflict_do_nothing(),
        [
            {"platform_id": platform_id, "subject": by_sso_id[key].subject, "user_id": user_id}
            for key, user_id in added
        ],
    )


def _update_names(session: Session, members: Sequence[Member], users: dict[str, UUID]) -> None:
    named = {
        users[one.subject]: names(one.person)
        for one in reversed(members)
        if one.subject in users and one.person.has_name
    }
    if not named:
        return
    told = rows(
        user_id=list(named),
        first=[name["first_name"] for name in named.values()],
        last=[name["last_name"] for name in named.values()],
    )
    changed = (
        select(User.user_id)
        .join(told, told.c.user_id == User.user_id)
        .where(or_(User.first_name != told.c.first, User.last_name != told.c.last))
        .with_for_update(of=User, key_share=True, skip_locked=True)
        .cte("changed")
    )
    session.execute(
        update(User)
        .where(User.user_id == changed.c.user_id, User.user_id == told.c.user_id)
        .values(first_name=told.c.first, last_name=told.c.last)
    )


def _update_emails(session: Session, platform_id: UUID, members: Sequence[Member]) -> None:
    """As the platform says it. The user's own column is filled when the person comes."""
    sent = {one.subject: one.person.email for one in members if one.person.email}
    if not sent:
        return
    told = rows(subject=list(sent), email=[email for email in sent.values() if email])
    changed = (
        select(LtiIdentity.subject)
        .join(told, told.c.subject == LtiIdentity.subject)
        .where(
            LtiIdentity.platform_id == platform_id,
            LtiIdentity.email.is_distinct_from(told.c.email),
        )
        .with_for_update(of=LtiIdentity, key_share=True, skip_locked=True)
        .cte("changed")
    )
    session.execute(
        update(LtiIdentity)
        .where(
            LtiIdentity.platform_id == platform_id,
            LtiIdentity.subject == changed.c.subject,
            LtiIdentity.subject == told.c.subject,
        )
        .values(email=told.c.email)
    )
