"""No way to another course's materials, nor for students to hidden, unreleased, deleted and
replaced ones: every route of a session, with every parameter that any view reads.

Who may not see a material walks through all addresses with its ids, and a double walks through
them in a course that never had it, with ids that nothing has. Both must read the same, word for
word: then neither text nor title, count nor existence came through.
"""

import ast
import base64
import io
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

import app as package
from app.activities.copied_views import WHAT
from app.materials import looking
from app.materials.views import SOURCE_PARAMETERS
from app.tutor import asking
from models import (
    Activity,
    ActivityKind,
    Course,
    CourseMaterial,
    CourseRole,
    MaterialChunk,
    Upload,
    now,
)
from tests import factories
from tests.helpers import Visitor, enter
from tests.materials import makers
from tests.materials.conftest import Add

OPEN = {"admin", "health", "launch", "registration", "static"}
"""Rooms outside of any course: they read no material and no session of ours opens them."""

QUESTION = "How does the zubrowka protocol settle a quarrel?"
"""Whoever asks it knows what the files are about; the answer stands in each of them alone."""
SECRET = re.compile(r"kept-\w+-secret|Kept \w+ title|kept_\w+_file|quagga", re.I)


@dataclass(frozen=True)
class Target:
    """A material as one would ask for it."""

    name: str
    material_id: uuid.UUID = field(default_factory=uuid.uuid4)
    chunk_id: uuid.UUID = field(default_factory=uuid.uuid4)
    upload_id: uuid.UUID = field(default_factory=uuid.uuid4)


# What a parameter is set to; those of a material are the point, the others let it be reached.
MATERIAL = "{material}"
PARAMETERS = {
    # ids of materials and of what hangs on them
    **dict.fromkeys(("known", "deleted", "at", "material", "replaces"), MATERIAL),
    "chunk": "{chunk}",
    # ids of other things: one that exists elsewhere is tried
    **dict.fromkeys(
        ("concept", "activity", "student", "saved", "taken_out", "sent", "asked"), MATERIAL
    ),
    # what is looked for
    **dict.fromkeys(("question", "quote", "answer", "q", "about"), QUESTION),
    # how it is shown
    **{
        "page": "1",
        "gone": "1",
        "view": "text",
        "download": "1",
        "kind": "material",
        "act": "list",
    },
    **{"item": "kind=material&material={material}&page=1", "type": "short_answer", "to": "up"},
    **{"which": "all", "do": "release", "release": "from", "release_at": "2020-01-01T00:00"},
    **{
        "files": "1",
        "bank": "1",
        "links": "1",
        "small_model": "1",
        "over_change": "1",
        "window": "new",
        "may_save": "1",
    },
    **dict.fromkeys(("title", "name", "keywords", "text", "instruction", "new_concept"), "Words"),
    **{"grade": "best", "difficulty": "beginner", "minutes": "3", "right": "a"},
    **{"time_zone": "UTC", "key": "0" * 32, "shown_at": "1000000000"},
}
# Names that are no constants where they are read: which ones these are.
NAMED_ELSEWHERE: dict[str, tuple[str, ...]] = {
    "app/activities/copied_views.py: one": WHAT,
    "app/materials/views.py: name": SOURCE_PARAMETERS,
    "app/activities/forms.py: name": ("count", "points", "opens", "due", "closes"),
    "app/practice/bank_views.py: name": ("saved", "taken_out"),
    "app/practice/drafts.py: f'choice-{i}'": ("choice-0",),
    "app/practice/drafts.py: f'key-{i}'": ("key-0",),
    "app/practice/drafts.py: f'why-{i}'": ("why-0",),
    "app/practice/drafts.py: name": (),
    "app/review/views.py: name": ("student", "activity"),
}
PARAMETERS |= {"count": "1", "points": "1", "choice-0": "x", "key-0": "a", "why-0": "x"}
PARAMETERS |= dict.fromkeys(("opens", "due", "closes"), "2020-01-01T00:00")

_SOURCES = {"request.args", "request.form", "request.values", "request.files", "form"}


def reads() -> Iterator[tuple[str, str | None]]:
    """Each place where a view or a form reads a parameter: file and name, and the constant name."""
    root = Path(package.__file__).parent
    for path in sorted(root.rglob("*.py")):
        if path.relative_to(root).parts[0] in OPEN:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            found = _read(node)
            if found is not None:
                where = f"app/{path.relative_to(root)}: {ast.unparse(found)}"
                yield where, found.value if isinstance(found, ast.Constant) else None


def _read(node: ast.AST) -> ast.expr | None:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
        taken = node.func.attr in ("get", "getlist") and ast.unparse(node.func.value) in _SOURCES
        return node.args[0] if taken else None
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        return node.slice if ast.unparse(node.value) in _SOURCES else None
    if isinstance(node, ast.Compare) and ast.unparse(node.comparators[0]) in _SOURCES:
        return node.left if isinstance(node.ops[0], ast.In) else None
    return None


def test_every_parameter_that_is_read_is_tried_below() -> None:
    unknown = [
        where
        for where, name in reads()
        if (name is None and where not in NAMED_ELSEWHERE)
        or (name is not None and name not in {*PARAMETERS, "csrf_token"})
    ]
    unknown += {*SOURCE_PARAMETERS, *WHAT} - {*PARAMETERS}
    assert unknown == [], "say in PARAMETERS how it could ask for a material"


# ---- a course with all of it, and its double without

STATES: dict[str, dict[str, Any]] = {
    "hidden": {"is_public": False},
    "unreleased": {"release_at": now() + timedelta(days=7)},
    "deleted": {"deleted_at": now()},
}


def text_of(name: str) -> str:
    return f"The zubrowka protocol settles a quarrel by kept-{name}-secret and a quagga."


@dataclass
class House:
    """A course as its students know it; `targets` are what they must not see."""

    course: Course
    targets: list[Target]


@pytest.fixture
def houses(session: Session, read: Add) -> tuple[House, House]:
    """The same course twice; the second one never had the files of the first."""
    return _with_targets(session, read), _without(session, read)


def _course(session: Session, read: Add) -> Course:
    course = factories.course(session)
    factories.member(session, course, CourseRole.TEACHER)
    session.commit()
    read("Open.md", b"# Boats\n\nA boat floats since it is lighter than water.", into=course)
    return course


def _without(session: Session, read: Add) -> House:
    return House(_course(session, read), [Target(name) for name in (*STATES, "replaced")])


def _with_targets(session: Session, read: Add) -> House:
    course = _course(session, read)
    targets = []
    for name, state in STATES.items():
        content = makers.pdf([text_of(name), f"kept-{name}-secret, the second page"])
        material_id = read(f"kept_{name}_file.pdf", content, into=course)
        targets.append(_target(session, course, name, material_id, **state))
    targets.append(_replaced(session, read, course))
    return House(course, targets)


def _target(
    session: Session, course: Course, name: str, material_id: uuid.UUID, **state: Any
) -> Target:
    material = session.get_one(CourseMaterial, material_id)
    for column, value in {"title": f"Kept {name} title", **state}.items():
        setattr(material, column, value)
    chunk_id = session.scalars(
        select(MaterialChunk.chunk_id).where(MaterialChunk.material_id == material_id)
    ).first()
    assert chunk_id is not None
    upload = Upload(
        course_id=course.course_id,
        user_id=material.uploader_id,
        name=f"kept_{name}_file",
        size=10,
        received=10,
        material_id=material_id,
        expires_at=now() + timedelta(days=1),
    )
    session.add(upload)
    session.commit()
    return Target(name, material_id, chunk_id, upload.upload_id)


def _replaced(session: Session, read: Add, course: Course) -> Target:
    """A version that another one took the place of, which is hidden by now."""
    old = read("kept_replaced_file.pdf", makers.pdf([text_of("replaced")]), into=course)
    new = read("kept_newer_file.pdf", makers.pdf([text_of("newer")]), into=course)
    target = _target(session, course, "replaced", old, deleted_at=now())
    _target(session, course, "newer", new, replaces_id=old, is_public=False)
    return target


# ---- the walk


@dataclass(frozen=True)
class Seen:
    """A request, told without its ids, and the answer as far as it can be compared."""

    request: str
    status: int
    answer: str


def walk(app: Flask, visitor: Visitor, targets: list[Target]) -> list[Seen]:
    seen = []
    for rule in sorted(app.url_map.iter_rules(), key=lambda one: (one.rule, one.endpoint)):
        if rule.endpoint.partition(".")[0] in OPEN:
            continue
        assert rule.rule.startswith("/s/<sid>/"), f"{rule}: is it a room of a course?"
        for method in sorted((rule.methods or set()) - {"OPTIONS"}):
            for target in targets:
                seen += _ask(visitor, rule, method, target)
    return seen


def _ask(visitor: Visitor, rule: Rule, method: str, target: Target) -> list[Seen]:
    """With all parameters that the room reads; if one may come in, without any and with each of
    those alone that can ask for a material."""
    names = sorted(_names_by_room().get(rule.endpoint.partition(".")[0], ()))
    every = {name: PARAMETERS[name] for name in names} if method in ("GET", "POST") else {}
    seen = [_open(visitor, rule, method, target, every)]
    if seen[0].status == 403 or method == "HEAD":
        return seen
    asking_for = [{name: value} for name, value in every.items() if _asks(value)]
    alone = [{}, *asking_for] if every else []
    return seen + [_open(visitor, rule, method, target, given) for given in alone]


def _asks(value: str) -> bool:
    return "{" in value or value == QUESTION


@cache
def _names_by_room() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for where, name in reads():
        room = where.removeprefix("app/").partition("/")[0]
        names = {name} if name else set(NAMED_ELSEWHERE.get(where, ()))
        found.setdefault(room, set()).update(names & PARAMETERS.keys())
    return found


def _open(visitor: Visitor, rule: Rule, method: str, target: Target, given: dict[str, str]) -> Seen:
    ids = {"material": str(target.material_id), "chunk": str(target.chunk_id)}
    values = {name: value.format(**ids) for name, value in given.items()}
    arguments: dict[str, Any] = dict.fromkeys(rule.arguments, target.material_id)
    arguments |= {"sid": visitor.sid, "upload_id": target.upload_id, "name": "keys"}
    arguments |= {"what": "take_out", "_kind": "registrations"}
    built = rule.build({name: arguments[name] for name in rule.arguments})
    assert built is not None, rule
    metadata = base64.b64encode(ids["material"].encode()).decode()
    headers = {
        "Tus-Resumable": "1.0.0",
        "Upload-Length": "5",
        "Upload-Offset": "0",
        "Upload-Metadata": f"filename YS50eHQ=,replaces {metadata}",
    }
    if method == "PATCH":
        headers["Content-Type"] = "application/offset+octet-stream"
    data: Any = dict(values) if method == "POST" else b"words" if method == "PATCH" else None
    if method == "POST" and "files" in values:
        data["files"] = (io.BytesIO(b"A file of one's own."), "own.txt")
    answer = visitor.open(method, built[1], query_string=values, data=data, headers=headers)
    told = f"{method} {rule.rule} {target.name} {sorted(given)}"
    shown = "\n".join(
        [
            answer.text,
            *(answer.headers.get(name, "") for name in ("Location", "Content-Disposition")),
        ]
    )
    assert not SECRET.search(shown), f"{told}: {SECRET.search(shown)}"
    assert answer.status_code < 500, told
    return Seen(told, answer.status_code, _comparable(shown, visitor))


_CHANGING = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b[0-9a-f]{32,64}\b"
    r"|Ada Nr\d+|Reference:? ?<?[^<]*|reference\W+[0-9a-f]{8}|value=\"1\d{9}\"|\b\d\d?:\d\d\b"
)


def _comparable(text: str, visitor: Visitor) -> str:
    return _CHANGING.sub("…", text.replace(visitor.sid, "SID"))


@pytest.fixture(autouse=True)
def _may_ask_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "MOST_QUESTIONS", 1_000_000)
    monkeypatch.setattr(looking, "MOST_SEARCHES", 1_000_000)


def compare(first: list[Seen], second: list[Seen]) -> None:
    assert len(first) == len(second) > 250
    told_apart = [
        f"{one.request}: {one.status} / {other.status}"
        for one, other in zip(first, second, strict=True)
        if one != other
    ]
    assert told_apart == []


def test_a_student_finds_no_trace_of_what_is_not_for_students(
    app: Flask, session: Session, houses: tuple[House, House]
) -> None:
    walks = []
    for house in houses:
        visitor = enter(app, session, house.course, CourseRole.STUDENT)
        walks.append(walk(app, visitor, house.targets))
    compare(*walks)


@pytest.mark.parametrize("role", [CourseRole.TEACHER, CourseRole.STUDENT])
def test_members_of_another_course_find_no_trace(
    app: Flask, session: Session, read: Add, houses: tuple[House, House], role: CourseRole
) -> None:
    """Not even of what the course's own students may see. From outside, what is hidden is like
    that, so it is left out."""
    course = houses[0].course
    shown = read("kept_shown_file.pdf", makers.pdf([text_of("shown")]), into=course)
    kept = [one for one in houses[0].targets if one.name != "hidden"]
    targets = [*kept, _target(session, course, "shown", shown)]
    before = _rows(session, course)
    walks = []
    for ids in (targets, [Target(target.name) for target in targets]):
        visitor = enter(app, session, _course(session, read), role)
        walks.append(walk(app, visitor, ids))
    compare(*walks)
    assert _rows(session, course) == before, "nothing was changed from outside"


def test_the_tutor_answers_as_if_it_were_not_there(
    app: Flask, session: Session, houses: tuple[House, House]
) -> None:
    streams = []
    for house in houses:
        visitor = enter(app, session, house.course, CourseRole.STUDENT)
        answer = visitor.post(
            "tutor/ask", data={"question": QUESTION}, headers={"Accept": "text/event-stream"}
        )
        assert answer.mimetype == "text/event-stream" and "event: evidence" in answer.text
        assert not SECRET.search(answer.text)
        streams.append(_comparable(answer.text, visitor))
    assert streams[0] == streams[1]


def test_a_link_to_what_is_not_for_students_says_that_alone(
    app: Flask, session: Session, houses: tuple[House, House]
) -> None:
    """Of one that opens later, also when: its teacher placed the link before."""
    house, pages = houses[0], set()
    for target in house.targets:
        activity = Activity(
            course_id=house.course.course_id,
            kind=ActivityKind.MATERIAL,
            title="Read this",
            material_id=target.material_id,
            page=2,
            created_by=session.get_one(CourseMaterial, target.material_id).uploader_id,
        )
        session.add(activity)
        session.flush()
        visitor = enter(app, session, house.course, activity_id=activity.activity_id)
        page = visitor.get("activities/reading")
        assert page.status_code == 200 and not SECRET.search(page.text)
        if target.name == "unreleased":
            assert "This file opens on" in page.text
            continue
        assert "not released at the moment" in page.text
        pages.add(_comparable(page.text, visitor))
    assert len(pages) == 1


def _rows(session: Session, course: Course) -> list[tuple[Any, ...]]:
    session.rollback()
    columns = CourseMaterial.__table__.c
    query = select(*columns).where(columns.course_id == course.course_id)
    return [tuple(row) for row in session.execute(query.order_by(columns.material_id))]
