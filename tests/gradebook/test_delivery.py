"""A score on its way into a real gradebook: the demo LMS on the loopback, with its faults."""

import threading
import time
from datetime import timedelta
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import select, text

from app.extensions import db
from app.gradebook import sending
from app.gradebook.delivery import FIRST_DELAY, LONGEST_DELAY, PATIENCE, back_off
from app.gradebook.jobs import sweep
from app.gradebook.outbox import send_again
from app.gradebook.slots import wake
from demo_lms import gradebook, line_items
from lti_config.outcomes import Cause, Refused
from models import ScoreOutbox, ScoreStatus, now
from tests.gradebook.conftest import Class


def test_a_score_is_delivered_by_the_worker_with_a_receipt(lms_class: Class) -> None:
    lms_class.answer(1, 0, 1)
    lms_class.work()
    row = lms_class.row()
    assert lms_class.shown() == 4
    assert row.status is ScoreStatus.SENT
    assert (row.sent_score, row.sent_version, row.version) == (Decimal(4), 1, 1)
    assert row.sent_at is not None
    assert row.receipt is not None
    assert (row.receipt["status"], Decimal(row.receipt["shown"])) == (200, Decimal(4))
    assert row.posted_scores is None
    subject = lms_class.member().lti_subject
    assert lms_class.posts() == [(subject, 4, 200)]


def test_a_learner_without_a_right_answer_has_zero_points(lms_class: Class) -> None:
    lms_class.answer(0)
    lms_class.work()
    assert lms_class.shown() == 0


def test_several_answers_before_the_worker_comes_are_one_delivery(lms_class: Class) -> None:
    for share in (1, 0, 1, 1):
        lms_class.answer(share)
    lms_class.work()
    assert [(score, status) for _, score, status in lms_class.posts()] == [(6, 200)]


def test_an_answer_that_changes_no_score_sends_nothing(lms_class: Class) -> None:
    lms_class.answer(1, 1, 1, 1, 1)
    lms_class.work()
    lms_class.answer(0)
    lms_class.work()
    assert len(lms_class.posts()) == 1
    assert lms_class.row().version == 1


def test_a_better_score_follows_with_a_later_timestamp(lms_class: Class) -> None:
    lms_class.answer(1)
    lms_class.work()
    first = lms_class.row().last_timestamp
    lms_class.answer(1)
    lms_class.work()
    second = lms_class.row().last_timestamp
    assert lms_class.shown() == 4
    assert first is not None
    assert second is not None
    assert second - first >= timedelta(seconds=1)
    assert first.microsecond == second.microsecond == 0


def test_the_lms_is_down_and_comes_up_again(lms_class: Class) -> None:
    lms_class.fault(ags_down=True)
    lms_class.answer(1)
    for attempts in (1, 2, 3):
        lms_class.work()
        row = lms_class.row()
        assert (row.status, row.attempts) == (ScoreStatus.WAITING, attempts)
        assert row.next_try_at is not None
        assert row.next_try_at > now()
        assert (row.last_error or "").startswith("The LMS could not be reached.\n503")
        lms_class.later()
    lms_class.fault(ags_down=False)
    lms_class.work()
    row = lms_class.row()
    assert (row.status, row.attempts, row.last_error) == (ScoreStatus.SENT, 0, None)
    assert row.failing_since is row.next_try_at is None
    assert lms_class.shown() == 2


def test_before_the_time_of_the_next_try_nothing_is_sent(lms_class: Class) -> None:
    lms_class.fault(ags_down=True)
    lms_class.answer(1)
    lms_class.work()
    lms_class.fault(ags_down=False)
    lms_class.work()
    assert lms_class.row().status is ScoreStatus.WAITING
    assert lms_class.posts() == []


def test_what_is_answered_while_the_lms_is_down_goes_with_the_next_try(lms_class: Class) -> None:
    lms_class.fault(token_down=True)
    lms_class.answer(1)
    lms_class.work()
    lms_class.answer(1, 1)
    lms_class.fault(token_down=False)
    lms_class.later()
    lms_class.work()
    assert [(score, status) for _, score, status in lms_class.posts()] == [(6, 200)]


def test_after_a_day_of_failures_the_teacher_is_told(lms_class: Class) -> None:
    lms_class.fault(ags_down=True)
    lms_class.answer(1)
    lms_class.work()
    row = lms_class.row()
    row.failing_since = now() - PATIENCE
    lms_class.session.commit()
    lms_class.later()
    lms_class.work()
    row = lms_class.row()
    assert (row.status, row.next_try_at) == (ScoreStatus.REFUSED, None)
    assert (row.last_error or "").startswith("The LMS could not be reached for a day.")

    lms_class.fault(ags_down=False)
    lms_class.answer(1)  # a new answer is a reason to try again
    lms_class.work()
    assert lms_class.row().status is ScoreStatus.SENT
    assert lms_class.shown() == 4


def test_a_person_the_lms_does_not_grade_is_refused_in_words(lms_class: Class) -> None:
    member = lms_class.member("teacher")  # here a student, there a teacher
    lms_class.answer(1, member=member)
    lms_class.work()
    row = lms_class.row(member)
    assert row.status is ScoreStatus.REFUSED
    assert (row.last_error or "").startswith("The LMS does not grade this person here.")
    lms_class.work()
    assert len(lms_class.posts()) == 1


def test_a_column_that_is_gone_is_refused_in_words(lms_class: Class) -> None:
    line_items.delete(lms_class.platform.store, lms_class.column.id or 0)
    lms_class.answer(1)
    lms_class.work()
    assert (lms_class.row().last_error or "").startswith("The column, the assignment or")


def test_a_score_wanted_while_an_older_one_is_refused_has_a_try_of_its_own(
    lms_class: Class, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = sending.send

    def refused_meanwhile(*_: object) -> Refused:
        monkeypatch.setattr(sending, "send", send)
        lms_class.answer(1)
        return Refused(Cause.ACCESS, "not now")

    monkeypatch.setattr(sending, "send", refused_meanwhile)
    lms_class.answer(1)
    lms_class.work()
    lms_class.work()
    assert lms_class.row().status is ScoreStatus.SENT
    assert [score for _, score, _ in lms_class.posts()] == [4]


class TestAWorkerThatDied:
    """Found in `sending`: the gradebook is read first."""

    def test_after_its_post_nothing_is_sent_again(self, lms_class: Class) -> None:
        lms_class.answer(1)
        lms_class.work()
        row = lms_class.row()  # as it stood before the worker could note the answer:
        row.status, row.posted_scores = ScoreStatus.SENDING, ["2.00000"]
        row.sent_score = row.sent_at = row.receipt = None
        row.sent_version = 0
        self._again(lms_class)
        assert len(lms_class.posts()) == 1
        row = lms_class.row()
        assert (row.status, row.sent_score) == (ScoreStatus.SENT, Decimal(2))
        assert (row.receipt or {})["found"] is True

    def test_before_its_post_the_score_is_sent_once(self, lms_class: Class) -> None:
        row = lms_class.answer(1)
        assert row is not None
        row.status, row.posted_scores = ScoreStatus.SENDING, ["2.00000"]
        self._again(lms_class)
        assert [score for _, score, _ in lms_class.posts()] == [2]
        assert lms_class.row().status is ScoreStatus.SENT

    def test_and_a_better_score_wanted_since_goes_out(self, lms_class: Class) -> None:
        lms_class.answer(1)
        lms_class.work()
        row = lms_class.row()
        row.status, row.posted_scores = ScoreStatus.SENDING, ["2.00000"]
        row.sent_score = row.receipt = None
        lms_class.session.commit()
        lms_class.answer(1)
        assert lms_class.row().status is ScoreStatus.SENDING
        self._again(lms_class)
        assert [score for _, score, _ in lms_class.posts()] == [2, 4]
        assert lms_class.row().status is ScoreStatus.SENT

    def test_the_sweep_finds_a_row_that_lost_its_job(self, lms_class: Class) -> None:
        row = lms_class.answer(1)
        assert row is not None
        lms_class.session.execute(text("delete from procrastinate_jobs"))
        row.status, row.updated_at = ScoreStatus.SENDING, now() - timedelta(minutes=2)
        lms_class.session.commit()
        sweep(timestamp=0)
        sweep(timestamp=0)
        lms_class.work()
        assert lms_class.row().status is ScoreStatus.SENT
        assert len(lms_class.posts()) == 1

    def _again(self, lms_class: Class) -> None:
        lms_class.session.flush()
        wake(lms_class.session, [lms_class.session.scalars(select(ScoreOutbox)).one().outbox_id])
        lms_class.session.commit()
        lms_class.work()


class TestAGradeChangedInTheLms:
    """The platform has the last word."""

    def _override(self, lms_class: Class, points: str) -> None:
        gradebook.override(
            lms_class.platform, lms_class.column.id or 0, "student-1", points, "by hand"
        )

    def test_it_stays_and_the_row_says_so(self, lms_class: Class) -> None:
        lms_class.answer(1)
        lms_class.work()
        self._override(lms_class, "9")
        lms_class.answer(1)
        lms_class.work()
        row = lms_class.row()
        assert row.status is ScoreStatus.CHANGED_IN_LMS
        assert Decimal((row.receipt or {})["shown"]) == 9
        assert lms_class.shown() == 9
        assert len(lms_class.posts()) == 1

        lms_class.answer(1, 1)
        lms_class.work()
        assert lms_class.row().status is ScoreStatus.CHANGED_IN_LMS
        assert len(lms_class.posts()) == 1

    def test_until_the_teacher_says_send_again(self, lms_class: Class) -> None:
        lms_class.answer(1)
        lms_class.work()
        self._override(lms_class, "9")
        lms_class.answer(1)
        lms_class.work()
        row = lms_class.row()
        send_again(lms_class.session, lms_class.course.course_id, row.outbox_id, over_change=True)
        lms_class.session.commit()
        lms_class.work()
        assert lms_class.row().status is ScoreStatus.SENT
        assert lms_class.shown() == 4

    def test_a_change_that_nobody_was_shown_is_not_sent_over(self, lms_class: Class) -> None:
        """The page still said "in the gradebook" when the teacher said "send again" there."""
        lms_class.answer(1)
        lms_class.work()
        self._override(lms_class, "9")
        send_again(lms_class.session, lms_class.course.course_id, lms_class.row().outbox_id)
        lms_class.session.commit()
        lms_class.work()
        assert lms_class.row().status is ScoreStatus.CHANGED_IN_LMS
        assert lms_class.shown() == 9
        assert len(lms_class.posts()) == 1

    def test_the_score_we_want_set_by_hand_needs_no_sending(self, lms_class: Class) -> None:
        lms_class.answer(1)
        lms_class.work()
        self._override(lms_class, "4")
        lms_class.answer(1)
        lms_class.work()
        assert lms_class.row().status is ScoreStatus.SENT
        assert len(lms_class.posts()) == 1


class TestATimestampThatIsNotNewer:
    """409, as of a platform whose clock or whose teacher was faster."""

    def test_the_score_is_stamped_anew_and_sent_once_more(self, lms_class: Class) -> None:
        lms_class.answer(1)
        lms_class.work()
        row = lms_class.row()
        assert row.last_timestamp is not None
        row.last_timestamp += timedelta(seconds=100)
        lms_class.session.commit()
        with lms_class.platform.store.write() as db:
            db.execute("update grades set stamped_second = stamped_second + 101")
        lms_class.answer(1)
        lms_class.work()
        assert [status for _, _, status in lms_class.posts()] == [200, 409, 200]
        assert lms_class.row().status is ScoreStatus.SENT
        assert lms_class.shown() == 4

    def test_a_platform_far_ahead_is_tried_again_later(self, lms_class: Class) -> None:
        lms_class.answer(1)
        lms_class.work()
        with lms_class.platform.store.write() as db:
            db.execute("update grades set stamped_second = stamped_second + 3600")
        lms_class.answer(1)
        lms_class.work()
        row = lms_class.row()
        assert [status for _, _, status in lms_class.posts()] == [200, 409, 409]
        assert row.status is ScoreStatus.WAITING
        assert "newer than ours" in (row.last_error or "")


def test_a_hanging_lms_holds_no_connection_of_the_database(app: Flask, lms_class: Class) -> None:
    lms_class.fault(ags_hang=2)
    lms_class.answer(1)
    lms_class.session.close()
    is_done, free_since, longest = threading.Event(), time.monotonic(), 0.0

    def watch() -> None:
        nonlocal free_since, longest
        with app.app_context():
            while not is_done.wait(0.05):
                if db.engine.pool.checkedout():  # type: ignore[attr-defined]
                    free_since = time.monotonic()
                longest = max(longest, time.monotonic() - free_since)

    watcher = threading.Thread(target=watch)
    watcher.start()
    lms_class.work()
    is_done.set()
    watcher.join()
    assert longest > 1.5, "while the LMS hung, nobody held one"
    assert lms_class.row().status is ScoreStatus.SENT


@pytest.mark.parametrize("attempts", [1, 2, 5, 30, 10_000])
def test_waiting_doubles_up_to_an_hour(attempts: int) -> None:
    expected = min(FIRST_DELAY * 2 ** min(attempts - 1, 20), LONGEST_DELAY)
    assert 0.8 * expected <= back_off(attempts) <= 1.2 * expected
