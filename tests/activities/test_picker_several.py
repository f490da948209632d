"""Several links of one dialog, and what an LMS says of a link before it is placed."""

import re
from html import unescape

import pytest
from sqlalchemy import select

from demo_lms import links
from models import (
    ActivityKind,
    Concept,
)
from tests.activities.dialog import Dialog, item_fields


class TestSeveralLinksAtOnce:
    def test_links_are_put_on_a_list_and_go_together(self, dialog: Dialog) -> None:
        teacher = dialog.enter()
        page = teacher.post("activities/new", data=dialog.form(act="list", title="First")).text
        assert "“First” is on the list." in page
        assert dialog.activities() == []
        items = item_fields(page)
        second = dialog.form(act="list", kind="tutor", instruction="Read <first>", item=items)
        page = teacher.post("activities/new", data=second).text
        assert "Add these links" in page
        items = item_fields(page)
        assert len(items) == 2
        unfit = dialog.form(act="place", points="rubbish", item=items)
        placed = teacher.post("activities/new", data=unfit)
        assert placed.status_code == 200
        assert "2 links go to your course page." in placed.text
        assert dialog.bring_back(placed.text).added == ["First", "Tutor"]
        tutor = next(one for one in dialog.activities() if one.kind is ActivityKind.TUTOR)
        assert tutor.instruction == "Read <first>"
        assert {link.custom["activity"] for link in links.listed(dialog.platform.store)[1:]}

    def test_what_is_taken_off_the_list_is_not_added(self, dialog: Dialog) -> None:
        teacher = dialog.enter()
        items: list[str] = []
        for title in ("First", "Second"):
            form = dialog.form(act="list", title=title, item=items)
            items = item_fields(teacher.post("activities/new", data=form).text)
        placed = teacher.post("activities/new", data=dialog.form(item=items[1:]))
        assert dialog.bring_back(placed.text).added == ["Second"]

    def test_two_of_them_may_name_the_same_new_concept(self, dialog: Dialog) -> None:
        teacher = dialog.enter()
        items: list[str] = []
        for name in ("While loops", "while LOOPS"):
            form = dialog.form(act="list", concept="", new_concept=name, item=items)
            items = item_fields(teacher.post("activities/new", data=form).text)
        placed = teacher.post("activities/new", data=dialog.form(item=items))
        assert len(dialog.bring_back(placed.text).added) == 2
        names = dialog.session.scalars(select(Concept.name)).all()
        assert sorted(names) == ["For <loops>", "While loops"]

    def test_a_fault_on_the_list_is_told_and_the_list_kept(self, dialog: Dialog) -> None:
        teacher = dialog.enter()
        form = dialog.form(act="list", title="First")
        items = item_fields(teacher.post("activities/new", data=form).text)
        dialog.session.delete(dialog.session.get_one(Concept, dialog.concept.concept_id))
        dialog.session.commit()
        page = teacher.post("activities/new", data=dialog.form(concept="", item=items))
        assert page.status_code == 422
        assert "Take it off the list." in page.text
        assert item_fields(page.text) == items
        assert dialog.activities() == []

    def test_a_place_for_one_link_has_no_list(self, dialog: Dialog) -> None:
        teacher = dialog.enter(accepts_multiple=False)
        assert "Put on the list" not in teacher.get("activities/new").text
        placed = teacher.post("activities/new", data=dialog.form(act="list"))
        assert dialog.bring_back(placed.text).added == ["Practice: For <loops>"]

    def test_twenty_links_at_most(self, dialog: Dialog) -> None:
        teacher = dialog.enter()
        items: list[str] = []
        for _ in range(20):
            form = dialog.form(act="list", kind="tutor", item=items)
            items = item_fields(teacher.post("activities/new", data=form).text)
        page = teacher.post("activities/new", data=dialog.form(act="list", item=items))
        assert page.status_code == 422
        assert "At most 20 links can be added at once." in page.text
        placed = teacher.post("activities/new", data=dialog.form(item=[*items, items[0]]))
        assert len(dialog.bring_back(placed.text).added) == 20


class TestADescriptionThatTheLmsBrings:
    """What the teacher typed in the LMS's form: `text` of the request (Deep Linking 2.0, 4.4.1)."""

    def test_it_is_shown_kept_and_can_be_changed(self, dialog: Dialog) -> None:
        teacher = dialog.enter(text="Do this <first>.")
        page = teacher.get("activities/new").text
        assert "Do this &lt;first&gt;.</textarea>" in page
        assert "</strong> Do this &lt;first&gt;.</p>" in page, "what students will read"
        placed = teacher.post("activities/new", data=dialog.form(text="Do this second."))
        assert dialog.items(placed.text)[0]["text"] == "Do this second."

    def test_where_it_is_taken_away_ours_stands(self, dialog: Dialog) -> None:
        teacher = dialog.enter(text="Do this first.")
        placed = teacher.post("activities/new", data=dialog.form(text=""))
        assert dialog.items(placed.text)[0]["text"].startswith("Counts for your grade")

    @pytest.mark.parametrize(
        "form",
        [
            {"kind": "tutor"},
            {"grade": "none"},
            *({"grade": one} for one in ("best", "last", "average", "mastery")),
        ],
        ids=str,
    )
    def test_what_an_earlier_link_was_placed_with_is_made_anew(
        self, dialog: Dialog, form: dict[str, str]
    ) -> None:
        placed = dialog.enter().post("activities/new", data=dialog.form(**form))
        ours = dialog.items(placed.text)[0]["text"]
        page = dialog.enter(text=ours).get("activities/new").text
        assert 'name="text"' not in page

    def test_a_long_one_is_told_beside_its_field(self, dialog: Dialog) -> None:
        page = dialog.enter().post("activities/new", data=dialog.form(text="x" * 1001))
        assert page.status_code == 422
        assert "Please keep this under 1000 characters." in page.text

    @pytest.mark.parametrize(
        ("sent", "shown"),
        [
            ("Read this. " * 300, "Read this. " * 90 + "Read…"),
            ("x" * 3000, "x" * 999 + "…"),
            ("a " + "读" * 1500, "a " + "读" * 997 + "…"),
            ("y" * 1000, "y" * 1000),
        ],
        ids=["words", "one word", "no spaces", "as long as may be"],
    )
    def test_one_that_is_longer_than_the_field_blocks_nothing(
        self, dialog: Dialog, sent: str, shown: str
    ) -> None:
        teacher = dialog.enter(text=sent.strip())
        page = teacher.get("activities/new").text
        field = re.search(r'name="text"[^>]*>([^<]*)</textarea>', page)
        assert field is not None
        assert unescape(field[1]) == shown
        placed = teacher.post("activities/new", data=dialog.form(text=unescape(field[1])))
        assert placed.status_code == 200
        assert dialog.items(placed.text)[0]["text"] == shown

    def test_each_link_of_a_list_has_its_own(self, dialog: Dialog) -> None:
        teacher = dialog.enter(text="Mine.")
        form = dialog.form(act="list", title="First", text="Mine.")
        items = item_fields(teacher.post("activities/new", data=form).text)
        second = dialog.form(act="list", kind="tutor", item=items)
        items = item_fields(teacher.post("activities/new", data=second).text)
        placed = teacher.post("activities/new", data=dialog.form(item=items))
        texts = [one["text"] for one in dialog.items(placed.text)]
        assert texts[0] == "Mine."
        assert texts[1].startswith("Ask about the materials")
