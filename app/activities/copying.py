"""Takes over from another course: activities with their settings, concepts, questions, files.

Never people, conversations, answers, beliefs or grades. Dates are left behind: they are of the
old term. Who may see the old activity is `origins`'s to say.
"""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app import audit
from app.activities.catalogue import create_activity
from app.activities.offers import Offer
from app.concepts.catalogue import list_concepts
from app.concepts.copying import copy_concepts
from app.materials.copying import copy_all_soon, copy_file
from models import Activity, ActivityKind, Course, CourseMaterial


def take_over(
    session: Session,
    course_id: UUID,
    actor_id: UUID,
    old: Activity,
    files: Mapping[UUID, UUID],
) -> Activity | None:
    """The activity as this course has it from now on; taken over once, however often it is asked.

    `files`: this course's material for one of the old course. None for a reading whose file
    could not be brought along.
    """
    session.get_one(Course, course_id, with_for_update={"key_share": True})  # one after another
    copied = session.scalar(
        select(Activity)
        .where(Activity.course_id == course_id, Activity.copied_from_id == old.activity_id)
        .order_by(Activity.created_at)
        .limit(1)
    )
    if copied is not None:
        return copied
    material_id = files.get(old.material_id) if old.material_id else None
    if old.kind is ActivityKind.MATERIAL and material_id is None:
        return None
    concepts = copy_concepts(session, course_id, actor_id, old.concepts)
    if old.kind is ActivityKind.PRACTICE and not concepts:
        return None
    offer = Offer(
        kind=old.kind,
        title=old.title,
        instruction=old.instruction,
        concept_ids=tuple(concept.concept_id for concept in concepts),
        question_count=old.question_count,
        points=int(old.points) if old.points is not None else None,
        policy=old.score_policy,
        material_id=material_id,
        page=old.page,
    )
    activity = create_activity(session, course_id, actor_id, offer, copied_from=old.activity_id)
    _note(session, actor_id, course_id, activity, old)
    return activity


def activities_of(session: Session, course_id: UUID) -> list[Activity]:
    """All activities of the old course, each with its concepts."""
    found = session.scalars(
        select(Activity)
        .where(Activity.course_id == course_id)
        .options(selectinload(Activity.concepts))
        .order_by(Activity.created_at, Activity.activity_id)
    )
    return list(found)


def take_over_bank(session: Session, course_id: UUID, actor_id: UUID, old_course_id: UUID) -> None:
    """All concepts of the old course, what comes before what, and their questions in use; twice
    brings nothing twice."""
    session.get_one(Course, course_id, with_for_update={"key_share": True})  # one after another
    copy_concepts(session, course_id, actor_id, list_concepts(session, old_course_id))
    _note_all(session, actor_id, course_id, old_course_id, "questions")


def take_over_files(session: Session, course_id: UUID, actor_id: UUID, old_course_id: UUID) -> None:
    """All files of the old course, in time; twice brings nothing twice."""
    copy_all_soon(session, old_course_id, course_id, actor_id)
    _note_all(session, actor_id, course_id, old_course_id, "materials")


def readings(session: Session, course_id: UUID, activities: Sequence[Activity]) -> set[UUID]:
    """The files of this course that these activities open."""
    wanted = {one.material_id for one in activities if one.kind is ActivityKind.MATERIAL}
    found = session.scalars(
        select(CourseMaterial.material_id).where(
            CourseMaterial.course_id == course_id, CourseMaterial.material_id.in_(wanted)
        )
    )
    return set(found)


def copy_files(wanted: Collection[UUID], course_id: UUID, actor_id: UUID) -> dict[UUID, UUID]:
    """This course's material for each file that is there still. No transaction may be open."""
    copies = {one: copy_file(one, course_id, actor_id) for one in wanted}
    return {old: new for old, new in copies.items() if new is not None}


def _note_all(
    session: Session, actor_id: UUID, course_id: UUID, old_course_id: UUID, what: str
) -> None:
    old, new = str(old_course_id), str(course_id)
    audit.record(session, actor_id, course_id, f"{what}.taken_over", new, {"from": old})
    there = {"course_id": new}
    audit.record(session, actor_id, old_course_id, f"{what}.copied_elsewhere", old, there)


def _note(
    session: Session, actor_id: UUID, course_id: UUID, activity: Activity, old: Activity
) -> None:
    """In both courses: the old one's teachers can see who took what."""
    taken, given = str(activity.activity_id), str(old.activity_id)
    audit.record(session, actor_id, course_id, "activity.taken_over", taken, {"from": given})
    there = {"course_id": str(course_id), "activity_id": taken}
    audit.record(session, actor_id, old.course_id, "activity.copied_elsewhere", given, there)
