"""Who is looking, and what every page needs: the person's cookie, same-origin forms, headers.

The cookie is SameSite=Lax, so the LMS meets the same troubles in a frame as a real one does.
"""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, current_app, g, make_response, redirect, render_template
from flask import request as req
from werkzeug.wrappers import Response as BaseResponse

from demo_lms import courses, persons, tools
from demo_lms.errors import Refusal
from demo_lms.faults import FORWARDING_FRAME, get_faults
from demo_lms.persons import Person
from demo_lms.platform import Platform

COOKIE, COURSE_COOKIE = "demo_lms_person", "demo_lms_course"
FIRST_PERSON = "teacher"
_IN_FRAME = {
    "course.launch_link",
    "picker.launch_picker",
    "picker.launch_again",
    "returns.take_answer",
    "launch.authorize",
}


def lms() -> Platform:
    """The platform that this application serves: as it is for the tool in use, and in the course
    of the address (`in_course`) or that this browser looks at.
    """
    platform: Platform = current_app.extensions["demo_lms"]
    course = g.get("course")
    return courses.at(
        tools.in_use(platform), req.cookies.get(COURSE_COOKIE, "") if course is None else course
    )


def in_course(key_or_context: str) -> Platform:
    """From here on this request is about that course."""
    g.course = key_or_context
    return lms()


def logged_in() -> Person | None:
    """The person that this browser chose to be, if its cookie came along."""
    return persons.find(req.cookies.get(COOKIE))


def current_person() -> Person:
    """The same, or the teacher for a browser that comes for the first time."""
    return logged_in() or persons.get(FIRST_PERSON)


def require(allowed: bool, who: str) -> None:
    """Raises Refusal (403) for a person who may not do this."""
    if not allowed:
        raise Refusal(403, "forbidden", f"Only {who} can do this. You can be somebody else above.")


def be(person: Person, response: BaseResponse) -> BaseResponse:
    """Remember the choice in this browser."""
    response.set_cookie(COOKIE, person.id, httponly=True, samesite="Lax", max_age=31_536_000)
    return response


def own_path(text: str | None) -> str:
    """A path of ours to go back to, `/` for anything else."""
    parts = urlsplit(text or "")
    safe = text and text.startswith("/") and not text.startswith(("//", "/\\"))
    return text if text and safe and not parts.netloc else "/"


def page_blueprint(name: str, module: str) -> Blueprint:
    """A blueprint of pages for people: `?as=ID`, form checks, errors as pages."""
    blueprint = Blueprint(name, module)
    blueprint.before_request(_switch_by_address)
    blueprint.before_request(_own_forms_only)
    blueprint.after_request(_remember_first_person)
    blueprint.register_error_handler(Refusal, refused_page)
    return blueprint


def refused_page(refusal: Refusal) -> Response:
    bare = req.endpoint in _IN_FRAME
    page = render_template("refused.html", refusal=refusal, bare=bare)
    return make_response(page, refusal.status)


def _switch_by_address() -> BaseResponse | None:
    """`?as=student-1`: be that person from here on, then the same address without it."""
    if req.method != "GET" or "as" not in req.args:
        return None
    person = persons.find(req.args["as"])
    if person is None:
        raise Refusal(400, "invalid_request", "There is no such person.")
    rest = urlencode([pair for pair in req.args.items(multi=True) if pair[0] != "as"])
    return be(person, redirect(req.path + (f"?{rest}" if rest else "")))


def _own_forms_only() -> None:
    """A form of another site changes nothing here; a browser that never came is nobody."""
    if req.method in ("GET", "HEAD"):
        return
    if req.headers.get("Origin") not in (None, lms().settings.issuer):
        raise Refusal(403, "forbidden", "This form came from another site.")
    if logged_in() is None and req.endpoint != "course.switch":
        raise Refusal(403, "forbidden", "Choose first who you are.")


def _remember_first_person(response: Response) -> BaseResponse:
    if logged_in() is None and COOKIE not in response.headers.get("Set-Cookie", ""):
        return be(current_person(), response)
    return response


def add_headers(response: Response) -> Response:
    """No foreign content, no foreign frame round us, forms only to ourselves and the tool."""
    tool = lms().settings.tool_origin
    if response.mimetype == "text/html":
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
            f"frame-src 'self' {tool}; form-action 'self' {tool}; "
            "frame-ancestors 'self'; base-uri 'none'"
        )
        response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def template_values() -> dict[str, object]:
    """What the layout shows on every page."""
    return {
        "settings": lms().settings,
        "person": current_person(),
        "persons": persons.PERSONS,
        "courses": courses.listed(lms()),
        "here": req.full_path.rstrip("?"),
        "storage": get_faults(lms().store).platform_storage,
        "forwarding_frame": FORWARDING_FRAME,
    }
