"""The course page and the links on it."""

from __future__ import annotations

from dataclasses import replace

from flask import redirect, render_template, request
from werkzeug.wrappers import Response

from demo_lms import courses, deep_linking, line_items, links, oidc, persons
from demo_lms.checks import optional_time
from demo_lms.errors import bad_request
from demo_lms.links import Link
from demo_lms.views.browser import (
    COURSE_COOKIE,
    be,
    current_person,
    in_course,
    lms,
    own_path,
    page_blueprint,
    require,
)

pages = page_blueprint("course", __name__)


@pages.get("/")
def home() -> str:
    store = lms().store
    outcome = deep_linking.find_outcome(lms(), request.args.get("added", ""))
    points: dict[str | None, list[float | int]] = {}
    for item in line_items.listed(store):
        points.setdefault(item.link_id, []).append(line_items.plain(item.score_maximum))
    return render_template("course.html", links=links.listed(store), points=points, outcome=outcome)


@pages.post("/person")
def switch() -> Response:
    person = persons.find(request.form.get("person"))
    if person is None:
        raise bad_request("There is no such person.")
    return be(person, redirect(own_path(request.form.get("next")), 303))


@pages.get("/course/<key>")
@pages.get("/course/", defaults={"key": ""})
def look_at(key: str) -> Response:
    """Look at this course from here on."""
    response = redirect("/", 303)
    response.set_cookie(COURSE_COOKIE, key, httponly=True, samesite="Lax")
    return response


@pages.post("/copy")
def copy() -> Response:
    """Copy the course with its links and columns, and look at the copy."""
    require(current_person().is_teacher, "teachers")
    return look_at(courses.copy(lms()).key)


@pages.get("/links/<link_id>")
def open_link(link_id: str) -> str:
    """The link in its place: the tool in a frame."""
    return render_template("link.html", link=_link(link_id))


@pages.get("/links/<link_id>/launch")
def launch_link(link_id: str) -> str:
    """Inside the frame (or a window of its own): starts the launch."""
    link = _link(link_id)
    form = oidc.login_request(lms(), current_person(), link)
    return render_template("form_post.html", form=form)


@pages.get("/links/<link_id>/edit")
def edit(link_id: str) -> str:
    require(current_person().is_teacher, "teachers")
    return render_template("edit_link.html", link=_link(link_id))


@pages.post("/links/<link_id>/edit")
def rename(link_id: str) -> Response:
    require(current_person().is_teacher, "teachers")
    link = _link(link_id)
    links.rename(lms().store, link_id, request.form.get("title", ""))
    changed = replace(
        links.get(lms().store, link.id),
        opens_at=_moment("opens_at", link.opens_at),
        due_at=_moment("due_at", link.due_at),
        closes_at=_moment("closes_at", link.closes_at),
    )
    with lms().store.write() as db:
        links.change(db, changed)
    return redirect("/", 303)


@pages.get("/links/<link_id>/delete")
def confirm_delete(link_id: str) -> str:
    require(current_person().is_teacher, "teachers")
    link = links.get(lms().store, link_id)
    columns = [item for item in line_items.listed(lms().store) if item.link_id == link_id]
    return render_template("delete_link.html", link=link, columns=columns)


@pages.post("/links/<link_id>/delete")
def delete(link_id: str) -> Response:
    require(current_person().is_teacher, "teachers")
    links.delete(lms().store, link_id)
    return redirect("/", 303)


def _link(link_id: str) -> Link:
    """The link, and from here on its course: an address may be opened from any."""
    link = links.get(lms().store, link_id)
    in_course(link.course)
    return link


def _moment(name: str, before: str | None) -> str | None:
    """A local time of the form, which says UTC; what the form lacks stays."""
    if name not in request.form:
        return before
    text = request.form[name].strip()
    return optional_time({name: f"{text}:00Z" if len(text) == 16 else text or None}, name)
