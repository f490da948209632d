"""The demo LMS on a real port of the loopback, registered with the tool, with a graded activity."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from app import config
from app.extensions import transaction
from app.gradebook.outbox import want_score
from demo_lms import Platform, Settings, faults, line_items, persons, scores
from demo_lms.keys import KEY_FILE, load_key
from demo_lms.serving import free_port, running
from demo_lms.vocabulary import AGS_SCOPES
from lti_config import keys
from models import (
    Activity,
    ActivityKind,
    Concept,
    Course,
    CourseRole,
    Deployment,
    Enrollment,
    LineItem,
    LtiContext,
    PracticeQuestion,
    ResourceLink,
    ScoreOutbox,
    ScorePolicy,
    StudentAttempt,
    now,
)
from tests import factories
from tests.gradebook.ags_server import AgsServer, serving
from tests.gradebook.arranged import Arranged, arrange, work_off
from tests.launch import lms

POINTS = 10


@pytest.fixture(scope="session")
def platform_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lms_key")
    load_key(folder)
    return folder / KEY_FILE


@pytest.fixture
def platform(app: Flask, tmp_path: Path, platform_key: Path) -> Iterator[Platform]:
    """The demo LMS, answering. It reads the tool's key set from the database."""
    folder = tmp_path / "demo_lms"
    folder.mkdir()
    shutil.copy(platform_key, folder)

    def fetch(_url: str) -> Any:
        with app.app_context(), transaction() as session:
            return keys.published(session, config.current().secret_keys)

    with running(Platform.open(Settings(folder=folder, port=free_port()), fetch=fetch)) as lms:
        yield lms


@dataclass
class Class:
    """A course in the LMS with one graded link, and what tests do with it."""

    session: Session
    platform: Platform
    course: Course
    concept: Concept
    activity: Activity
    link: ResourceLink
    column: line_items.LineItem
    deployment: Deployment
    questions: list[PracticeQuestion] = field(default_factory=list)

    def member(
        self, person: str = "student-1", role: CourseRole = CourseRole.STUDENT
    ) -> Enrollment:
        subject = persons.get(person).subject
        found = self.session.scalar(select(Enrollment).where(Enrollment.lti_subject == subject))
        if found is None:
            found = factories.member(self.session, self.course, role, lti_subject=subject)
            self.session.commit()
        return found

    def answer(self, *shares: int, member: Enrollment | None = None) -> ScoreOutbox | None:
        """The next questions answered with these shares, and the score wanted."""
        member = member or self.member()
        given = self.session.scalars(
            select(StudentAttempt.question_id).where(StudentAttempt.student_id == member.student_id)
        ).all()
        for i, share in enumerate(shares, start=len(given)):
            self.session.add(
                StudentAttempt(
                    student_id=member.student_id,
                    question_id=self.questions[i % len(self.questions)].question_id,
                    submitted_answer="b",
                    is_correct=bool(share),
                    score=Decimal(share),
                    activity_id=self.activity.activity_id,
                )
            )
            self.session.flush()
        row = self.want(member)
        self.session.commit()
        return row

    def want(self, member: Enrollment) -> ScoreOutbox | None:
        return want_score(
            self.session,
            user_id=member.student_id,
            course_id=self.course.course_id,
            activity_id=self.activity.activity_id,
            resource_link_id=self.link.resource_link_id,
        )

    def row(self, member: Enrollment | None = None) -> ScoreOutbox:
        """The learner's row as it stands in the database."""
        self.session.rollback()
        self.session.expire_all()
        student = (member or self.member()).student_id
        return self.session.scalars(select(ScoreOutbox).where(ScoreOutbox.user_id == student)).one()

    def posts(self) -> list[tuple[str, Any, int]]:
        """What the LMS was sent, oldest first: subject, score, its answer's status."""
        sent = reversed(scores.posts(self.platform, 100))
        return [(p["subject"], json.loads(p["body"]).get("scoreGiven"), p["status"]) for p in sent]

    def shown(self, person: str = "student-1") -> float | None:
        """What the LMS's gradebook shows."""
        found = scores.results(self.platform, self.column, persons.get(person).subject)
        return found[0].get("resultScore") if found else None

    def fault(self, **switches: bool | int) -> None:
        faults.set_faults(self.platform.store, **switches)

    def work(self) -> None:
        """Run the worker until no job is due."""
        work_off(self.session)

    def later(self) -> None:
        """As if the time of the next try had come."""
        self.session.execute(text("update procrastinate_jobs set scheduled_at = now()"))
        self.session.execute(update(ScoreOutbox).values(next_try_at=now()))
        self.session.commit()


@pytest.fixture
def lms_class(session: Session, platform: Platform) -> Class:
    settings, course = platform.settings, factories.course(session)
    registration = lms.register(session, platform)
    deployment = registration.deployments[0]
    context = _add(
        session,
        LtiContext(
            deployment_id=deployment.deployment_id,
            lti_context_id=settings.context_id,
            course_id=course.course_id,
            line_items_url=line_items.container_url(settings),
            ags_scopes=list(AGS_SCOPES),
        ),
    )
    concept = factories.concept(session, course)
    activity = _add(session, _activity(course, concept, factories.user(session).user_id))
    link = _add(
        session,
        ResourceLink(
            context_id=context.context_id,
            lti_resource_link_id="link-1",
            activity_id=activity.activity_id,
        ),
    )
    column = line_items.create(
        platform.store, {"label": "Loops", "scoreMaximum": POINTS, "resourceId": str(uuid4())}
    )
    _add(
        session,
        LineItem(
            context_id=context.context_id,
            resource_link_id=link.resource_link_id,
            activity_id=activity.activity_id,
            url=line_items.item_url(settings, column.id),
        ),
    )
    questions = [factories.question(session, concept) for _ in range(8)]
    session.commit()
    return Class(session, platform, course, concept, activity, link, column, deployment, questions)


def _activity(course: Course, concept: Concept, created_by: UUID) -> Activity:
    return Activity(
        course_id=course.course_id,
        kind=ActivityKind.PRACTICE,
        title="Practice: Loops",
        concepts=[concept],
        points=Decimal(POINTS),
        question_count=5,
        score_policy=ScorePolicy.BEST,
        created_by=created_by,
    )


def _add(session: Session, row: Any) -> Any:
    session.add(row)
    session.flush()
    return row


@pytest.fixture
def server() -> Iterator[AgsServer]:
    with serving() as server:
        yield server


@pytest.fixture
def arranged(app: Flask, session: Session, server: AgsServer) -> Arranged:
    """A course at a platform that answers as it is told."""
    return arrange(session, server)
