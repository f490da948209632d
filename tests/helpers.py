"""Entering the tool as somebody, without a launch."""

from dataclasses import dataclass
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.session import open_session
from models import Course, CourseRole, Enrollment
from tests import factories


@dataclass
class Visitor:
    """A browser inside one session, with a bearer token."""

    client: FlaskClient
    enrollment: Enrollment
    sid: str
    secret: str

    def open(self, method: str, path: str, **kwargs: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.secret}", **kwargs.pop("headers", {})}
        return self.client.open(self.url(path), method=method, headers=headers, **kwargs)

    def url(self, path: str) -> str:
        """Address of a path inside the session; whole addresses stay."""
        return path if path.startswith("/s/") else f"/s/{self.sid}/{path.lstrip('/')}"

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        return self.open("GET", path, **kwargs)

    def post(self, path: str, **kwargs: Any) -> TestResponse:
        return self.open("POST", path, **kwargs)


def enter(
    app: Flask,
    session: Session,
    course: Course,
    role: CourseRole = CourseRole.STUDENT,
    *,
    enrollment: Enrollment | None = None,
    **given: Any,
) -> Visitor:
    """Open a session as a member of the course; what the session arranged so far is committed."""
    enrollment = enrollment or factories.member(session, course, role)
    opened = open_session(
        session,
        user_id=enrollment.student_id,
        role=enrollment.role,
        course_id=course.course_id,
        enrollment_id=enrollment.enrollment_id,
        **given,
    )
    session.commit()
    return Visitor(app.test_client(), enrollment, opened.sid, opened.secret)
