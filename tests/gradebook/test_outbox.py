"""Which scores are wanted in the LMS, and what a changed one does to the row."""

import uuid
from decimal import Decimal

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.gradebook.columns import find_column
from app.gradebook.outbox import send_again
from app.gradebook.slots import lock_of, queue_lost, slot_of
from models import (
    Concept,
    CourseRole,
    Enrollment,
    EnrollmentStatus,
    LineItem,
    ResourceLink,
    ScoreOutbox,
    ScorePolicy,
    ScoreStatus,
    now,
)
from tests import factories
from tests.gradebook.conftest import Class


def _jobs(session: Session) -> list[tuple[str, str]]:
    rows = session.execute(text("select task_name, lock from procrastinate_jobs order by id"))
    return [(row.task_name, row.lock) for row in rows]


def _rows(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(ScoreOutbox)) or 0


def test_a_wanted_score_has_one_row_and_one_job(lms_class: Class) -> None:
    row = lms_class.answer(1, 1)
    assert row is not None
    assert (row.score_given, row.score_maximum, row.is_complete) == (Decimal(4), Decimal(10), False)
    assert (row.status, row.version) == (ScoreStatus.WAITING, 1)
    assert row.lti_subject == lms_class.member().lti_subject
    lms_class.answer(1)
    lms_class.answer(0, 1)
    assert (row.score_given, row.is_complete, row.version) == (Decimal(8), True, 3)
    lock = lock_of(lms_class.deployment.registration_id, slot_of(row.outbox_id))
    assert _jobs(lms_class.session) == [("gradebook:drain", lock)]


def test_row_and_job_go_with_the_transaction(lms_class: Class) -> None:
    member = lms_class.member()
    assert lms_class.want(member) is not None
    lms_class.session.rollback()
    assert _rows(lms_class.session) == 0
    assert _jobs(lms_class.session) == []


def test_an_equal_score_is_no_news(lms_class: Class) -> None:
    row = lms_class.answer(1)
    assert row is not None
    lms_class.want(lms_class.member())
    assert row.version == 1


@pytest.mark.parametrize(
    "role",
    [role for role in CourseRole if role is not CourseRole.STUDENT],
)
def test_only_learners_have_scores(lms_class: Class, role: CourseRole) -> None:
    member = factories.member(lms_class.session, lms_class.course, role)
    assert lms_class.answer(1, member=member) is None
    assert (_rows(lms_class.session), _jobs(lms_class.session)) == (0, [])


@pytest.mark.parametrize(
    "change", [{"status": EnrollmentStatus.DROPPED}, {"lti_subject": None}], ids=str
)
def test_who_left_or_is_unknown_to_the_lms_has_none(
    lms_class: Class, change: dict[str, object]
) -> None:
    member = factories.member(lms_class.session, lms_class.course, **change)
    assert lms_class.answer(1, member=member) is None


def test_an_activity_without_points_has_none(lms_class: Class) -> None:
    lms_class.activity.points = None
    assert lms_class.answer(1) is None


def test_an_activity_of_another_course_has_none(lms_class: Class) -> None:
    lms_class.activity.course_id = factories.course(lms_class.session).course_id
    assert lms_class.answer(1) is None


class TestColumns:
    """Which line item it is."""

    def _add(self, lms_class: Class, **given: object) -> LineItem:
        old = lms_class.session.scalars(select(LineItem)).one()
        new = LineItem(context_id=old.context_id, url=f"https://lms/{uuid.uuid4()}", **given)
        lms_class.session.add(new)
        lms_class.session.flush()
        return new

    def _link(self, lms_class: Class) -> ResourceLink:
        link = ResourceLink(
            context_id=lms_class.link.context_id, lti_resource_link_id=uuid.uuid4().hex
        )
        lms_class.session.add(link)
        lms_class.session.flush()
        return link

    def test_a_link_without_a_column_has_no_score(self, lms_class: Class) -> None:
        lms_class.session.execute(text("delete from line_items"))
        assert lms_class.answer(1) is None

    def test_the_link_one_came_by_decides(self, lms_class: Class) -> None:
        other = self._link(lms_class)
        self._add(
            lms_class,
            activity_id=lms_class.activity.activity_id,
            resource_link_id=other.resource_link_id,
        )
        row = lms_class.answer(1)
        assert row is not None
        own = lms_class.session.get_one(LineItem, row.line_item_id)
        assert own.resource_link_id == lms_class.link.resource_link_id

    def test_without_a_link_of_its_own_the_activitys_column_serves(self, lms_class: Class) -> None:
        lms_class.link = self._link(lms_class)
        row = lms_class.answer(1)
        assert row is not None

    def test_without_any_link_a_column_that_was_let_go_serves_last(self, lms_class: Class) -> None:
        activity_id = lms_class.activity.activity_id
        self._add(lms_class, activity_id=activity_id)  # newer, and no link's any more
        found = find_column(lms_class.session, lms_class.course.course_id, activity_id, None)
        assert found and found.resource_link_id == lms_class.link.resource_link_id

    def test_a_column_of_another_activity_never_serves(self, lms_class: Class) -> None:
        column = lms_class.session.scalars(select(LineItem)).one()
        other = factories.concept(lms_class.session, lms_class.course)
        column.activity_id = _other_activity(lms_class, other)
        assert lms_class.answer(1) is None


def _other_activity(lms_class: Class, concept: Concept) -> uuid.UUID:
    old = lms_class.activity
    new = type(old)(
        course_id=old.course_id,
        kind=old.kind,
        title="Other",
        concepts=[concept],
        score_policy=ScorePolicy.BEST,
        created_by=old.created_by,
    )
    lms_class.session.add(new)
    lms_class.session.flush()
    return new.activity_id


def test_a_score_on_its_way_is_left_to_its_worker(lms_class: Class) -> None:
    row = lms_class.answer(1)
    assert row is not None
    row.status = ScoreStatus.SENDING
    lms_class.session.execute(text("delete from procrastinate_jobs"))
    lms_class.answer(1)
    assert (row.status, row.version) == (ScoreStatus.SENDING, 2)
    assert _jobs(lms_class.session) == []  # the worker looks at the version when it is done


def test_a_grade_changed_in_the_lms_is_not_sent_over(lms_class: Class) -> None:
    row = lms_class.answer(1)
    assert row is not None
    row.status = ScoreStatus.CHANGED_IN_LMS
    lms_class.session.execute(text("delete from procrastinate_jobs"))
    lms_class.answer(1)
    assert (row.status, row.score_given) == (ScoreStatus.CHANGED_IN_LMS, Decimal(4))
    assert _jobs(lms_class.session) == []


def test_send_again_hastens_a_try_that_waits(lms_class: Class) -> None:
    row = lms_class.answer(1)
    assert row is not None
    row.attempts, row.next_try_at, row.last_error = 3, now(), "x"
    lms_class.session.execute(
        text("update procrastinate_jobs set scheduled_at = now() + interval '1 hour'")
    )
    lms_class.session.commit()
    send_again(lms_class.session, lms_class.course.course_id, row.outbox_id)
    scheduled = lms_class.session.execute(text("select scheduled_at from procrastinate_jobs"))
    assert scheduled.scalars().all() == [None]
    assert (row.attempts, row.next_try_at, row.last_error, row.version) == (0, None, None, 2)


def test_send_again_knows_only_its_own_course(lms_class: Class) -> None:
    row = lms_class.answer(1)
    assert row is not None
    other = factories.course(lms_class.session)
    with pytest.raises(NotFound):
        send_again(lms_class.session, other.course_id, row.outbox_id)


def test_lost_is_only_what_should_move_and_has_no_job(lms_class: Class) -> None:
    row = lms_class.answer(1)
    assert row is not None
    long_ago = text("update score_outbox set updated_at = now() - interval '5 minutes'")
    lms_class.session.execute(long_ago)
    assert queue_lost(lms_class.session) == 0  # it has its job
    lms_class.session.execute(text("delete from procrastinate_jobs"))
    assert queue_lost(lms_class.session) == 1
    lms_class.session.execute(text("delete from procrastinate_jobs"))
    lms_class.session.execute(text("update score_outbox set status = 'sent'"))
    assert queue_lost(lms_class.session) == 0


def test_a_new_subject_of_the_learner_is_taken_over(lms_class: Class) -> None:
    lms_class.answer(1)
    member = lms_class.session.get_one(Enrollment, lms_class.member().enrollment_id)
    member.lti_subject = "merged"
    row = lms_class.want(member)
    assert row is not None
    assert row.lti_subject == "merged"
