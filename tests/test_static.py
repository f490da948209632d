"""Built files as a browser gets them: types, compression, ranges, caching, and that they fit."""

import gzip
import http.client
import re
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

DIST = Path(__file__).parents[1] / "app/static/dist"
WORKER = next(DIST.glob("pdfjs-*/pdf.worker.js")).relative_to(DIST).as_posix()
YEAR = "max-age=31536000, public"
IMPORTS = re.compile(r"""(?:from|import)\s*\(?["']\./([\w.-]+)["']""")


def get(client: FlaskClient, name: str, **headers: str) -> TestResponse:
    """A built file; `accept_encoding="gzip"` is a header."""
    given = {key.replace("_", "-"): value for key, value in headers.items()}
    return client.get(f"/static/dist/{name}", headers=given)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("main.js", "text/javascript"),
        ("main.css", "text/css"),
        ("main.rtl.css", "text/css"),
        ("icons.svg", "image/svg+xml"),
        (WORKER, "text/javascript"),
    ],
)
def test_texts_come_compressed_to_those_who_take_it_so(
    client: FlaskClient, name: str, kind: str
) -> None:
    plain, small = get(client, name), get(client, name, accept_encoding="gzip, deflate, br")
    assert plain.mimetype == small.mimetype == kind
    assert plain.data == gzip.decompress(small.data) == (DIST / name).read_bytes()
    assert "Content-Encoding" not in plain.headers
    assert small.headers["Content-Encoding"] == "gzip"
    assert int(small.headers["Content-Length"]) == len(small.data) < len(plain.data) / 2
    for response in (plain, small):
        assert response.headers["Cache-Control"] == YEAR
        assert response.headers["Vary"] == "Accept-Encoding"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "script-src 'self'" in response.headers["Content-Security-Policy"]


def test_compressed_twins_are_of_this_build() -> None:
    for path in DIST.rglob("*.gz"):
        twin = path.with_suffix("")
        if twin.exists():
            assert gzip.decompress(path.read_bytes()) == twin.read_bytes(), path


def test_fonts_are_woff2_alone(client: FlaskClient) -> None:
    sheet = max(DIST.glob("math-*.css"), key=lambda path: path.stat().st_mtime)
    addresses = re.findall(r"url\(([^)]+)\)", sheet.read_text())
    assert len(addresses) >= 15
    for address in addresses:
        if address.startswith("data:font/woff2"):
            continue
        response = get(client, address.strip("\"'").removeprefix("./"))
        assert (response.status_code, response.mimetype) == (200, "font/woff2")


def test_what_has_not_changed_is_not_sent_again(client: FlaskClient) -> None:
    first = get(client, "main.js")
    again = get(client, "main.js", if_none_match=first.headers["ETag"])
    assert (again.status_code, again.data) == (304, b"")


def test_a_part_of_a_file_can_be_asked_for(client: FlaskClient) -> None:
    whole = (DIST / WORKER).read_bytes()
    part = get(client, WORKER, range="bytes=100-299")
    assert part.status_code == 206
    assert part.headers["Content-Range"] == f"bytes 100-299/{len(whole)}"
    assert part.data == whole[100:300]
    beyond = get(client, WORKER, range=f"bytes={len(whole)}-")
    assert beyond.status_code == 416


def test_what_is_not_there_is_not_found_and_not_kept(client: FlaskClient) -> None:
    for name in ("chunk-AAAAAAAA.js", "../../../wsgi.py", "%2e%2e/%2e%2e/%2e%2e/wsgi.py"):
        response = get(client, name)
        assert response.status_code == 404
        assert response.headers["Cache-Control"] == "no-store"


def test_a_built_file_cannot_be_written(client: FlaskClient) -> None:
    assert client.post("/static/dist/main.js").status_code == 405


def test_the_address_of_a_file_changes_with_it(app: Flask) -> None:
    asset = app.jinja_env.globals["asset"]
    with app.test_request_context():
        address = asset("main.js")  # type: ignore[operator]
    assert re.fullmatch(r"/static/dist/main\.js\?v=[0-9a-f]{12}", address)


@pytest.fixture
def server(app: Flask) -> Iterator[http.client.HTTPConnection]:
    """The application behind a real socket."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    server.shutdown()


def test_all_that_main_asks_for_is_there(server: http.client.HTTPConnection) -> None:
    """Over a socket, as a browser would: each import's address, from the one before."""
    waiting, seen = ["main.js"], set[str]()
    while waiting:
        name = waiting.pop()
        seen.add(name)
        server.request("GET", f"/static/dist/{name}", headers={"Accept-Encoding": "gzip"})
        response = server.getresponse()
        body = response.read()
        text = gzip.decompress(body) if response.headers["Content-Encoding"] else body
        assert response.status == 200, name
        assert (response.headers["Content-Type"] or "").startswith("text/javascript"), name
        waiting += [other for other in IMPORTS.findall(text.decode()) if other not in seen]
    assert {"tutor", "reader", "math", "katex"} <= {name.split("-")[0] for name in seen}
    assert not [
        name for name in seen - {"main.js"} if not re.fullmatch(r"\w+-[A-Z0-9]{8}\.js", name)
    ]
    assert "main.js" not in IMPORTS.findall("".join((DIST / name).read_text() for name in seen))
