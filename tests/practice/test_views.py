"""Practice over HTTP: choosing, answering, feedback, and what nobody may see."""

import html
import re
import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any, ClassVar

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import (
    Activity,
    ActivityKind,
    Concept,
    Course,
    CourseRole,
    PracticeQuestion,
    QuestionType,
    ScorePolicy,
    StudentAttempt,
    StudentProgress,
    now,
)
from tests import factories
from tests.helpers import Visitor, enter


class Room:
    """A course with one concept and its questions."""

    def __init__(self, app: Flask, session: Session, questions: int = 2) -> None:
        self.app, self.session = app, session
        self.course: Course = factories.course(session)
        self.concept: Concept = factories.concept(session, self.course, name="For <loops>")
        self.questions: list[PracticeQuestion] = [
            factories.question(session, self.concept) for _ in range(questions)
        ]

    def enter(self, role: CourseRole = CourseRole.STUDENT, **given: Any) -> Visitor:
        return enter(self.app, self.session, self.course, role, **given)

    def activity(self, **given: Any) -> Activity:
        values: dict[str, Any] = {
            "kind": ActivityKind.PRACTICE,
            "title": "Practice",
            "concepts": [self.concept],
            "points": Decimal(10),
            "question_count": 5,
            "score_policy": ScorePolicy.BEST,
        }
        activity = Activity(
            course_id=self.course.course_id,
            created_by=self.questions[0].created_by,
            **{**values, **given},
        )
        self.session.add(activity)
        self.session.flush()
        return activity

    def attempts(self) -> int:
        return self.session.scalar(select(func.count()).select_from(StudentAttempt)) or 0


@pytest.fixture
def room(app: Flask, session: Session) -> Room:
    return Room(app, session)


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of the question's form."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))


def ask(student: Visitor, room: Room) -> tuple[str, dict[str, str]]:
    page = student.get(f"practice/?concept={room.concept.concept_id}").text
    return page, hidden(page)


def test_a_student_is_given_a_question_with_the_reason(room: Room) -> None:
    page, form = ask(room.enter(), room)
    assert "Question 1" in page
    assert "Chosen because it is new to you" in page
    assert "For &lt;loops&gt;" in page
    assert page.count('type="radio" name="answer"') == 3
    assert set(form) >= {"question", "key", "shown_at"}
    assert "The figure comes with your first answer." in page


def test_an_answer_leads_to_its_feedback(room: Room) -> None:
    student = room.enter()
    _, form = ask(student, room)
    answer = student.post("practice/answer", data={**form, "answer": "a"})
    assert answer.status_code == 303
    page = student.get(answer.location).text
    assert "<h3>Not yet</h3>" in page
    assert "Your answer" in page
    assert "The right answer" in page
    assert "That counts from 0." in page
    assert "A list&#39;s length is the number of its items." in page
    assert "Your first answer on For &lt;loops&gt; puts your mastery of it at" in page
    assert "Next question" in page
    assert 'role="img" aria-label=' in page


def test_the_tutor_is_asked_about_the_question_that_was_answered(room: Room) -> None:
    """It stands in the tutor's box; nothing is asked before somebody says so."""
    student = room.enter()
    _, form = ask(student, room)
    page = student.get(student.post("practice/answer", data={**form, "answer": "a"}).location).text
    link = re.search(r'href="([^"]*)">Ask the tutor about this', page)
    assert link
    tutor = student.get(html.unescape(link[1]).split("#")[0]).text
    box = re.search(r'<textarea[^>]*id="ask"[^>]*>(.*?)</textarea>', tutor, re.S)
    text = room.session.scalars(select(PracticeQuestion.question_text)).first()
    assert box and text and html.unescape(box[1]) == text
    assert "cl-question" not in tutor


def test_a_right_answer_says_so(room: Room) -> None:
    student = room.enter()
    _, form = ask(student, room)
    page = student.get(student.post("practice/answer", data={**form, "answer": "b"}).location).text
    assert "<h3>Right</h3>" in page
    assert "Your answer, and the right one" in page
    assert "That counts from 0." not in page


def test_the_same_form_again_leads_to_the_same_feedback(room: Room) -> None:
    student = room.enter()
    _, form = ask(student, room)
    first = student.post("practice/answer", data={**form, "answer": "a"})
    again = student.post("practice/answer", data={**form, "answer": "b"})
    assert first.location == again.location
    assert room.attempts() == 1
    assert student.get(first.location).text == student.get(first.location).text


def test_the_question_just_answered_does_not_come_next(room: Room) -> None:
    student = room.enter()
    _, form = ask(student, room)
    student.post("practice/answer", data={**form, "answer": "a"})
    page, second = ask(student, room)
    assert second["question"] != form["question"]
    assert "Question 2" in page
    student.post("practice/answer", data={**second, "answer": "a"})
    page, third = ask(student, room)
    assert third["question"] == form["question"]
    assert "have not seen it for the longest time" in page


def test_without_a_choice_the_question_stays_with_the_reason_beside_it(room: Room) -> None:
    student = room.enter()
    _, form = ask(student, room)
    answer = student.post("practice/answer", data=form)
    assert answer.status_code == 422
    assert "Choose an answer first." in answer.text
    assert hidden(answer.text)["question"] == form["question"]
    assert room.attempts() == 0
    again = hidden(answer.text)
    assert student.post("practice/answer", data={**again, "answer": "b"}).status_code == 303


@pytest.mark.parametrize("shown_at", ["", "x", "-5", "9" * 30, "99999999999"])
def test_a_strange_clock_in_the_form_does_no_harm(room: Room, shown_at: str) -> None:
    student = room.enter()
    _, form = ask(student, room)
    answer = student.post("practice/answer", data={**form, "answer": "b", "shown_at": shown_at})
    assert answer.status_code == 303


def test_time_is_taken_from_the_moment_the_question_was_shown(room: Room) -> None:
    student = room.enter()
    _, form = ask(student, room)
    shown_at = str(int((now() - timedelta(seconds=40)).timestamp()))
    student.post("practice/answer", data={**form, "answer": "b", "shown_at": shown_at})
    taken = room.session.scalars(select(StudentAttempt)).one().time_taken_seconds
    assert taken is not None
    assert 40 <= taken <= 45


def test_the_list_of_concepts_says_where_one_stands(room: Room) -> None:
    factories.concept(room.session, room.course, name="Without questions")
    student = room.enter()
    page = student.get("practice/").text
    assert "Choose what to practise" in page
    assert "Not started" in page
    assert "2 questions" in page
    assert "Without questions" not in page
    _, form = ask(student, room)
    student.post("practice/answer", data={**form, "answer": "b"})
    assert "likely" in student.get("practice/concepts").text


def test_an_empty_bank_is_said_to_both_sides(app: Flask, session: Session) -> None:
    room = Room(app, session, questions=0)
    student = room.enter()
    assert "No questions yet." in student.get("practice/").text
    page = student.get(f"practice/?concept={room.concept.concept_id}").text
    assert "No questions on For &lt;loops&gt; yet." in page
    teacher = room.enter(CourseRole.TEACHER)
    assert "No questions in use" in teacher.get("practice/bank/").text


def test_a_placed_activity_opens_its_concept_and_shows_the_grade(room: Room) -> None:
    student = room.enter(activity_id=room.activity().activity_id)
    page = student.get("practice/").text
    assert "Counts for your grade: 5 questions, 10 points." in page
    assert "Grade so far" in page
    assert "This link has no column in the gradebook" in page
    student.post("practice/answer", data={**hidden(page), "answer": "b"})
    page = student.get("practice/").text
    assert re.search(r'cl-big">2 <span[^>]*>of 10', page)
    assert "1 of 5 questions answered." in page


def test_practice_on_another_concept_is_no_part_of_the_activity(room: Room) -> None:
    other = factories.concept(room.session, room.course)
    factories.question(room.session, other)
    student = room.enter(activity_id=room.activity().activity_id)
    page = student.get(f"practice/?concept={other.concept_id}").text
    assert "Practice without a grade." in page
    assert "Grade so far" not in page
    student.post("practice/answer", data={**hidden(page), "answer": "b"})
    assert room.session.scalars(select(StudentAttempt)).one().activity_id is None


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        (ScorePolicy.BEST, "More practice never lowers it."),
        (ScorePolicy.LAST, "Your last answer to each question counts."),
        (ScorePolicy.AVERAGE, "The average of your answers to each question counts."),
        (ScorePolicy.MASTERY, "Your mastery of what is practised counts, as it is shown here"),
    ],
)
def test_a_student_reads_what_counts(room: Room, policy: ScorePolicy, words: str) -> None:
    activity = room.activity(score_policy=policy, question_count=1)
    student = room.enter(activity_id=activity.activity_id)
    page = student.get("practice/").text
    assert words in page
    student.post("practice/answer", data={**hidden(page), "answer": "b"})
    page = student.get("practice/").text
    figure = re.search(r'cl-big">([\d.]+) <span[^>]*>of 10</span></span>(.*?)</div>', page)
    assert figure is not None
    if policy is ScorePolicy.MASTERY:  # an estimate says how sure it is
        low, high = re.findall(r"likely ([\d.]+)\N{EN DASH}([\d.]+)", figure[2])[0]
        assert 0 < float(low) < float(figure[1]) < float(high) < 10
    else:
        assert (figure[1], figure[2]) == ("10", "")


class TestASetOfSeveralConcepts:
    @pytest.fixture
    def lists(self, room: Room) -> Concept:
        lists: Concept = factories.concept(room.session, room.course, name="Lists")
        factories.question(room.session, lists)
        return lists

    def test_its_questions_come_from_all_of_them_and_all_count(
        self, room: Room, lists: Concept
    ) -> None:
        activity = room.activity(title="Week <3>", concepts=[room.concept, lists])
        student = room.enter(activity_id=activity.activity_id)
        asked, numbers = set(), []
        for _ in range(3):
            page = student.get("practice/").text
            assert "<h1>Week &lt;3&gt;</h1>" in page
            assert re.search(r"Your mastery of (Lists|For &lt;loops&gt;)</h2>", page)
            form = hidden(page)
            asked.add(form["question"])
            answered = student.post("practice/answer", data={**form, "answer": "b"})
            page = student.get(answered.location).text
            assert "Mastered from 85 % on, once you have also answered 5 different" in page
            numbers += re.findall(r"Question (\d)</h2>", page)
        assert len(asked) == 3
        assert numbers == ["1", "2", "3"]
        assert "3 of 5 questions answered." in student.get("practice/").text

    def test_one_of_them_can_be_asked_for_and_stayed_with(self, room: Room, lists: Concept) -> None:
        activity = room.activity(concepts=[room.concept, lists])
        student = room.enter(activity_id=activity.activity_id)
        page = student.get(f"practice/?concept={lists.concept_id}").text
        assert "<h1>Lists</h1>" in page
        assert "Grade so far" in page
        answered = student.post("practice/answer", data={**hidden(page), "answer": "b"})
        page = student.get(answered.location).text
        assert f"practice/?concept={lists.concept_id}" in page
        [attempt] = room.session.scalars(select(StudentAttempt))
        assert attempt.activity_id == activity.activity_id

    def test_its_teacher_sees_how_many_questions_it_has(self, room: Room, lists: Concept) -> None:
        activity = room.activity(concepts=[room.concept, lists])
        teacher = room.enter(CourseRole.TEACHER, activity_id=activity.activity_id)
        location = teacher.get("practice/").location
        assert location.endswith("/practice/bank/")
        for path in (location, f"practice/bank/concepts/{lists.concept_id}"):
            page = teacher.get(path).text
            assert "This link gives students 5 questions for 10 points on" in page
            assert ">For &lt;loops&gt;</a> and <a" in page
            assert "With 3 questions in use they cannot reach them all yet." in page


class TestDates:
    """An activity that opens and closes, in a course of another zone than ours."""

    @staticmethod
    def _enter(room: Room, **hours: float) -> Visitor:
        room.course.time_zone = "Pacific/Auckland"
        dates = {f"{name}_at": now() + timedelta(hours=given) for name, given in hours.items()}
        return room.enter(activity_id=room.activity(**dates).activity_id)

    def test_before_it_opens_a_calm_page_says_when(self, room: Room) -> None:
        student = self._enter(room, opens=48)
        page = student.get("practice/")
        assert page.status_code == 200
        assert "Opens " in page.text
        assert "Check answer" not in page.text
        assert "Ask the tutor" in page.text
        assert "Pacific/Auckland" in page.text

    def test_after_it_closed_the_score_stands_and_practice_goes_on(self, room: Room) -> None:
        student = self._enter(room, opens=-48, closes=-24)
        page = student.get("practice/").text
        assert "Closed " in page
        assert "Grade so far" in page
        assert f"practice/?concept={room.concept.concept_id}" in page
        page = student.get(f"practice/?concept={room.concept.concept_id}").text
        assert "Practice without a grade." in page
        answered = student.post("practice/answer", data={**hidden(page), "answer": "b"})
        page = student.get(answered.location).text
        assert "does not count for the grade" in page
        assert re.search(r'cl-big">0 <span[^>]*>of 10', page)

    def test_while_it_is_open_the_due_date_is_shown_and_late_answers_count(
        self, room: Room
    ) -> None:
        student = self._enter(room, due=-1, closes=24)
        page = student.get("practice/").text
        assert "late answers still count." in page
        assert "Counts for your grade" in page
        answered = student.post("practice/answer", data={**hidden(page), "answer": "b"})
        page = student.get(answered.location).text
        assert "does not count" not in page
        assert re.search(r'cl-big">2 <span[^>]*>of 10', page)


def test_a_preview_is_told_that_nothing_is_sent(room: Room) -> None:
    visitor = room.enter(CourseRole.TEST_STUDENT, activity_id=room.activity().activity_id)
    page = visitor.get("practice/").text
    assert "A preview: nothing is sent to the gradebook" in page


def test_nothing_of_another_course_exists_here(room: Room, app: Flask, session: Session) -> None:
    other = Room(app, session)
    student, teacher = other.enter(), other.enter(CourseRole.TEACHER)
    question = room.questions[0].question_id
    _, form = ask(student, other)
    assert student.get(f"practice/?concept={room.concept.concept_id}").status_code == 404
    answer = student.post(
        "practice/answer", data={**form, "question": str(question), "answer": "b"}
    )
    assert answer.status_code == 404
    for path in (
        f"practice/bank/concepts/{room.concept.concept_id}",
        f"practice/bank/questions/{question}",
        f"practice/bank/questions/{question}/try",
        f"practice/bank/concepts/{room.concept.concept_id}/questions/new?type=true_false",
    ):
        assert teacher.get(path).status_code == 404, path
    for what in ("take_out", "bring_back"):
        assert teacher.post(f"practice/bank/questions/{question}/{what}").status_code == 404
    assert room.attempts() == 0


def test_feedback_is_for_who_answered(room: Room) -> None:
    student = room.enter()
    _, form = ask(student, room)
    place = student.post("practice/answer", data={**form, "answer": "b"}).location
    attempt = place.rsplit("/", 1)[1]
    assert room.enter().get(f"practice/attempts/{attempt}").status_code == 404
    assert student.get(f"practice/attempts/{uuid.uuid4()}").status_code == 404


@pytest.mark.parametrize("path", ["practice/?concept=x", "practice/?concept=%00"])
def test_what_is_no_id_is_not_found(room: Room, path: str) -> None:
    assert room.enter().get(path).status_code == 404


class TestRights:
    """Who may come in at all."""

    @pytest.mark.parametrize(
        "role", [CourseRole.OBSERVER, CourseRole.ADMINISTRATOR, CourseRole.NONE]
    )
    def test_others_than_learners_and_teachers_stay_out(self, room: Room, role: CourseRole) -> None:
        visitor = room.enter(role)
        for path in ("practice/", "practice/concepts", "practice/bank/"):
            assert visitor.get(path).status_code == 403

    @pytest.mark.parametrize("role", [CourseRole.STUDENT, CourseRole.TEST_STUDENT])
    def test_learners_stay_out_of_the_bank(self, room: Room, role: CourseRole) -> None:
        visitor, question = room.enter(role), room.questions[0].question_id
        assert visitor.get("practice/bank/").status_code == 403
        assert visitor.get(f"practice/bank/questions/{question}").status_code == 403
        assert visitor.post(f"practice/bank/questions/{question}/take_out").status_code == 403

    @pytest.mark.parametrize("role", [CourseRole.TEACHER, CourseRole.TA])
    def test_teachers_record_no_attempts(self, room: Room, role: CourseRole) -> None:
        visitor = room.enter(role)
        data = {"question": str(room.questions[0].question_id), "answer": "b", "key": "a" * 32}
        assert visitor.post("practice/answer", data=data).status_code == 403
        assert visitor.get("practice/").status_code == 303
        tried = visitor.post(
            f"practice/bank/questions/{room.questions[0].question_id}/try", data={"answer": "b"}
        )
        assert "<h3>Right</h3>" in tried.text
        assert room.attempts() == 0
        assert room.session.scalar(select(func.count()).select_from(StudentProgress)) == 0


class TestBank:
    """A teacher's questions."""

    FORM: ClassVar[dict[str, str]] = {
        "text": "What is `1 + 1`?",
        "choice-0": "1",
        "choice-1": "2 <b>",
        "right": "1",
        "difficulty": "beginner",
    }

    def test_a_concept_is_added_once(self, room: Room) -> None:
        teacher = room.enter(CourseRole.TEACHER)
        data = {"name": "Lists", "keywords": "append, , slice"}
        added = teacher.post("practice/bank/concepts", data=data)
        assert added.status_code == 303
        assert "Lists" in teacher.get(added.location).text
        again = teacher.post("practice/bank/concepts", data=data)
        assert again.status_code == 422
        assert "already has a concept called" in again.text
        assert 'value="Lists"' in again.text
        assert 'value="append, , slice"' in again.text

    def test_a_question_is_written_and_answered(self, room: Room) -> None:
        teacher = room.enter(CourseRole.TEACHER)
        place = f"practice/bank/concepts/{room.concept.concept_id}/questions/new"
        page = teacher.get(f"{place}?type=multiple_choice")
        assert page.status_code == 200
        saved = teacher.post(f"{place}?type=multiple_choice", data=self.FORM)
        assert saved.status_code == 303
        page = teacher.get(saved.location).text
        assert "Saved." in page
        assert "What is <code>1 + 1</code>?" in page
        question = room.session.scalars(
            select(PracticeQuestion).where(PracticeQuestion.question_text == self.FORM["text"])
        ).one()
        tried = teacher.get(f"practice/bank/questions/{question.question_id}/try").text
        assert "2 &lt;b&gt;" in tried

    def test_faults_stand_beside_their_fields_and_the_input_stays(self, room: Room) -> None:
        teacher = room.enter(CourseRole.TEACHER)
        place = f"practice/bank/concepts/{room.concept.concept_id}/questions/new"
        data = {**self.FORM, "text": "", "right": "", "minutes": "soon", "choice-5": "late"}
        page = teacher.post(f"{place}?type=multiple_choice", data=data)
        assert page.status_code == 422
        for sentence in ("Write the question.", "Mark the right option.", "A whole number"):
            assert sentence in page.text
        assert 'value="2 &lt;b&gt;"' in page.text
        assert 'value="soon"' in page.text
        assert '<details class="cl-fold mt-2" open>' in page.text

    def test_a_true_or_false_question_is_written(self, room: Room) -> None:
        teacher = room.enter(CourseRole.TEACHER)
        place = f"practice/bank/concepts/{room.concept.concept_id}/questions/new?type=true_false"
        data = {"text": "1 is odd.", "right": "true", "difficulty": "beginner"}
        assert teacher.post(place, data=data).status_code == 303
        kinds = room.session.scalars(select(PracticeQuestion.question_type)).all()
        assert QuestionType.TRUE_FALSE in kinds

    @pytest.mark.parametrize("kind", ["", "coding", "short_answer", "x"])
    def test_other_kinds_cannot_be_written_yet(self, room: Room, kind: str) -> None:
        teacher = room.enter(CourseRole.TEACHER)
        place = f"practice/bank/concepts/{room.concept.concept_id}/questions/new?type={kind}"
        assert teacher.get(place).status_code == 404

    def test_taken_out_of_use_and_undone(self, room: Room) -> None:
        teacher, student = room.enter(CourseRole.TEACHER), room.enter()
        for question in room.questions:
            place = f"practice/bank/questions/{question.question_id}/take_out"
            page = teacher.get(teacher.post(place).location).text
        assert "Undo" in page
        assert "Out of use" in page
        assert "No questions on" in ask(student, room)[0]
        undo = f"practice/bank/questions/{room.questions[0].question_id}/bring_back"
        assert teacher.post(undo).status_code == 303
        assert "Question 1" in ask(student, room)[0]

    def test_changing_an_answered_question_keeps_what_was_answered(self, room: Room) -> None:
        teacher, student = room.enter(CourseRole.TEACHER), room.enter()
        _, form = ask(student, room)
        place = student.post("practice/answer", data={**form, "answer": "b"}).location
        edit = f"practice/bank/questions/{form['question']}"
        assert "Students have answered this question." in teacher.get(edit).text
        assert teacher.post(edit, data=self.FORM).status_code == 303
        assert "What does len([1, 2]) give?" in student.get(place).text

    def test_a_teachers_link_says_when_points_are_out_of_reach(self, room: Room) -> None:
        teacher = room.enter(CourseRole.TEACHER, activity_id=room.activity().activity_id)
        page = teacher.get(teacher.get("practice/").location).text
        assert "This link gives students 5 questions for 10 points." in page
        assert "With 2 questions in use they cannot reach them all yet." in page
