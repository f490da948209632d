"""A learner's work: what awaits review is told as that, neither right nor wrong."""

from flask import Flask
from sqlalchemy.orm import Session

from models import Activity, ActivityKind, CourseRole, QuestionType, StudentAttempt
from tests import factories
from tests.helpers import enter


def test_an_answer_that_awaits_review_is_neither_right_nor_wrong(
    app: Flask, session: Session
) -> None:
    course = factories.course(session)
    concept = factories.concept(session, course)
    student = factories.member(session, course)
    questions = [
        factories.question(session, concept),
        factories.question(session, concept, question_type=QuestionType.SHORT_ANSWER, options=None),
        factories.question(session, concept),
    ]
    activity = Activity(
        course_id=course.course_id,
        kind=ActivityKind.PRACTICE,
        title="Loops",
        concepts=[concept],
        created_by=student.student_id,
    )
    session.add(activity)
    session.flush()
    for question, answer, verdict in zip(
        questions, ("a", "A loop runs <b>again</b>", "a"), (None, None, False), strict=True
    ):
        session.add(
            StudentAttempt(
                student_id=student.student_id,
                question_id=question.question_id,
                submitted_answer=answer,
                is_correct=verdict,
                activity_id=activity.activity_id,
            )
        )
    session.commit()
    teacher = enter(app, session, course, CourseRole.TEACHER)
    page = teacher.get(f"review/?activity={activity.activity_id}&student={student.student_id}")
    assert page.status_code == 200
    chosen, written, wrong = page.text.split('<section class="cl-exercise')[1:]
    for awaiting in (chosen, written):
        assert "Awaiting review" in awaiting and ": awaiting review." in awaiting
        assert "Not yet" not in awaiting and "not right" not in awaiting
        assert "is-wrong" not in awaiting and "is-right" not in awaiting
    assert "Their answer" in chosen
    assert "A loop runs &lt;b&gt;again&lt;/b&gt;" in written
    assert "Awaiting review" not in wrong and "is-wrong" in wrong and "not right" in wrong
