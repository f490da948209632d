"""A new version replaces the old one without a gap in search, and there is a way back."""

import io
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.materials import jobs
from app.materials.search import search
from models import Activity, ActivityKind, Course, CourseMaterial, IndexingStatus, now
from tests.helpers import Visitor
from tests.materials import makers
from tests.materials.conftest import Add, Look

OLD, NEW = b"Osmosis moves water slowly.", b"Osmosis moves water through a membrane, quickly."


def replace(teacher: Visitor, material_id: uuid.UUID, content: bytes, name: str = "b.txt") -> None:
    data = {"files": (io.BytesIO(content), name), "replaces": str(material_id)}
    assert teacher.post("materials/", data=data).status_code == 303


def version_of(session: Session, material_id: uuid.UUID) -> uuid.UUID:
    session.rollback()
    query = select(CourseMaterial.material_id).where(CourseMaterial.replaces_id == material_id)
    return session.scalars(query).one()


def found(session: Session, course: Course) -> list[uuid.UUID]:
    session.rollback()
    result = search(session, course.course_id, "osmosis water", question_vector=None)
    return [passage.material_id for passage in result.passages]


def test_the_old_one_is_found_until_the_new_one_is_and_then_the_new_one_alone(
    session: Session, course: Course, teacher: Visitor, student: Visitor, read: Add, look: Look
) -> None:
    old = read("a.txt", OLD)
    activity = Activity(
        course_id=course.course_id,
        kind=ActivityKind.MATERIAL,
        title="Read this",
        material_id=old,
        created_by=look(old).uploader_id,
    )
    session.add(activity)
    session.commit()
    replace(teacher, old, NEW)
    new = version_of(session, old)
    assert found(session, course) == [old]
    page = teacher.get("materials/").text
    assert "until it is read, the one before stays in use" in page and "1 file<" in page
    assert page.count('class="name"') == 1, "they are one row"
    form = {"title": "Osmosis", "release": "now"}
    teacher.post(f"materials/{old}/edit", data=form)
    jobs.index_words(str(new))
    assert found(session, course) == [new]
    assert look(new).title == "Osmosis" and look(new).position == look(old).position
    assert look(old).deleted_at is not None
    session.refresh(activity)
    assert activity.material_id == new
    link = student.get(f"materials/{old}?page=1&quote=Osmosis")
    assert link.status_code == 302
    assert f"materials/{new}?" in link.location and "quote=Osmosis" in link.location
    assert "through a" in student.get(link.location).text


@pytest.mark.parametrize("name", ["material_id", "endpoint", "_scheme", "_method", "_anchor"])
def test_no_parameter_of_an_old_link_breaks_the_way_to_the_new_version(
    session: Session, teacher: Visitor, student: Visitor, read: Add, name: str
) -> None:
    old, _, new = chain(session, teacher, read)
    kept = "page=1&quote=Osmosis&quote=water&view=text&q=osmosis+now"
    link = student.get(f"materials/{old}?{name}=x&{kept}")
    assert link.status_code == 302
    assert link.location.endswith(f"materials/{new}?{kept}")


def test_release_is_taken_over(session: Session, teacher: Visitor, read: Add, look: Look) -> None:
    hidden, later = read("a.txt", OLD), read("b.txt", b"other")
    moment = now() + timedelta(days=3)
    session.get_one(CourseMaterial, hidden).is_public = False
    session.get_one(CourseMaterial, later).release_at = moment
    session.commit()
    for old in (hidden, later):
        replace(teacher, old, NEW + str(old).encode())
        new = version_of(session, old)
        for _ in range(2):  # from the start, and once it has taken over
            assert look(new).is_public == look(old).is_public
            assert look(new).release_at == look(old).release_at
            jobs.index_words(str(new))


def test_one_that_cannot_be_read_leaves_the_old_one_in_use(
    session: Session, course: Course, teacher: Visitor, read: Add, look: Look
) -> None:
    old = read("a.txt", OLD)
    replace(teacher, old, makers.pdf(["x"], encrypted=True), "b.pdf")
    new = version_of(session, old)
    jobs.index_words(str(new))
    assert found(session, course) == [old]
    assert look(new).indexing_status is IndexingStatus.FAILED
    page = teacher.get("materials/").text
    assert "protected by a password" in page and "The one before stays in use." in page
    assert "One file needs your attention." in page


def test_there_is_a_way_back_and_forth(
    session: Session, course: Course, teacher: Visitor, read: Add, look: Look
) -> None:
    old = read("a.txt", OLD)
    replace(teacher, old, NEW)
    new = version_of(session, old)
    jobs.index_words(str(new))
    teacher.post("materials/restore", data={"material": str(old)})
    assert found(session, course) == [old] and look(new).deleted_at is not None
    assert teacher.get(f"materials/{old}").status_code == 200
    teacher.post("materials/restore", data={"material": str(new)})
    assert found(session, course) == [new] and look(old).deleted_at is not None


def chain(session: Session, teacher: Visitor, read: Add) -> list[uuid.UUID]:
    """Three versions, the last one in use."""
    versions = [read("a.txt", OLD)]
    for content in (NEW, b"Osmosis, once more about water."):
        replace(teacher, versions[-1], content)
        versions.append(version_of(session, versions[-1]))
        jobs.index_words(str(versions[-1]))
    return versions


@pytest.mark.parametrize("kept", [0, 1, 2])
def test_of_three_versions_the_links_of_all_lead_to_the_one_in_use(
    session: Session, teacher: Visitor, student: Visitor, read: Add, kept: int
) -> None:
    versions = chain(session, teacher, read)
    if kept < 2:
        teacher.post("materials/restore", data={"material": str(versions[kept])})
    for version in versions:
        answer = student.get(f"materials/{version}?page=1&quote=Osmosis", follow_redirects=False)
        if version == versions[kept]:
            assert answer.status_code == 200
        else:
            assert answer.status_code == 302
            assert f"materials/{versions[kept]}?page=1&quote=Osmosis" in answer.location


def test_a_version_that_is_hidden_is_not_led_to(
    session: Session, teacher: Visitor, student: Visitor, read: Add
) -> None:
    old, _, new = chain(session, teacher, read)
    session.get_one(CourseMaterial, new).is_public = False
    session.commit()
    assert student.get(f"materials/{old}").status_code == 404
    assert teacher.get(f"materials/{old}").status_code == 302


def test_of_two_new_versions_the_last_to_be_read_stays(
    session: Session, course: Course, teacher: Visitor, student: Visitor, read: Add
) -> None:
    old = read("a.txt", OLD)
    replace(teacher, old, NEW)
    first = version_of(session, old)
    replace(teacher, old, b"Osmosis, once more about water.")
    query = select(CourseMaterial.material_id).where(CourseMaterial.replaces_id == old)
    second = next(one for one in session.scalars(query) if one != first)
    jobs.index_words(str(first))
    jobs.index_words(str(second))
    assert found(session, course) == [second]
    for link in (old, first):
        assert f"materials/{second}" in student.get(f"materials/{link}").location


def test_of_two_new_versions_the_one_uploaded_last_stays_whichever_is_read_first(
    session: Session, course: Course, teacher: Visitor, read: Add, look: Look
) -> None:
    old = read("a.txt", OLD)
    replace(teacher, old, NEW)
    first = version_of(session, old)
    replace(teacher, first, b"Osmosis, once more about water.")  # as a page that was open may
    query = select(CourseMaterial.material_id).where(CourseMaterial.replaces_id == old)
    second = next(one for one in session.scalars(query) if one != first)
    page = teacher.get("materials/").text
    assert page.count('class="name"') == 1 and page.count("New version</strong>") == 2
    jobs.index_words(str(second))
    assert look(first).deleted_at is not None, "it has come too late"
    jobs.index_words(str(first))
    assert found(session, course) == [second]
    assert teacher.get("materials/").text.count("New version</strong>") == 0


def test_one_that_could_not_be_read_goes_when_a_later_one_comes(
    session: Session, course: Course, teacher: Visitor, read: Add, look: Look
) -> None:
    old = read("a.txt", OLD)
    replace(teacher, old, makers.pdf(["x"], encrypted=True), "b.pdf")
    failed = version_of(session, old)
    jobs.index_words(str(failed))
    replace(teacher, old, NEW)
    query = select(CourseMaterial.material_id).where(CourseMaterial.replaces_id == old)
    new = next(one for one in session.scalars(query) if one != failed)
    jobs.index_words(str(new))
    assert found(session, course) == [new] and look(failed).deleted_at is not None
    assert "attention" not in teacher.get("materials/").text


def test_the_row_of_a_replaced_file_lives_on_under_its_id(
    session: Session, teacher: Visitor, read: Add
) -> None:
    old = read("a.txt", OLD)
    replace(teacher, old, NEW)
    new = version_of(session, old)
    for asked in (old, new):
        assert f'id="material-{asked}-live"' in teacher.get(f"materials/{asked}/row").text
    jobs.index_words(str(new))
    answer = teacher.get(f"materials/{old}/row").text
    assert f'id="material-{old}-live"' in answer and f"materials/{new}/edit" in answer
    assert 'data-words="The new version of a is in use."' in answer
    teacher.post("materials/chosen", data={"material": str(old), "do": "delete"})
    assert teacher.get(f"materials/{new}").status_code == 404, "a tick means what stands there"


def test_the_same_content_is_no_new_version(session: Session, teacher: Visitor, read: Add) -> None:
    old = read("a.txt", OLD)
    replace(teacher, old, OLD)
    assert session.scalars(select(CourseMaterial.material_id)).all() == [old]
