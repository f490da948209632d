"""A course whose LMS is an `AgsServer`, with a graded activity and as many scores as one likes."""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import insert, select, text, update
from sqlalchemy.orm import Session

from app import config
from app.connections import registrations
from app.gradebook.slots import wake
from app.jobs import run_worker
from lti_config.addresses import TrustedHosts
from lti_config.ags import RESULT_SCOPE, SCORE_SCOPE
from models import (
    Activity,
    ActivityKind,
    Concept,
    Course,
    CourseRole,
    Enrollment,
    LineItem,
    LtiContext,
    Platform,
    PracticeQuestion,
    Registration,
    ResourceLink,
    ScoreOutbox,
    ScorePolicy,
    StudentAttempt,
    User,
    UserRole,
    now,
)
from tests import factories
from tests.gradebook.ags_server import AgsServer

POINTS = 10
MANAGES = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem"


@dataclass
class Arranged:
    session: Session
    server: AgsServer
    registration: Registration
    course: Course
    context: LtiContext
    concept: Concept
    activity: Activity
    link: ResourceLink
    column: LineItem
    questions: list[PracticeQuestion]

    def student(self, subject: str = "4") -> Enrollment:
        found = self.session.scalar(select(Enrollment).where(Enrollment.lti_subject == subject))
        return found or factories.member(
            self.session, self.course, CourseRole.STUDENT, lti_subject=subject
        )

    def wants(self, given: Any = 5, subject: str = "4", **values: Any) -> ScoreOutbox:
        """A score wanted, as an answer leaves it; committed, its slot called."""
        student = self.student(subject).student_id
        row = self.session.scalar(
            select(ScoreOutbox).where(
                ScoreOutbox.user_id == student,
                ScoreOutbox.line_item_id == self.column.line_item_id,
            )
        )
        if row is None:
            row = ScoreOutbox(
                line_item_id=self.column.line_item_id,
                user_id=student,
                lti_subject=subject,
                score_given=Decimal(str(given)),
                score_maximum=Decimal(POINTS),
                **values,
            )
            self.session.add(row)
        else:
            row.score_given, row.version = Decimal(str(given)), row.version + 1
            row.status = values.get("status", row.status.__class__.WAITING)
        self.session.flush()
        wake(self.session, [row.outbox_id])
        self.session.commit()
        return row

    def answers(self, subject: str, *shares: int) -> None:
        """Answers to the first questions, in the order of the shares."""
        student = self.student(subject).student_id
        for question, share in zip(self.questions, shares, strict=False):
            self.session.add(
                StudentAttempt(
                    student_id=student,
                    question_id=question.question_id,
                    submitted_answer="b" if share else "a",
                    is_correct=bool(share),
                    score=Decimal(share),
                    activity_id=self.activity.activity_id,
                )
            )
        self.session.commit()

    def row(self, subject: str = "4") -> ScoreOutbox:
        """The score as it stands in the database."""
        self.session.rollback()
        self.session.expire_all()
        return self.session.scalars(
            select(ScoreOutbox).where(ScoreOutbox.lti_subject == subject)
        ).one()

    def work(self) -> None:
        work_off(self.session)

    def later(self) -> None:
        """As if the time of every next try had come."""
        self.session.rollback()
        self.session.execute(text("update procrastinate_jobs set scheduled_at = now()"))
        self.session.execute(update(ScoreOutbox).values(next_try_at=now()))
        self.session.commit()

    def many(self, count: int, columns: int = 1) -> list[uuid.UUID]:
        """So many scores of as many students over a few columns, waiting; their slots called."""
        people = [uuid.uuid4() for _ in range(count)]
        self.session.execute(insert(User), [_person(one) for one in people])
        items = [self._column(number) for number in range(columns)]
        rows = [
            {
                "outbox_id": uuid.uuid4(),
                "line_item_id": items[i % columns],
                "user_id": person,
                "lti_subject": str(1000 + i),
                "score_given": Decimal(i % POINTS),
                "score_maximum": Decimal(POINTS),
            }
            for i, person in enumerate(people)
        ]
        self.session.execute(insert(ScoreOutbox), rows)
        ids: list[uuid.UUID] = [row["outbox_id"] for row in rows]  # type: ignore[misc]
        wake(self.session, ids)
        self.session.commit()
        return ids

    def _column(self, number: int) -> uuid.UUID:
        row = LineItem(
            context_id=self.context.context_id,
            activity_id=self.activity.activity_id,
            url=self.server.column_url(1000 + number),
        )
        self.session.add(row)
        self.session.flush()
        return row.line_item_id

    def hours_pass(self, by: timedelta) -> None:
        """Every moment that the delivery keeps, so much earlier: as if the time had passed."""
        self.session.rollback()
        for column in ("next_try_at", "failing_since", "updated_at", "last_timestamp", "sent_at"):
            self.session.execute(
                text(f"update score_outbox set {column} = {column} - :by"), {"by": by}
            )
        self.session.execute(
            text("update procrastinate_jobs set scheduled_at = scheduled_at - :by"), {"by": by}
        )
        self.session.commit()


def arrange(session: Session, server: AgsServer, family: str | None = None) -> Arranged:
    """All the rows, committed. `family`: which LMS it says it is."""
    registration = registrations.add(
        session,
        registrations.NewRegistration(
            name="Faulty",
            issuer=server.url,
            client_id="tool",
            auth_url=f"{server.url}/auth",
            token_url=f"{server.url}/token",
            jwks_url=f"{server.url}/jwks",
            deployments=("1",),
        ),
        TrustedHosts(("127.0.0.1",)),
    )
    platform = session.get_one(Platform, registration.platform_id)
    platform.product_family = family
    course = factories.course(session)
    concept = factories.concept(session, course)
    context = LtiContext(
        deployment_id=registration.deployments[0].deployment_id,
        lti_context_id="2",
        course_id=course.course_id,
        line_items_url=server.items_url,
        ags_scopes=[SCORE_SCOPE, RESULT_SCOPE, MANAGES],
    )
    activity = Activity(
        course_id=course.course_id,
        kind=ActivityKind.PRACTICE,
        title="Practice: Loops",
        concepts=[concept],
        points=Decimal(POINTS),
        question_count=5,
        score_policy=ScorePolicy.BEST,
        created_by=factories.user(session).user_id,
    )
    session.add_all([context, activity])
    session.flush()
    link = ResourceLink(
        context_id=context.context_id,
        lti_resource_link_id="1",
        activity_id=activity.activity_id,
    )
    session.add(link)
    session.flush()
    column = LineItem(
        context_id=context.context_id,
        resource_link_id=link.resource_link_id,
        activity_id=activity.activity_id,
        url=server.column_url(),
    )
    session.add(column)
    questions = [factories.question(session, concept) for _ in range(5)]
    session.commit()
    return Arranged(
        session,
        server,
        registration,
        course,
        context,
        concept,
        activity,
        link,
        column,
        questions,
    )


def work_off(session: Session) -> None:
    """Run the worker until no job is due. It goes home too early where one job waits for the lock
    of another that is just running."""
    due = text(
        "select exists (select from procrastinate_jobs"
        " where status = 'todo' and coalesce(scheduled_at, now()) <= now())"
    )
    for _ in range(20):
        session.rollback()
        run_worker(config.current(), wait=False)
        if not session.scalar(due):
            break
    session.rollback()


def _person(user_id: uuid.UUID) -> dict[str, Any]:
    return {
        "user_id": user_id,
        "sso_id": user_id.hex,
        "email": f"{user_id.hex}@users.invalid",
        "first_name": "",
        "last_name": "",
        "role": UserRole.STUDENT,
    }
