"""Rows as tests want them: one function per kind, sensible values, anything can be given."""

import itertools
import uuid
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import (
    Concept,
    Course,
    CourseMaterial,
    CourseRole,
    DifficultyLevel,
    Enrollment,
    FileType,
    IndexingStatus,
    PracticeQuestion,
    QuestionType,
    User,
    UserRole,
)

_numbers = itertools.count(1)


def _add(session: Session, row: Any) -> Any:
    session.add(row)
    session.flush()
    return row


def course(session: Session, **given: Any) -> Course:
    values = {"course_code": "PY1", "course_name": "Python basics", "semester": "", "year": 2026}
    return _add(session, Course(**{**values, **given}))


def user(session: Session, **given: Any) -> User:
    number = next(_numbers)
    values = {
        "email": f"person{number}@example.org",
        "sso_id": f"sso-{number}",
        "role": UserRole.STUDENT,
        "first_name": "Ada",
        "last_name": f"Nr{number}",
    }
    return _add(session, User(**{**values, **given}))


def member(
    session: Session,
    course: Course,
    role: CourseRole = CourseRole.STUDENT,
    *,
    person: User | None = None,
    **given: Any,
) -> Enrollment:
    person = person or user(
        session, role=UserRole.TEACHER if role is CourseRole.TEACHER else UserRole.STUDENT
    )
    course.member_count += 1
    values = {"number": course.member_count, "lti_subject": f"sub-{person.sso_id}"}
    return _add(
        session,
        Enrollment(
            course_id=course.course_id, student_id=person.user_id, role=role, **{**values, **given}
        ),
    )


def concept(session: Session, course: Course, **given: Any) -> Concept:
    values = {"name": f"Concept {next(_numbers)}", "difficulty_level": DifficultyLevel.BEGINNER}
    return _add(session, Concept(course_id=course.course_id, **{**values, **given}))


def _teacher_of(session: Session, course: Course) -> uuid.UUID:
    found = session.scalar(
        select(Enrollment.student_id).where(
            Enrollment.course_id == course.course_id, Enrollment.role == CourseRole.TEACHER
        )
    )
    return found or member(session, course, CourseRole.TEACHER).student_id


def question(session: Session, concept: Concept, **given: Any) -> PracticeQuestion:
    """A multiple-choice question whose right choice is "b"."""
    course_ = session.get_one(Course, concept.course_id)
    values = {
        "course_id": concept.course_id,
        "concept_id": concept.concept_id,
        "question_type": QuestionType.MULTIPLE_CHOICE,
        "difficulty": DifficultyLevel.BEGINNER,
        "question_text": "What does len([1, 2]) give?",
        "options": {
            "choices": [
                {"key": "a", "text": "1", "why": "That counts from 0."},
                {"key": "b", "text": "2"},
                {"key": "c", "text": "3"},
            ]
        },
        "correct_answer": "b",
        "explanation": "A list's length is the number of its items.",
    }
    if "created_by" not in given:
        values["created_by"] = _teacher_of(session, course_)
    return _add(session, PracticeQuestion(**{**values, **given}))


def material(session: Session, course: Course, **given: Any) -> CourseMaterial:
    material_id = uuid.uuid4()
    values = {
        "material_id": material_id,
        "title": "Week 1",
        "file_type": FileType.PDF,
        "file_size_bytes": 1000,
        "storage_path": f"{material_id}/0",
        "indexing_status": IndexingStatus.COMPLETED,
    }
    if "uploader_id" not in given:
        values["uploader_id"] = _teacher_of(session, course)
    return _add(session, CourseMaterial(course_id=course.course_id, **{**values, **given}))
