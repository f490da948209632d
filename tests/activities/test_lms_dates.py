"""Dates and time zone as the LMS has them: from a teacher's launch alone."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from demo_lms import Platform
from demo_lms import vocabulary as lti
from models import Activity, ActivityKind, AuditEvent, Course
from tests import factories
from tests.launch import lms
from tests.launch.lms import Browser

DUE, CLOSES = "2027-03-05T20:00:00+01:00", "2027-03-06T19:00:00Z"


@pytest.fixture
def platform(app: Flask, session: Session, tmp_path: Path) -> Iterator[Platform]:
    with lms.serve(tmp_path, app) as platform:
        lms.register(session, platform)
        yield platform


class Link:
    """A link to a practice set with a closing date of our own."""

    def __init__(self, app: Flask, session: Session, platform: Platform) -> None:
        self.session, self.platform, self.browser = session, platform, Browser(app)
        assert self.browser.launch(platform, "teacher").status_code == 303
        self.course = session.scalars(select(Course)).one()
        self.activity = Activity(
            course_id=self.course.course_id,
            kind=ActivityKind.PRACTICE,
            title="Set",
            concepts=[factories.concept(session, self.course)],
            points=Decimal(10),
            question_count=5,
            closes_at=datetime(2027, 1, 1, tzinfo=UTC),
            created_by=factories.user(session).user_id,
        )
        session.add(self.activity)
        session.commit()

    def launch(self, person: str, **custom: str) -> None:
        attempt = self.browser.begin(self.platform, person)
        attempt.claims[lti.CUSTOM] = {"activity": str(self.activity.activity_id), **custom}
        assert attempt.post().status_code == 303
        self.session.rollback()
        self.session.expire_all()

    def dates(self) -> tuple[Any, Any, Any]:
        return self.activity.opens_at, self.activity.due_at, self.activity.closes_at


@pytest.fixture
def link(app: Flask, session: Session, platform: Platform) -> Link:
    return Link(app, session, platform)


def test_a_teachers_launch_brings_the_dates_of_the_lms(link: Link) -> None:
    link.launch("teacher", due_at=DUE, closes_at=CLOSES)
    assert link.dates() == (
        None,
        datetime(2027, 3, 5, 19, tzinfo=UTC),
        datetime(2027, 3, 6, 19, tzinfo=UTC),
    )
    actions = link.session.scalars(select(AuditEvent.action)).all()
    assert actions.count("activity.dates_from_lms") == 1
    jobs = text("select count(*) from procrastinate_jobs where task_name = 'gradebook:rescore'")
    assert link.session.scalar(jobs) == 1
    link.launch("teacher", due_at=DUE, closes_at=CLOSES)
    assert link.session.scalars(select(AuditEvent.action)).all().count(actions[-1]) == 1
    link.launch("teacher", due_at=DUE)  # the LMS has no closing date any more
    assert link.dates() == (None, datetime(2027, 3, 5, 19, tzinfo=UTC), None)


@pytest.mark.parametrize("person", ["student-1", "ta"])
def test_nobody_elses_does(link: Link, person: str) -> None:
    link.launch(person, due_at=DUE)
    assert link.dates() == (None, None, datetime(2027, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"due_at": "$ResourceLink.submission.endDateTime"},
        {"due_at": "", "opens_at": ""},
        {"due_at": "soon", "opens_at": "2027-03-05"},
        {"due_at": "2027-03-05T20:00:00"},
        {"due_at": "0001-01-01T00:00:00+14:00"},
    ],
)
def test_an_lms_without_dates_changes_nothing(link: Link, sent: dict[str, str]) -> None:
    link.launch("teacher", **sent)
    assert link.dates() == (None, None, datetime(2027, 1, 1, tzinfo=UTC))


def test_the_first_time_zone_that_is_told_is_the_courses(link: Link) -> None:
    link.launch("student-1", time_zone="Asia/Tokyo")
    assert link.course.time_zone == "UTC"
    link.launch("teacher", time_zone="Mars/Olympus")
    assert link.course.time_zone == "UTC"
    link.launch("teacher", time_zone="Europe/Madrid")
    assert link.course.time_zone == "Europe/Madrid"
    link.launch("teacher", time_zone="America/New_York")
    assert link.course.time_zone == "Europe/Madrid"
