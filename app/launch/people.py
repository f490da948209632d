"""Who came: the user behind (platform, subject), and the membership in the course.

A person is never matched by e-mail: any administrator of an LMS can set one.
"""

import uuid

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.launch.queue import wait_for
from app.launch.rows import correct
from app.roster.people import MEMBERS, NO_ADDRESS, names, placeholder_email, sso_id, wider, width
from lti_config.launch import Launch
from models import (
    Course,
    CourseRole,
    Enrollment,
    EnrollmentStatus,
    LtiIdentity,
    User,
    now,
    table,
)


def settle_user(
    session: Session, launch: Launch, user: User | None, identity: LtiIdentity | None
) -> User:
    """The user of this launch, added if new, with names, role and address brought up to date."""
    if user is None or identity is None:
        return _add_user(session, launch)
    correct(user, role=wider(user.role, width(launch.role)), **names(launch.person))
    email = launch.person.email
    if email:
        if _is_news(email, user, identity) and _is_free(session, email):
            user.email = email
        correct(identity, email=email)
    return user


def settle_enrollment(
    session: Session, launch: Launch, user: User, course: Course, enrollment: Enrollment | None
) -> Enrollment | None:
    """The membership that these roles give, with its role of today; none if they give none.

    Who was a member before and is none now keeps the work, and loses the rights.
    """
    if launch.role not in MEMBERS:
        if enrollment is not None and enrollment.status is EnrollmentStatus.ACTIVE:
            enrollment.status = EnrollmentStatus.DROPPED
            enrollment.last_launch_at = now()
        return None
    if enrollment is None:
        enrollment = _add_enrollment(session, user, course)
    correct(
        enrollment,
        role=launch.role,
        status=EnrollmentStatus.ACTIVE,
        lti_subject=launch.subject,
    )
    if launch.role is CourseRole.TEACHER and course.instructor_id is None:
        course.instructor_id = user.user_id
    return enrollment


_users, _enrollments = table(User), table(Enrollment)
_NOTE_VISIT = (
    update(_users)
    .where(_users.c.user_id == bindparam("this_user"))
    .values(last_login=bindparam("moment"))
    .add_cte(
        update(_enrollments)
        .where(_enrollments.c.enrollment_id == bindparam("this_enrollment"))
        .values(last_launch_at=bindparam("moment"))
        .cte("joined")
    )
)


def note_visit(session: Session, user: User, enrollment: Enrollment | None) -> None:
    """When they came last, in one statement: often nothing else has changed."""
    session.execute(
        _NOTE_VISIT,
        {
            "this_user": user.user_id,
            "this_enrollment": enrollment.enrollment_id if enrollment else None,
            "moment": now(),
        },
    )


def _add_user(session: Session, launch: Launch) -> User:
    """Two first launches of one person may meet here: both get the row of whoever was first."""
    email = launch.person.email
    new_id = uuid.uuid4()
    user = session.scalars(
        insert(User)
        .values(
            user_id=new_id,
            sso_id=sso_id(launch.platform_id, launch.subject),
            email=email if email and _is_free(session, email) else placeholder_email(new_id),
            role=width(launch.role),
            **{"first_name": "", "last_name": ""} | names(launch.person),
            last_login=now(),
        )
        .on_conflict_do_update(index_elements=["sso_id"], set_={"last_login": now()})
        .returning(User),
        execution_options={"populate_existing": True},
    ).one()
    session.execute(
        insert(LtiIdentity)
        .values(
            platform_id=launch.platform_id,
            subject=launch.subject,
            user_id=user.user_id,
            email=email,
        )
        .on_conflict_do_nothing()
    )
    return user


def _is_news(email: str, user: User, identity: LtiIdentity) -> bool:
    """Whether the address is to be looked at: it changed, or only a roster has named it so far.

    One that somebody else had first is not asked for again at each launch.
    """
    is_new = user.last_login is None or not user.email.endswith(NO_ADDRESS)
    return email != user.email and (email != identity.email or is_new)


def _is_free(session: Session, email: str) -> bool:
    """Whether nobody has the address; it stays so until this transaction ends."""
    wait_for(session, f"e-mail {email}")
    return session.scalar(select(User.user_id).where(User.email == email)) is None


def _add_enrollment(session: Session, user: User, course: Course) -> Enrollment:
    """Join the course under the next number. The course's row is the queue."""
    with session.no_autoflush:  # the course's row before its context's, in every launch
        session.refresh(course, ["member_count"], with_for_update=True)
    mine = session.scalar(
        select(Enrollment).where(
            Enrollment.student_id == user.user_id, Enrollment.course_id == course.course_id
        )
    )
    if mine is None:
        course.member_count += 1
        mine = Enrollment(
            student_id=user.user_id,
            course_id=course.course_id,
            number=course.member_count,
        )
        session.add(mine)
    return mine
