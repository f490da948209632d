"""Who came: the user behind (platform, subject), and the membership in the course.

A person is never matched by e-mail: any administrator of an LMS can set one (LTI_FACTS 1.4).
"""

import hashlib
import uuid

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lti_config.launch import Launch
from models import (
    Course,
    CourseRole,
    Enrollment,
    EnrollmentStatus,
    LtiIdentity,
    User,
    UserRole,
    now,
)

MEMBERS = frozenset(
    {
        CourseRole.TEACHER,
        CourseRole.TA,
        CourseRole.STUDENT,
        CourseRole.TEST_STUDENT,
        CourseRole.OBSERVER,
    }
)
_NAME = 100
_WIDTH = [UserRole.STUDENT, UserRole.TEACHER, UserRole.ADMIN]
_WIDEST = {
    CourseRole.TEACHER: UserRole.TEACHER,
    CourseRole.TA: UserRole.TEACHER,
    CourseRole.ADMINISTRATOR: UserRole.ADMIN,
}


def settle_user(
    session: Session, launch: Launch, user: User | None, identity: LtiIdentity | None
) -> User:
    """The user of this launch, added if new, with names, role and address brought up to date."""
    if user is None or identity is None:
        user, identity = _add_user(session, launch)
    person = launch.person
    if person.given_name or person.family_name:
        user.first_name = person.given_name[:_NAME]
        user.last_name = person.family_name[:_NAME]
    user.role = max(user.role, _WIDEST.get(launch.role, UserRole.STUDENT), key=_WIDTH.index)
    user.last_login = now()
    if person.email and person.email != identity.email:
        identity.email = person.email
        _take_address(session, user, person.email)
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
        return None
    if enrollment is None:
        enrollment = _add_enrollment(session, user, course, launch.role)
    enrollment.role = launch.role
    enrollment.status = EnrollmentStatus.ACTIVE
    enrollment.lti_subject = launch.subject
    enrollment.last_launch_at = now()
    if launch.role is CourseRole.TEACHER and course.instructor_id is None:
        course.instructor_id = user.user_id
    return enrollment


def _add_user(session: Session, launch: Launch) -> tuple[User, LtiIdentity]:
    """Two first launches of one person may meet here: both get the row of whoever was first."""
    new_id = uuid.uuid4()
    values = {
        "user_id": new_id,
        "sso_id": _sso_id(launch),
        "email": f"{new_id}@users.invalid",
        "role": UserRole.STUDENT,
        "first_name": "",
        "last_name": "",
    }
    user_id = session.scalar(
        insert(User)
        .values(values)
        .on_conflict_do_update(index_elements=["sso_id"], set_={"last_login": now()})
        .returning(User.user_id)
    )
    key = {"platform_id": launch.platform_id, "subject": launch.subject}
    session.execute(insert(LtiIdentity).values(**key, user_id=user_id).on_conflict_do_nothing())
    user = session.get_one(User, user_id, populate_existing=True)
    identity = session.get_one(
        LtiIdentity, (launch.platform_id, launch.subject), populate_existing=True
    )
    return user, identity


def _sso_id(launch: Launch) -> str:
    return hashlib.sha256(f"{launch.platform_id} {launch.subject}".encode()).hexdigest()


def _take_address(session: Session, user: User, email: str) -> None:
    """Show the address with the user if nobody else has it; else the placeholder stays."""
    if session.scalar(select(User.user_id).where(User.email == email)):
        return
    session.flush()
    try:
        with session.begin_nested():
            user.email = email
            session.flush()
    except IntegrityError:  # somebody else takes it this very moment
        session.refresh(user)


def _add_enrollment(session: Session, user: User, course: Course, role: CourseRole) -> Enrollment:
    """Join the course under the next number. The course's row is the queue."""
    session.flush()
    session.refresh(course, with_for_update=True)
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
            role=role,
            number=course.member_count,
        )
        session.add(mine)
        session.flush()
    return mine
