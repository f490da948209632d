"""A stand-in for the tool: its templates and bundle, and addresses that fail and dawdle.

Under `/s/<sid>/` a request needs the session's credential, a cookie or the bearer token, as in the
tool itself.
"""

import io
import json
from pathlib import Path
from threading import Event, Thread
from typing import Any

from flask import (
    Flask,
    Response,
    abort,
    jsonify,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from jinja2 import ChoiceLoader, FileSystemLoader
from markupsafe import Markup
from werkzeug.serving import BaseWSGIServer, make_server

from tests.frontend.pdf_file import pdf

ROOT = Path(__file__).parents[2]
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; worker-src 'self'; "
    "img-src 'self' data: blob:; connect-src 'self'; font-src 'self' data:; "
    "base-uri 'none'; form-action 'self'"
)
TOKEN, SID, CSRF = "token-of-this-session", "visit1", "anti-csrf"
SENTENCE = (
    "An assignment never copies a list. It puts one more name on the list that is already there."
)
FILLER = [f"Line {n} of this page says nothing that anyone would quote." for n in range(12)]
PAGES = [
    ["Lists and references", *FILLER],
    [
        "4.2 Names and lists",
        *FILLER,
        "An assignment never copies a list. It puts one more na-",
        "me on the list that is already there. After that",
        "there are two names and one list.",
        *FILLER,
    ],
    ["The last page", *FILLER],
]


class Site(Flask):
    """The stand-in, and what it has seen."""

    sample = pdf(PAGES)

    def reset(self) -> None:
        """As new, for the next test."""
        self.document = self.sample
        self.page_number, self.page_quotes, self.page_count = 2, (SENTENCE,), 3
        self.text: tuple[str, ...] = ()
        self.cookies_needed, self.with_picture = True, False
        self.seen: list[dict[str, Any]] = []
        self.finish: dict[str, Any] = {}
        self.storage_target, self.storage_origin = "", ""
        self.full_window: dict[str, Any] | None = None
        self.failures = 0
        self.slow_ends = Event()


def create_site() -> Site:
    site = Site(
        __name__, template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "app/static")
    )
    site.jinja_loader = _loader()
    site.reset()
    site.jinja_env.globals.update(asset=_asset, csrf_token=lambda: CSRF)
    site.context_processor(_context)
    site.before_request(lambda: _admit(site))
    site.after_request(_headers)
    _routes(site)
    return site


def _loader() -> Any:
    return ChoiceLoader(
        [FileSystemLoader(ROOT / "templates"), FileSystemLoader(Path(__file__).parent / "pages")]
    )


def _asset(name: str) -> str:
    return f"/static/dist/{name}?v=test"


def _context() -> dict[str, Any]:
    rooms = [("tutor", "Tutor"), ("practice", "Practice")]
    return {
        "tabs": [
            {"url": f"/s/{SID}/{name}", "label": label, "current": request.path.endswith(name)}
            for name, label in rooms
        ],
        "help_url": "/help",
        "readers_note": "Your teacher can read this, without your name.",
        "page_dir": request.args.get("dir", "ltr"),
        "page_lang": request.args.get("lang", "en"),
    }


def _admit(site: Site) -> Any:
    if not request.path.startswith("/s/"):
        return None
    by_cookie = request.cookies.get(f"__Host-s-{SID}") == TOKEN
    by_header = request.headers.get("Authorization") == f"Bearer {TOKEN}"
    safe = request.method in ("GET", "HEAD") or by_header
    protected = CSRF in (request.headers.get("X-CSRF-Token"), request.form.get("csrf_token"))
    site.seen.append(
        {
            "path": request.path,
            "method": request.method,
            "cookie": by_cookie,
            "bearer": by_header,
            "range": request.headers.get("Range"),
            "partial": request.headers.get("HX-Request-Type"),
        }
    )
    if not (by_header or (by_cookie and site.cookies_needed)) or not (safe or protected):
        return render_template("errors/no_session.html", reference="R-401"), 401
    return None


def _headers(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", POLICY)
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Content-Type-Options"] = "nosniff"
    if not request.path.startswith("/static/"):
        response.headers["Cache-Control"] = "no-store"
    return response


def _routes(site: Site) -> None:
    @site.get("/enter")
    def enter() -> Any:
        answer = redirect(request.args.get("to", f"/s/{SID}/tutor"))
        answer.set_cookie(
            f"__Host-s-{SID}", TOKEN, secure=True, httponly=True, samesite="None", partitioned=True
        )
        return answer

    @site.get("/s/<sid>/tutor")
    def tutor(sid: str) -> Any:
        return render_template(
            "tutor_page.html",
            with_picture=site.with_picture,
            file_url=f"/s/{sid}/file",
            quotes=site.page_quotes,
            page=site.page_number,
            sentence=site.page_quotes[0],
        )

    @site.get("/s/<sid>/practice")
    def practice(sid: str) -> Any:
        return render_template("practice_page.html", error=None)

    @site.get("/s/<sid>/formulas")
    def formulas(sid: str) -> Any:
        return render_template("formulas_page.html", text=site.text)

    @site.post("/s/<sid>/practice")
    def answer(sid: str) -> Any:
        if not request.form.get("answer"):
            return render_template("practice_page.html", error="Choose an answer first."), 422
        return redirect(url_for("practice", sid=sid, answered=1))

    @site.get("/s/<sid>/source")
    def source(sid: str) -> Any:
        return _source(
            site, sid, request.args.get("page", 1, int), request.args.get("view", "page")
        )

    @site.get("/s/<sid>/file")
    def file(sid: str) -> Any:
        return send_file(
            io.BytesIO(site.document),
            mimetype="application/pdf",
            conditional=True,
            etag="of-this-file",
        )

    @site.get("/s/<sid>/report.csv")
    def report(sid: str) -> Any:
        return Response(
            "a,b\n1,2\n",
            mimetype="text/csv",
            headers={"Content-Disposition": 'attachment; filename="Report.csv"'},
        )

    @site.route("/s/<sid>/fail", methods=["GET", "POST"])
    def fail(sid: str) -> Any:
        site.failures += 1
        if site.failures > 1:
            return "<p id='part'>Here it is.</p>"
        part = "HX-Request" in request.headers and "HX-Boosted" not in request.headers
        template = "errors/_error.html" if part else "errors/error.html"
        return render_template(
            template, sentence="The list is not there yet.", reference="R-500"
        ), 500

    @site.get("/s/<sid>/slow")
    def slow(sid: str) -> Any:
        site.slow_ends.wait(60)
        return "<p id='slow'>At last.</p>"

    @site.post("/s/<sid>/delete")
    def delete(sid: str) -> Any:
        return redirect(url_for("practice", sid=sid, deleted=1))

    @site.get("/s/<sid>/stream")
    def stream(sid: str) -> Any:
        parts = [
            "event: sources\ndata: [1, 2]\n\n",
            "data: Grü",
            "ße\ndata: zwei\n\n",
            ": ping\n\n",
            "data: end\n\n",
        ]
        return Response((part.encode() for part in parts), mimetype="text/event-stream")

    _launch_routes(site)


def _launch_routes(site: Site) -> None:
    @site.get("/lms")
    def lms() -> Any:
        frame = Markup("<iframe width='1000' height='640' src='{}'></iframe>")
        page = Markup("<!doctype html><title>Course</title>") + frame.format(
            request.args.get("frame", "/health")
        )
        return Response(page, headers={"Content-Security-Policy": "default-src *"})

    @site.get("/lti/login")
    def login() -> Any:
        return render_template(
            "launch/login.html",
            authorization_url="/platform/auth?state=S1",
            state="S1",
            browser_secret="secret-b",
            storage=_storage(site),
            new_window_url="/lti/login?iss=x&top=1",
        )

    @site.get("/platform/auth")
    def auth() -> Any:
        return render_template(
            "launch/finish.html",
            handle="H1",
            state="S1",
            finish_url="/lti/launch/finish",
            storage=_storage(site),
            full_window=site.full_window,
        )

    @site.post("/lti/launch/finish")
    def finish() -> Any:
        message = json.loads(request.data)
        site.finish = message
        if message["secret"] != "secret-b":
            return jsonify(error="The sign-in check failed.", reference="R-403"), 403
        return jsonify(url=f"/s/{SID}/tutor", token=TOKEN)


def _storage(site: Site) -> dict[str, Any] | None:
    if not site.storage_target:
        return None
    return {"origin": site.storage_origin, "targets": [site.storage_target]}


def _source(site: Site, sid: str, page: int, view: str) -> Any:
    def address(number: int, kind: str = "page") -> str:
        return f"/s/{sid}/source?page={number}" + ("" if kind == "page" else "&view=text")

    if not 1 <= page <= site.page_count:
        abort(404)
    source = {
        "title": "Week 4 · Lists and references",
        "unit": "Page",
        "page": page,
        "page_count": site.page_count,
        "file_url": f"/s/{sid}/file",
        "view": view,
        "page_url": address(page),
        "text_url": address(page, "text"),
        "quotes": site.page_quotes if page == site.page_number else (),
        "text": _text(page),
        "back_url": f"/s/{sid}/tutor",
        "cited": [(f"p. {site.page_number}", address(site.page_number), page == site.page_number)],
        "previous_url": address(page - 1) if page > 1 else None,
        "next_url": address(page + 1) if page < site.page_count else None,
    }
    if request.headers.get("HX-Request-Type") == "partial":
        return render_template("_source.html", source=source)
    return render_template("source_page.html", source=source)


def _text(page: int) -> Any:
    lines = Markup("").join(Markup("<p>{}</p>").format(line) for line in FILLER * 4)
    return (
        lines
        + Markup("<p><mark>{}</mark></p>").format(SENTENCE)
        + lines
        + Markup("<p>Page {}</p>").format(page)
    )


class Serving:
    """The stand-in on a port of its own, with threads, until stop()."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.server: BaseWSGIServer = make_server("127.0.0.1", 0, site, threaded=True)
        self.url = f"http://localhost:{self.server.server_port}"
        Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
