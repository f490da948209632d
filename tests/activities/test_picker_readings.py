"""Links to a single material at a page."""

from datetime import UTC, datetime, timedelta

from models import (
    CourseRole,
    IndexingStatus,
    now,
)
from tests import factories
from tests.activities.dialog import Dialog
from tests.helpers import enter


class TestReading:
    def test_a_link_opens_the_file_at_its_page(self, dialog: Dialog) -> None:
        material = factories.material(dialog.session, dialog.course, page_count=9)
        form = dialog.form(kind="material", material=str(material.material_id), page="7")
        placed = dialog.enter().post("activities/new", data=form)
        assert dialog.bring_back(placed.text).added == ["Week 1, p. 7"]
        [activity] = dialog.activities()
        student = enter(dialog.app, dialog.session, dialog.course, activity_id=activity.activity_id)
        there = student.get("activities/reading")
        assert there.location.endswith(f"/materials/{material.material_id}?page=7")
        assert student.get(there.location).status_code == 200

        material.is_public = False
        dialog.session.commit()
        page = student.get("activities/reading")
        assert page.status_code == 200
        assert "not released at the moment" in page.text

    def test_files_that_students_cannot_read_are_not_offered(self, dialog: Dialog) -> None:
        session, course = dialog.session, dialog.course
        failed = {"indexing_status": IndexingStatus.FAILED}
        old = factories.material(session, course, title="Replaced", deleted_at=now())
        hidden = [
            old,
            factories.material(session, course, title="Hidden", is_public=False),
            factories.material(
                session, course, title="Newer", is_public=False, replaces_id=old.material_id
            ),
            factories.material(session, course, title="Failed", **failed),
            factories.material(session, course, title="Photo", details={"not_searched": "Why."}),
            factories.material(session, course, title="Package", details={"unpacked": {}}),
            factories.material(session, factories.course(session), title="Foreign"),
        ]
        teacher = dialog.enter()
        page = teacher.get("activities/new").text
        assert "The course has no file yet that students may open" in page
        for material in hidden:
            assert material.title not in page
            form = dialog.form(kind="material", material=str(material.material_id))
            assert teacher.post("activities/new", data=form).status_code == 422

    def test_a_file_that_opens_later_is_placed_before(self, dialog: Dialog) -> None:
        session, course, day = dialog.session, dialog.course, datetime(2190, 3, 5, 8, tzinfo=UTC)
        material = factories.material(session, course, title="Week 7", release_at=day)
        teacher = dialog.enter()
        assert "Week 7 (from Friday 5 March 2190, 08:00 UTC)" in teacher.get("activities/new").text
        form = dialog.form(kind="material", material=str(material.material_id))
        shown = teacher.post("activities/new/preview", data=form).text
        assert "Students can open it from Friday 5 March 2190, 08:00 UTC on." in shown
        placed = teacher.post("activities/new", data=form)
        assert dialog.bring_back(placed.text).added == ["Week 7"]

        [activity] = dialog.activities()
        student = enter(dialog.app, session, course, activity_id=activity.activity_id)
        early = student.get("activities/reading")
        assert early.status_code == 200
        assert "This file opens on Friday 5 March 2190, 08:00 UTC." in early.text
        assert student.get(f"materials/{material.material_id}").status_code == 404

        material.release_at = now() - timedelta(minutes=1)
        session.commit()
        assert student.get("activities/reading").location.endswith(
            f"/materials/{material.material_id}"
        )

    def test_settings_keep_a_file_that_was_hidden_meanwhile(self, dialog: Dialog) -> None:
        material = factories.material(dialog.session, dialog.course, page_count=9)
        form = dialog.form(kind="material", material=str(material.material_id), page="7")
        dialog.enter().post("activities/new", data=form)
        [activity] = dialog.activities()
        material.is_public = False
        dialog.session.commit()
        teacher = enter(dialog.app, dialog.session, dialog.course, CourseRole.TEACHER)
        address = f"activities/links/{activity.activity_id}"
        assert "Week 1" in teacher.get(address).text
        assert teacher.post(address, data={**form, "page": "8"}).status_code == 303
        dialog.session.refresh(activity)
        assert (activity.material_id, activity.page) == (material.material_id, 8)
