"""What a learner did in an activity: every question with the tries at it, and who can be chosen."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.clock import said
from app.errors import NotFound
from app.gradebook.windows import window_of
from app.practice.feedback import Feedback, feedback
from models import (
    Activity,
    CourseRole,
    Enrollment,
    EnrollmentStatus,
    PracticeQuestion,
    StudentAttempt,
    User,
)

NameOf = Callable[[User, Enrollment | None], str]
_LEARNERS = (CourseRole.STUDENT, CourseRole.TEST_STUDENT)


@dataclass(frozen=True, slots=True)
class Try:
    """One answer: when, what became of it, and whether it came while the activity was open."""

    at: str
    verdict: str
    counts: bool


@dataclass(frozen=True, slots=True)
class Worked:
    """One question: as it was answered last, and every try at it, the first one first."""

    question: PracticeQuestion
    latest: Feedback
    answer: str
    """As it came, for a question without options."""
    tries: list[Try]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A student whose work can be looked at."""

    user_id: UUID
    name: str
    answers: int


def get_learner(session: Session, course_id: UUID, user_id: UUID) -> tuple[User, Enrollment]:
    """The learner and their membership, also of one who has left. Raises NotFound."""
    row = session.execute(
        select(User, Enrollment)
        .join(Enrollment, Enrollment.student_id == User.user_id)
        .where(
            Enrollment.course_id == course_id,
            Enrollment.student_id == user_id,
            Enrollment.role.in_(_LEARNERS),
        )
    ).one_or_none()
    if row is None:
        raise NotFound(reason=f"user {user_id} is no learner of course {course_id}")
    return row[0], row[1]


def work_of(
    session: Session, activity: Activity, user_id: UUID, zone: tzinfo, moment: datetime
) -> list[Worked]:
    """The questions that the learner answered in the activity, in the order of their first tries.

    Of a question the options stand as the learner saw them.
    """
    rows = session.execute(
        select(StudentAttempt, PracticeQuestion)
        .join(PracticeQuestion, PracticeQuestion.question_id == StudentAttempt.question_id)
        .where(
            StudentAttempt.student_id == user_id,
            StudentAttempt.activity_id == activity.activity_id,
            PracticeQuestion.course_id == activity.course_id,
        )
        .order_by(StudentAttempt.sequence)
    )
    tried: dict[UUID, list[tuple[StudentAttempt, PracticeQuestion]]] = {}
    for attempt, question in rows:
        tried.setdefault(question.question_id, []).append((attempt, question))
    window = window_of(activity)
    return [
        Worked(
            question=attempts[-1][1],
            latest=_feedback(*attempts[-1]),
            answer=attempts[-1][0].submitted_answer,
            tries=[
                Try(
                    at=said(attempt.attempted_at, zone, moment),
                    verdict=_verdict(attempt),
                    counts=window.holds(attempt.attempted_at),
                )
                for attempt, _ in attempts
            ],
        )
        for attempts in tried.values()
    ]


def candidates(
    session: Session, course_id: UUID, activity_id: UUID, name_of: NameOf
) -> list[Candidate]:
    """The students of the course by name, each with the number of answers in the activity."""
    answers = (
        select(StudentAttempt.student_id, func.count().label("count"))
        .where(StudentAttempt.activity_id == activity_id)
        .group_by(StudentAttempt.student_id)
        .subquery()
    )
    rows = session.execute(
        select(User, Enrollment, func.coalesce(answers.c.count, 0))
        .join(Enrollment, Enrollment.student_id == User.user_id)
        .outerjoin(answers, answers.c.student_id == User.user_id)
        .where(
            Enrollment.course_id == course_id,
            Enrollment.role == CourseRole.STUDENT,
            Enrollment.status == EnrollmentStatus.ACTIVE,
        )
    ).all()
    found = [Candidate(user.user_id, name_of(user, member), n) for user, member, n in rows]
    return sorted(found, key=lambda one: one.name.casefold())


def _feedback(attempt: StudentAttempt, question: PracticeQuestion) -> Feedback:
    return feedback(
        question,
        attempt.student_id,
        attempt.submitted_answer,
        attempt.is_correct,
        effect="",
    )


def _verdict(attempt: StudentAttempt) -> str:
    if attempt.is_correct is None:
        return "awaiting review"
    return "right" if attempt.is_correct else "not right"
