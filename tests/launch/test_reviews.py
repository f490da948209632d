"""Launches that show a learner's work: submission reviews, and the address SpeedGrader launches."""

from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from demo_lms import Platform, line_items, persons
from demo_lms import vocabulary as lti
from demo_lms.links import FIRST_LINK
from models import (
    Activity,
    ActivityKind,
    Course,
    Enrollment,
    LineItem,
    LtiContext,
    ScoreOutbox,
    StudentAttempt,
    ToolSession,
)
from tests import factories
from tests.launch.lms import TOOL, Attempt, Browser

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/for_user"
QUESTION = "What does `len` give?"


class Place:
    """A course of the demo LMS with a practice, its column, and the answers of one student."""

    def __init__(self, session: Session, browser: Browser, platform: Platform) -> None:
        self.session, self.browser, self.platform = session, browser, platform
        for person in ("teacher", "student-1", "student-2"):
            assert browser.launch(platform, person).status_code == 303
        self.course = session.scalars(select(Course)).one()
        concept = factories.concept(session, self.course)
        self.activity = Activity(
            course_id=self.course.course_id,
            kind=ActivityKind.PRACTICE,
            title="Practice: Loops",
            concepts=[concept],
            points=Decimal(10),
            question_count=5,
            created_by=self.member("teacher").student_id,
        )
        session.add(self.activity)
        session.flush()
        item = line_items.create(platform.store, {"label": "Loops", "scoreMaximum": 10})
        self.url = line_items.item_url(platform.settings, item.id)
        context = session.scalars(select(LtiContext)).one()
        column = LineItem(
            context_id=context.context_id, activity_id=self.activity.activity_id, url=self.url
        )
        session.add(column)
        session.flush()
        question = factories.question(session, concept, question_text=QUESTION)
        student = self.member("student-1").student_id
        session.add(
            StudentAttempt(
                student_id=student,
                question_id=question.question_id,
                submitted_answer="b",
                is_correct=True,
                score=Decimal(1),
                activity_id=self.activity.activity_id,
            )
        )
        self.score = ScoreOutbox(
            line_item_id=column.line_item_id,
            user_id=student,
            lti_subject=persons.get("student-1").subject,
            score_given=Decimal(2),
            score_maximum=Decimal(10),
        )
        session.add(self.score)
        session.commit()

    def member(self, person: str) -> Enrollment:
        subject = persons.get(person).subject
        return self.session.scalars(
            select(Enrollment).where(Enrollment.lti_subject == subject)
        ).one()

    def review(self, person: str, for_user: str | None = "student-1", **claims: Any) -> Attempt:
        """A submission review on its way, from this column."""
        attempt = self.browser.begin(self.platform, person)
        attempt.claims[lti.MESSAGE_TYPE] = "LtiSubmissionReviewRequest"
        attempt.claims[lti.AGS_ENDPOINT]["lineitem"] = self.url
        if for_user is not None:
            attempt.claims[CLAIM] = {"user_id": persons.get(for_user).subject}
        attempt.claims |= claims
        return attempt

    def opened(self, answer: TestResponse) -> TestResponse:
        assert answer.status_code == 303, answer.text
        return self.browser.open(answer.location)

    def newest(self) -> ToolSession:
        self.session.rollback()
        return self.session.scalars(
            select(ToolSession).order_by(ToolSession.created_at.desc()).limit(1)
        ).one()


@pytest.fixture
def place(session: Session, browser: Browser, platform: Platform) -> Place:
    return Place(session, browser, platform)


@pytest.mark.parametrize("person", ["teacher", "ta"])
def test_a_teacher_sees_the_students_work(place: Place, person: str) -> None:
    page = place.opened(place.review(person).post()).text
    assert "Ada Novak" in page
    assert "<code>len</code>" in page
    assert "Their answer, and the right one" in page
    assert place.newest().reviewed_user_id == place.member("student-1").student_id


def test_the_column_alone_says_which_activity(place: Place) -> None:
    attempt = place.review("teacher")
    del attempt.claims[lti.RESOURCE_LINK]
    assert "Practice: Loops" in place.opened(attempt.post()).text


def test_without_a_student_it_asks_whose_work(place: Place) -> None:
    page = place.opened(place.review("teacher", for_user=None).post())
    assert "Whose work?" in page.text
    assert "Ada Novak" in page.text
    address = page.text.split('href="')
    (there,) = [one.split('"')[0] for one in address if "student=" in one.split('"')[0]]
    assert "<code>len</code>" in place.browser.open(there.replace("&amp;", "&")).text


def test_a_stranger_as_the_student_is_asked_for_too(place: Place) -> None:
    attempt = place.review("teacher")
    attempt.claims[CLAIM] = {"user_id": "nobody-here"}
    assert "Whose work?" in place.opened(attempt.post()).text
    assert place.newest().reviewed_user_id is None


def test_nobody_but_a_learner_of_this_course_has_work_here(place: Place, session: Session) -> None:
    """Neither its teacher, nor who learns in another course."""
    factories.member(session, factories.course(session), lti_subject="elsewhere")
    session.commit()
    for subject in (persons.get("teacher").subject, "elsewhere"):
        attempt = place.review("teacher")
        attempt.claims[CLAIM] = {"user_id": subject}
        assert "Whose work?" in place.opened(attempt.post()).text
        assert place.newest().reviewed_user_id is None


def test_another_courses_column_says_nothing_of_ours(place: Place, session: Session) -> None:
    other = factories.course(session)
    foreign = Activity(
        course_id=other.course_id,
        kind=ActivityKind.TUTOR,
        title="Foreign",
        created_by=place.member("teacher").student_id,
    )
    context = LtiContext(
        deployment_id=session.scalars(select(LtiContext.deployment_id)).one(),
        lti_context_id="another",
        course_id=other.course_id,
    )
    session.add_all([foreign, context])
    session.flush()
    address = f"{place.url}9"
    session.add(
        LineItem(context_id=context.context_id, activity_id=foreign.activity_id, url=address)
    )
    session.commit()
    attempt = place.review("teacher")
    attempt.claims[lti.AGS_ENDPOINT]["lineitem"] = address
    assert "Foreign" not in place.opened(attempt.post()).text
    assert place.newest().activity_id is None


@pytest.mark.parametrize("for_user", ["student-1", None])
def test_a_learner_sees_their_own_work(place: Place, for_user: str | None) -> None:
    page = place.opened(place.review("student-1", for_user).post()).text
    assert "Your answers" in page
    assert "Your answer, and the right one" in page


def test_a_learner_sees_no_others_work(place: Place) -> None:
    before = place.newest().session_id
    answer = place.review("student-2", "student-1").post()
    assert answer.status_code == 403
    assert "Other students" in answer.text
    assert place.newest().session_id == before


def test_a_learner_cannot_ask_for_another_by_address(place: Place) -> None:
    answer = place.review("student-2", None).post()
    other = place.member("student-1").student_id
    page = place.browser.open(f"{answer.location}?student={other}")
    assert page.status_code == 200
    assert QUESTION.partition("`")[0] not in page.text


def test_an_administrator_gets_no_work(place: Place) -> None:
    answer = place.review("admin").post()
    assert answer.status_code == 303
    assert not answer.location.endswith("/review/")
    assert place.newest().reviewed_user_id is None


@pytest.mark.parametrize(
    ("claims", "dropped"),
    [
        ({CLAIM: "student-1"}, ()),
        ({CLAIM: {}}, ()),
        ({CLAIM: {"user_id": ""}}, ()),
        ({CLAIM: {"user_id": 4}}, ()),
        ({lti.AGS_ENDPOINT: {}}, (lti.RESOURCE_LINK,)),
        ({lti.RESOURCE_LINK: {"id": ""}, lti.AGS_ENDPOINT: {"lineitem": ""}}, ()),
        ({lti.ROLES: "Instructor"}, ()),
        ({lti.TARGET_LINK_URI: "https://elsewhere.example/"}, ()),
    ],
    ids=str,
)
def test_a_review_that_lacks_what_it_needs_is_refused(
    place: Place, claims: dict[str, Any], dropped: tuple[str, ...]
) -> None:
    attempt = place.review("teacher", **claims)
    for name in dropped:
        del attempt.claims[name]
    assert attempt.post().status_code == 400


class TestSpeedGrader:
    """Canvas launches the address that came with the score; the message is an ordinary one."""

    def _launch(self, place: Place, person: str, score: UUID | str) -> TestResponse:
        link = place.platform.store
        with link.write() as db:
            db.execute(
                "update links set url = ? where id = ?", (f"{TOOL}/lti/review/{score}", FIRST_LINK)
            )
        try:
            return place.browser.begin(place.platform, person).post()
        finally:
            with link.write() as db:
                db.execute("update links set url = null where id = ?", (FIRST_LINK,))

    def test_a_teacher_sees_the_work_behind_the_score(self, place: Place) -> None:
        page = place.opened(self._launch(place, "teacher", place.score.outbox_id)).text
        assert "Ada Novak" in page
        assert "<code>len</code>" in page

    def test_a_student_sees_their_own_alone(self, place: Place) -> None:
        page = place.opened(self._launch(place, "student-1", place.score.outbox_id)).text
        assert "Your answers" in page
        assert self._launch(place, "student-2", place.score.outbox_id).status_code == 403

    @pytest.mark.parametrize("score", [uuid4(), "no-id", ""], ids=["unknown", "no id", "none"])
    def test_an_unknown_score_opens_a_page_that_says_so(
        self, place: Place, score: UUID | str
    ) -> None:
        page = place.opened(self._launch(place, "teacher", score)).text
        assert "No answers here" in page

    def test_a_score_of_another_course_is_unknown(self, place: Place, session: Session) -> None:
        context = session.scalars(select(LtiContext)).one()
        context.course_id = factories.course(session).course_id
        session.commit()
        # The launch's context is that other course now; the score is moved back to a third one.
        other = LtiContext(
            deployment_id=context.deployment_id,
            lti_context_id="another",
            course_id=place.course.course_id,
        )
        session.add(other)
        session.flush()
        session.scalars(select(LineItem)).one().context_id = other.context_id
        session.commit()
        page = place.opened(self._launch(place, "teacher", place.score.outbox_id)).text
        assert "No answers here" in page
        assert "Ada Novak" not in page
        assert place.newest().reviewed_user_id is None

    def test_opened_by_hand_the_address_sends_to_the_course(self, browser: Browser) -> None:
        for path in ("/lti/review", f"/lti/review/{uuid4()}"):
            assert "Open this from your course" in browser.open(path).text
