"""Memberships as a roster tells them: who is in the course, and who is not listed any more.

The roster makes no session and gives nobody who has come more than their launch did: it adds who
has not come yet and marks who has gone; who had gone and is back has the roster's role. Where it
names the roles of launches (docs/decisions/0026) it also takes a role back. An enrollment whose
`last_launch_at` is empty is known by the roster only.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import case, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.roster.people import MEMBERS, STAFF
from app.roster.rows import any_of, rows
from app.session import LIFE
from lti_config.nrps import Member
from lti_config.platforms import canvas
from models import Course, CourseRole, Enrollment, EnrollmentStatus, LtiIdentity, Platform

_BY_RIGHTS = [CourseRole.TEACHER, CourseRole.TA, CourseRole.STUDENT, CourseRole.OBSERVER]


def is_member(member: Member) -> bool:
    """Whether a listed person is to be known here. Test students come by themselves."""
    joins = member.role in MEMBERS and member.role is not CourseRole.TEST_STUDENT
    return joins and member.is_active


def settle_memberships(
    session: Session,
    course: Course,
    platform: Platform,
    members: Sequence[Member],
    users: Mapping[str, UUID],
    began: datetime,
) -> None:
    """Bring the course's memberships up to what the roster said when its reading began.

    `users`: who the subjects are; the course's row is locked.
    """
    listed: dict[UUID, Member] = {}
    for one in members:
        if one.subject in users:
            listed.setdefault(users[one.subject], one)
    joined = {user_id: one for user_id, one in listed.items() if is_member(one)}
    _add(session, course, joined)
    _bring_up_to_date(session, course, joined, began)
    is_sure = canvas.lists_roles_of_launches(platform.product_family)
    if is_sure:
        _lower(session, course, joined, began)
    present = [user_id for user_id, one in listed.items() if one.is_active]
    staff_since = began if is_sure else began - LIFE
    _drop_absent(session, course, platform.platform_id, present, began, staff_since)
    if course.instructor_id is None:
        teaching = (u for u, one in joined.items() if one.role is CourseRole.TEACHER)
        course.instructor_id = next(teaching, None)


def _add(session: Session, course: Course, joined: Mapping[UUID, Member]) -> None:
    known = set(
        session.scalars(
            select(Enrollment.student_id).where(Enrollment.course_id == course.course_id)
        )
    )
    new = [(user_id, one) for user_id, one in joined.items() if user_id not in known]
    if not new:
        return
    session.execute(
        insert(Enrollment),
        [
            {
                "student_id": user_id,
                "course_id": course.course_id,
                "role": role_by_roster(one),
                "number": number,
                "lti_subject": one.subject,
            }
            for number, (user_id, one) in enumerate(new, course.member_count + 1)
        ],
    )
    course.member_count += len(new)


def role_by_roster(member: Member) -> CourseRole:
    """What a person is of whom the roster alone knows: nobody in particular where it can't say."""
    return member.role if member.is_role_sure else CourseRole.NONE


def _bring_up_to_date(
    session: Session, course: Course, joined: Mapping[UUID, Member], began: datetime
) -> None:
    """Who is listed is active, unless a launch has said otherwise since; roles of launches stay.

    Not so of who had left and is back: whoever taught then may be a learner now.
    """
    if not joined:
        return
    told = rows(
        student_id=list(joined),
        role=[role_by_roster(one).value for one in joined.values()],
        subject=[one.subject for one in joined.values()],
    )
    stays = (told.c.role == CourseRole.NONE.value) & (Enrollment.role == CourseRole.STUDENT)
    session.execute(
        update(Enrollment)
        .where(
            Enrollment.course_id == course.course_id,
            Enrollment.student_id == told.c.student_id,
            Enrollment.status == EnrollmentStatus.DROPPED,
            or_(Enrollment.last_launch_at.is_(None), Enrollment.last_launch_at < began),
        )
        .values(
            status=EnrollmentStatus.ACTIVE,
            role=case((stays, Enrollment.role), else_=told.c.role),
        )
    )
    session.execute(
        update(Enrollment)
        .where(
            Enrollment.course_id == course.course_id,
            Enrollment.student_id == told.c.student_id,
            Enrollment.last_launch_at.is_(None),
            or_(Enrollment.role != told.c.role, Enrollment.lti_subject != told.c.subject),
        )
        .values(role=told.c.role, lti_subject=told.c.subject)
    )


def _lower(
    session: Session, course: Course, joined: Mapping[UUID, Member], began: datetime
) -> None:
    """Who has a lesser role by now than at their last launch loses rights at their next request.

    More than a launch gave them a roster gives to nobody.
    """
    if not joined:
        return
    told = rows(student_id=list(joined), role=[one.role.value for one in joined.values()])
    is_less = or_(
        *(
            (Enrollment.role == role) & told.c.role.in_([less.value for less in _BY_RIGHTS[i:]])
            for i, role in enumerate(_BY_RIGHTS[:-1], 1)
        )
    )
    session.execute(
        update(Enrollment)
        .where(
            Enrollment.course_id == course.course_id,
            Enrollment.student_id == told.c.student_id,
            Enrollment.status == EnrollmentStatus.ACTIVE,
            Enrollment.last_launch_at < began,
            is_less,
        )
        .values(role=told.c.role)
    )


def _drop_absent(
    session: Session,
    course: Course,
    platform_id: UUID,
    present: Sequence[UUID],
    began: datetime,
    staff_since: datetime,
) -> None:
    """Who is not listed has left, and keeps number and work.

    Not so who launched since, nor who came to teach after `staff_since`: rosters list who is
    enrolled, while administrators of some LMSs may teach anywhere without being so; there their
    launch counts for the life of a session.
    """
    of_this_platform = select(LtiIdentity.user_id).where(LtiIdentity.platform_id == platform_id)
    launched = Enrollment.last_launch_at
    session.execute(
        update(Enrollment)
        .where(
            Enrollment.course_id == course.course_id,
            Enrollment.status == EnrollmentStatus.ACTIVE,
            Enrollment.role != CourseRole.TEST_STUDENT,
            Enrollment.student_id.in_(of_this_platform),
            ~(Enrollment.student_id == any_of(present)),
            or_(launched.is_(None), launched < began),
            or_(
                launched.is_(None),
                Enrollment.role.not_in(STAFF),
                launched < staff_since,
            ),
        )
        .values(status=EnrollmentStatus.DROPPED)
    )
