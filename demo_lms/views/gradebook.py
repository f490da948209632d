"""The gradebook page: everybody for those who teach, one's own row for students."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import redirect, render_template, request
from werkzeug.wrappers import Response

from demo_lms import gradebook, oidc, persons, reviews, scores
from demo_lms.views.browser import current_person, lms, page_blueprint, require

pages = page_blueprint("gradebook", __name__)
SHOWN_POSTS = 50


@pages.get("/gradebook")
def show() -> str:
    person = current_person()
    require(person.sees_all_grades or person.is_student, "people in the course")
    people = persons.students() if person.sees_all_grades else [person]
    columns, rows = gradebook.table(lms(), people)
    posts = scores.posts(lms(), SHOWN_POSTS) if person.sees_all_grades else []
    return render_template(
        "gradebook.html",
        columns=columns,
        rows=rows,
        posts=posts,
        names={member.subject: member.name for member in persons.PERSONS},
    )


@pages.get("/gradebook/<int:item_id>/<person_id>")
def edit(item_id: int, person_id: str) -> str:
    require(current_person().is_teacher, "teachers")
    item, row = gradebook.one_cell(lms(), item_id, person_id)
    return render_template("edit_grade.html", item=item, student=row.person, cell=row.cells[0])


@pages.post("/gradebook/<int:item_id>/<person_id>")
def override(item_id: int, person_id: str) -> Response:
    require(current_person().is_teacher, "teachers")
    points, comment = (request.form.get(name, "") for name in ("points", "comment"))
    gradebook.override(lms(), item_id, person_id, points, comment)
    return redirect("/gradebook", 303)


@pages.get("/gradebook/<int:item_id>/<person_id>/review")
def review(item_id: int, person_id: str) -> str:
    """The student's work, as the tool shows it, in a frame."""
    require(current_person().sees_all_grades, "teachers")
    return render_template("review.html", review=reviews.get(lms(), item_id, person_id))


@pages.get("/gradebook/<int:item_id>/<person_id>/review/launch")
def launch_review(item_id: int, person_id: str) -> str:
    require(current_person().sees_all_grades, "teachers")
    found = reviews.get(lms(), item_id, person_id)
    form = oidc.review_request(lms(), current_person(), found)
    return render_template("form_post.html", form=form)


@pages.app_template_filter("moment")
def moment(value: datetime | int) -> str:
    """A time as people read it, in UTC."""
    at = datetime.fromtimestamp(value, UTC) if isinstance(value, int) else value.astimezone(UTC)
    return at.strftime("%-d %b %Y, %H:%M:%S")


@pages.app_template_filter("utc_local")
def utc_local(value: str | None) -> str:
    """An ISO 8601 moment as a form's local time, in UTC."""
    if not value:
        return ""
    return datetime.fromisoformat(value).astimezone(UTC).strftime("%Y-%m-%dT%H:%M")


@pages.app_template_filter("plain")
def plain(value: float) -> str:
    """A number of points as people write it."""
    return f"{round(value, 2):g}" if value < 100_000 else f"{value:.0f}"
