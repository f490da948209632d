"""A placed link is set up again."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from demo_lms import links
from models import (
    Activity,
    ActivityKind,
    AuditEvent,
    StudentAttempt,
)
from tests import factories
from tests.activities.dialog import Dialog


class TestSettingALinkUpAgain:
    @staticmethod
    def _placed(dialog: Dialog) -> Activity:
        page = dialog.enter().post("activities/new", data=dialog.form(title="Old"))
        assert page.status_code == 200
        [activity] = dialog.activities()
        return activity

    def test_the_form_holds_what_it_is_and_the_activity_stays(self, dialog: Dialog) -> None:
        activity = self._placed(dialog)
        dialog.renew()
        teacher = dialog.enter(activity_id=activity.activity_id)
        page = teacher.get("activities/new").text
        assert "What should the link open now?" in page
        assert 'value="Old"' in page
        assert "Put on the list" not in page
        form = dialog.form(title="New", points="20", grade="average", due="2027-03-05T20:00")
        placed = teacher.post("activities/new", data=form)
        assert dialog.bring_back(placed.text).added == ["New"]
        dialog.session.expire_all()
        [changed] = dialog.activities()
        assert changed.activity_id == activity.activity_id
        assert (changed.points, changed.score_policy.value) == (20, "average")
        link = links.listed(dialog.platform.store)[-1]
        assert link.custom["activity"] == str(activity.activity_id)
        actions = dialog.session.scalars(select(AuditEvent.action)).all()
        assert "activity.changed" in actions

    def test_where_no_column_is_taken_none_is_sent_and_the_points_stay(
        self, dialog: Dialog
    ) -> None:
        """Set up again from a page's editor, say: its column is there already."""
        activity = self._placed(dialog)
        teacher = dialog.enter(activity_id=activity.activity_id, accepts_line_item=False)
        placed = teacher.post("activities/new", data=dialog.form(title="New", points="10"))
        assert "lineItem" not in dialog.items(placed.text)[0]
        dialog.session.expire_all()
        assert dialog.activities()[0].points == 10

    def test_another_kind_is_another_activity(self, dialog: Dialog) -> None:
        activity = self._placed(dialog)
        dialog.renew()
        teacher = dialog.enter(activity_id=activity.activity_id)
        placed = teacher.post("activities/new", data=dialog.form(kind="tutor"))
        dialog.bring_back(placed.text)
        assert {one.kind.value for one in dialog.activities()} == {"practice", "tutor"}

    def test_what_counts_stays_once_students_have_answered(self, dialog: Dialog) -> None:
        activity = self._placed(dialog)
        member = factories.member(dialog.session, dialog.course)
        question = factories.question(dialog.session, dialog.concept)
        dialog.session.add(
            StudentAttempt(
                student_id=member.student_id,
                question_id=question.question_id,
                submitted_answer="b",
                activity_id=activity.activity_id,
            )
        )
        dialog.renew()
        teacher = dialog.enter(activity_id=activity.activity_id)
        assert "Students have answered" in teacher.get("activities/new").text
        form = dialog.form(title="New", points="20", grade="last", concept="", kind="tutor")
        assert teacher.post("activities/new", data=form).status_code == 200
        dialog.session.expire_all()
        [same] = dialog.activities()
        assert (same.title, same.points, same.score_policy.value) == ("New", 10, "best")
        assert same.concepts == [dialog.concept]

    def test_an_activity_of_another_course_is_none_to_set_up(
        self, dialog: Dialog, session: Session
    ) -> None:
        other = factories.course(session)
        foreign = Activity(
            course_id=other.course_id,
            kind=ActivityKind.TUTOR,
            title="Secret title",
            created_by=factories.user(session).user_id,
        )
        session.add(foreign)
        session.flush()
        page = dialog.enter(activity_id=foreign.activity_id).get("activities/new").text
        assert "Secret title" not in page
        assert "What should the link open?" in page
