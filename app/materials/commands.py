"""`flask materials …`: what operators do with materials at the command line."""

import time
from collections.abc import Sequence
from uuid import UUID

import click
from flask.cli import AppGroup

from app import audit, config
from app.extensions import transaction
from app.llm.client import embed_question
from app.llm.profiles import EmbeddingProfile, embedding_profile, embedding_profile_of
from app.materials.files.storage import StorageUnreachable, storage
from app.materials.indexing import moving
from app.materials.indexing.deepening import embed_soon
from app.materials.indexing.progress import Progress, progress_of

LOOK_SECONDS = 5.0
QUIET_SECONDS = 60.0

NOTHING_COMES = (
    "No vector has come for a minute. Is a worker running (`flask worker`), and does the model "
    "answer it? Its log says why not. What is there is kept."
)

materials = AppGroup("materials", help="Course materials and what makes them findable.")


@materials.command("reindex")
@click.option("--course", "chosen", type=click.UUID, multiple=True, help="A course, by its id.")
@click.option("--all", "everything", is_flag=True, help="All courses that have another model.")
@click.option("--status", is_flag=True, help="Only show which model courses have, with their ids.")
@click.option("--no-wait", is_flag=True, help="Leave it to the workers and do not look on.")
def reindex(chosen: Sequence[UUID], everything: bool, status: bool, no_wait: bool) -> None:
    """Move courses to the embedding model that the settings name, without a gap in search.

    The workers make the new vectors. Until a course has all of them it is searched by the old
    ones, so name the old model in COURSELLM_PREVIOUS_EMBEDDING_MODEL (and where it is, in
    ..._BASE_URL and ..._API_KEY) until everything has moved. Can be broken off and run again.
    """
    if status + everything + bool(chosen) != 1:
        raise click.UsageError("Give --course ID (more than once if you like), --all or --status.")
    target = embedding_profile().name
    found = _look(target, None if everything or status else list(dict.fromkeys(chosen)))
    if status:
        _show(found, target)
        return
    _refuse_unknown(chosen, found)
    waiting = [course for course in found if not course.is_done]
    click.echo(f"{len(waiting)} of {len(found)} courses are to move to {target}.")
    _tell_who_goes_dark(waiting, target)
    for course in waiting:
        _begin(course, target)
    if waiting and not no_wait:
        _look_on(target, [course.course_id for course in waiting])


@materials.command("check-storage")
def check_storage() -> None:
    """Write, read and delete a file where COURSELLM_STORAGE_URL says that files are kept."""
    where = config.current().storage_url
    try:
        storage().check()
    except StorageUnreachable as error:
        raise click.ClickException(
            f"Files can't be kept at {where}: {error}\nLook at COURSELLM_STORAGE_URL, the server's "
            "address and region, and the key's rights (list, get, put, delete)."
        ) from error
    click.echo(f"Files can be kept at {where}.")


def _look(target: str, course_ids: Sequence[UUID] | None) -> list[Progress]:
    with transaction() as session:
        return progress_of(session, target, course_ids)


def _show(found: Sequence[Progress], target: str) -> None:
    click.echo(f"Courses that have text or had some: {len(found)}. The settings name {target}.")
    for course in found:
        click.echo(f"{course.course_id}  {_line(course)}")


def _line(course: Progress) -> str:
    share = f"{course.done} of {course.chunks} vectors of {course.target}"
    if course.moves_to:
        return f"{course.name}: moves from {course.model or 'no vectors'}, {share}"
    return f"{course.name}: {course.model or 'no vectors yet'}, {share}"


def _refuse_unknown(chosen: Sequence[UUID], found: Sequence[Progress]) -> None:
    unknown = set(chosen) - {course.course_id for course in found}
    if unknown:
        raise click.ClickException(
            f"no course that has or had text has the id {', '.join(map(str, unknown))}. "
            "`flask materials reindex --status` lists them. Nothing was changed."
        )


def _tell_who_goes_dark(waiting: Sequence[Progress], target: str) -> None:
    """Says which courses are searched by words alone meanwhile, because their model is gone."""
    with_text = [course for course in waiting if course.chunks]
    for name in sorted({course.model for course in with_text if course.model} - {target}):
        trouble = _trouble(embedding_profile_of(name))
        if trouble:
            count = sum(course.model == name for course in with_text)
            click.echo(
                f"Mind: {trouble}. Until they have moved, {count} courses are searched by words "
                "alone: questions cannot be embedded by the model that their vectors are of.",
                err=True,
            )


def _trouble(profile: EmbeddingProfile) -> str | None:
    if not profile.is_connected:
        return f"no setting seen here says where {profile.name} is"
    if embed_question("Is anybody there?", profile) is None:
        return f"{profile.name} does not answer at {profile.base_url}"
    return None


def _begin(course: Progress, target: str) -> None:
    """In two steps: a batch that is being queued meanwhile sees the first one."""
    key = course.course_id
    with transaction() as session:
        moving.begin_move(session, key, target)
        facts = {"course": course.name, "from": course.model, "to": target}
        audit.record_operator(session, audit.COMMAND_LINE, "course.reindexed", str(key), facts)
    with transaction() as session:
        embed_soon(session, key, is_patient=True)


def _look_on(target: str, course_ids: Sequence[UUID]) -> None:
    """Prints how far each course is, until all have moved. Says so where one was called off."""
    click.echo("The workers go on if you leave this by Ctrl-C; run it again to look on.")
    shown: dict[UUID, str] = {}
    others: list[str] = []
    changed = time.monotonic()
    while courses := _look(target, course_ids):
        for course in courses:
            line = _line(course) + (", done" if course.moves_to is None else "")
            if shown.get(course.course_id) != line:
                click.echo(line)
                shown[course.course_id], changed = line, time.monotonic()
        arrived = [course for course in courses if course.moves_to is None]
        others += [course.name for course in arrived if course.model != target]
        course_ids = [course.course_id for course in courses if course.moves_to is not None]
        if not course_ids:
            break
        if time.monotonic() - changed > QUIET_SECONDS:
            click.echo(NOTHING_COMES, err=True)
            changed = time.monotonic()
        time.sleep(LOOK_SECONDS)
    if others:
        raise click.ClickException(f"meanwhile told to move elsewhere: {', '.join(others)}.")
