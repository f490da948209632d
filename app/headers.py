"""Security headers of every answer: who may frame it, what it may load, that nobody keeps it."""

from wsgiref.headers import Headers

from flask import Flask, Response, g, request

_CONTENT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self'; "
    "manifest-src 'self'; base-uri 'none'"
)


def init_app(app: Flask) -> None:
    """Set the headers after each request; pages are never kept."""
    app.after_request(_protect)


def _protect(response: Response) -> Response:
    headers = response.headers
    policy = f"{_CONTENT}; frame-ancestors {_framers()}"
    if request.path.startswith("/admin"):
        policy += "; form-action 'self'"
    headers.setdefault("Content-Security-Policy", policy)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cache-Control", "no-store")
    return response


def protect_file(headers: Headers, _path: str, _url: str) -> None:
    """The same for built files: a worker lives by the policy that its own script comes with."""
    headers["Content-Security-Policy"] = f"{_CONTENT}; frame-ancestors 'none'"
    headers["X-Content-Type-Options"] = "nosniff"


def _framers() -> str:
    """The session's own platform; pages without a session hold no data and may be framed."""
    if not request.path.startswith(("/s/", "/lti/")):
        return "'none'"
    origin = g.get("frame_origin")
    return f"'self' {origin}" if origin else "*"
