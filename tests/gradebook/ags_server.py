"""A platform's services on a real port: tokens, line items, scores, results, each as it is told.

It keeps what it gets, counts how many requests were there at once, and answers out of turn what a
test has put before it: any status, words, header, a wait, a broken line.
"""

import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import groupby, pairwise
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN_SECONDS = 3600


@dataclass(frozen=True)
class Answer:
    """What to answer once. `body` that is no text is sent as JSON."""

    status: int = 200
    body: Any = ""
    reason: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    hang: float = 0
    breaks_line: bool = False
    takes_it: bool = False
    """Whether the score is taken all the same, as by a platform whose answer was lost."""


@dataclass(frozen=True)
class Got:
    """One request as it came, and when it came and was answered."""

    kind: str
    """token, score, results, items or create."""
    path: str
    headers: dict[str, str]
    body: Any
    status: int
    began: float
    ended: float


class AgsServer(ThreadingHTTPServer):
    """The platform; `answers[kind]` is what comes out of turn."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[str, list[Answer]] = {}
        self.got: list[Got] = []
        self.items: list[dict[str, Any]] = []
        self.grades: dict[tuple[str, str], tuple[Decimal, Decimal]] = {}
        """(line item's path, subject) → score given, its maximum."""
        self.maximum = Decimal(10)
        self.latency = 0.0
        self.is_down = False
        self.most_at_once = 0
        self.tokens = 0
        self._now = 0
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def column_url(self, number: int = 1) -> str:
        return f"{self.url}/services.php/2/lineitems/{number}/lineitem?type_id=1"

    @property
    def items_url(self) -> str:
        return f"{self.url}/services.php/2/lineitems?type_id=1"

    def will(self, kind: str, *answers: Answer) -> None:
        self.answers.setdefault(kind, []).extend(answers)

    def of(self, kind: str) -> list[Got]:
        return [one for one in self.got if one.kind == kind]

    def scores(self) -> list[tuple[Any, int]]:
        """(scoreGiven, status) of each score that came."""
        return [(one.body.get("scoreGiven"), one.status) for one in self.of("score")]

    def by_learner(self) -> list[list[Got]]:
        """The scores that came, for each learner in each column, in the order of their coming."""
        ordered = sorted(
            self.of("score"), key=lambda one: (one.path, one.body["userId"], one.began)
        )
        return [
            list(group)
            for _, group in groupby(ordered, key=lambda one: (one.path, one.body["userId"]))
        ]

    def doubled(self) -> int:
        """Scores that were taken twice in a row."""
        taken = [[one for one in posts if one.status == 200] for posts in self.by_learner()]
        return sum(
            earlier.body["scoreGiven"] == later.body["scoreGiven"]
            for posts in taken
            for earlier, later in pairwise(posts)
        )

    def out_of_order(self) -> int:
        """Scores that did not wait for the one before, or are stamped no later."""
        return sum(
            earlier.ended > later.began or earlier.body["timestamp"] >= later.body["timestamp"]
            for posts in self.by_learner()
            for earlier, later in pairwise(posts)
        )

    @contextmanager
    def counted(self) -> Iterator[None]:
        with self.lock:
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        try:
            yield
        finally:
            with self.lock:
                self._now -= 1

    def next_answer(self, kind: str) -> Answer | None:
        with self.lock:
            if self.is_down:
                return Answer(503, "down for maintenance")
            waiting = self.answers.get(kind)
            return waiting.pop(0) if waiting else None


@contextmanager
def serving() -> Iterator[AgsServer]:
    server = AgsServer()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: AgsServer

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = urlsplit(self.path).path
        if path == "/token":
            self._take("token", raw.decode(), self._token)
        elif path.endswith("/scores"):
            self._take("score", json.loads(raw), self._score)
        else:
            self._take("create", json.loads(raw), self._create)

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path.endswith("/results"):
            self._take("results", None, self._results)
        else:
            self._take("items", None, self._items)

    def _take(self, kind: str, body: Any, usual: Any) -> None:
        with self.server.counted():
            began = time.monotonic()
            answer = self.server.next_answer(kind)
            if self.server.latency:
                time.sleep(self.server.latency)
            if answer is None:
                answer = usual(body)
            elif answer.takes_it:
                usual(body)
            time.sleep(answer.hang)
        got = Got(kind, self.path, dict(self.headers), body, answer.status, began, time.monotonic())
        with self.server.lock:
            self.server.got.append(got)
        self._send(answer)

    def _send(self, answer: Answer) -> None:
        if answer.breaks_line:
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
        raw = text.encode()
        try:
            self.send_response(answer.status, answer.reason)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)
        except OSError:
            pass  # the tool did not wait for it

    def _token(self, body: str) -> Answer:
        with self.server.lock:
            self.server.tokens += 1
            number = self.server.tokens
        scope = parse_qs(body)["scope"][0]
        token = {"access_token": f"t{number}", "expires_in": TOKEN_SECONDS, "scope": scope}
        return Answer(200, token)

    def _score(self, body: dict[str, Any]) -> Answer:
        column = self._column()
        with self.server.lock:
            given, maximum = Decimal(str(body["scoreGiven"])), Decimal(str(body["scoreMaximum"]))
            self.server.grades[column, body["userId"]] = (given, maximum)
        return Answer(200)

    def _results(self, _body: None) -> Answer:
        wanted = parse_qs(urlsplit(self.path).query).get("user_id", [None])[0]
        column, most = self._column(), self.server.maximum
        with self.server.lock:
            rows = [
                {
                    "userId": subject,
                    "resultScore": float(given / maximum * most),
                    "resultMaximum": float(most),
                }
                for (where, subject), (given, maximum) in self.server.grades.items()
                if where == column and wanted in (None, subject)
            ]
        return Answer(200, rows)

    def _items(self, _body: None) -> Answer:
        query = parse_qs(urlsplit(self.path).query)
        names = {"resource_link_id": "resourceLinkId", "resource_id": "resourceId", "tag": "tag"}
        found = [
            item
            for item in self.server.items
            if all(item.get(names[k]) == query[k][0] for k in names if k in query)
        ]
        return Answer(200, found)

    def _create(self, body: dict[str, Any]) -> Answer:
        item = {**body, "id": self.server.column_url(100 + len(self.server.items))}
        self.server.items.append(item)
        return Answer(201, item)

    def _column(self) -> str:
        found = re.match(r".*/lineitem", urlsplit(self.path).path)
        assert found, f"the path of {self.path} has no line item before its last part"
        return found[0]

    def log_message(self, *_: object) -> None:
        """Tests print enough."""
