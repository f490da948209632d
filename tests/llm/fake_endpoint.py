"""A test's double of an OpenAI-compatible endpoint: real HTTP on loopback, behaviour by script."""

import contextlib
import json
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODEL = "test-model-2026-11-22"


@dataclass
class Script:
    """What the endpoint does with a chat request."""

    pieces: tuple[str, ...] = ("There ", "is ", "one ", "list ", "[1].")
    status: int = 200
    error: dict[str, Any] = field(default_factory=lambda: {"message": "no", "code": "refused"})
    wait_before: float = 0.0
    """Seconds before the headers."""
    wait_between: float = 0.0
    hang_after: int | None = None
    """Pieces after which it writes no more and keeps the connection."""
    die_after: int | None = None
    """Pieces after which it cuts the connection."""
    usage: bool = True
    refuses: tuple[str, ...] = ()
    """Parameters that it answers with 400."""
    on_piece: Callable[[int], None] = lambda _number: None


class FakeEndpoint:
    """Serves until closed; remembers what was asked and whether the asker went away."""

    def __init__(self) -> None:
        self.script = Script()
        self.requests: list[dict[str, Any]] = []
        self.left = threading.Event()
        self.vector: Callable[[], list[float]] | None = None
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # as the embedded model server: no 40 ms for the body

            def log_message(self, *_: Any) -> None:
                pass

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                endpoint.requests.append(body)
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    if self.path.endswith("/embeddings"):
                        endpoint.embed(self, body)
                    else:
                        endpoint.chat(self, body)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/v1"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def embed(self, handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        """Vectors that tell the texts apart by their lengths."""
        time.sleep(self.script.wait_before)
        if self.script.status != 200:
            return _send_json(handler, self.script.status, {"error": self.script.error})
        rows = [
            {"object": "embedding", "index": i, "embedding": self._vector_of(text)}
            for i, text in enumerate(body["input"])
        ]
        _send_json(handler, 200, {"object": "list", "data": rows, "model": body["model"]})

    def _vector_of(self, text: str) -> list[float]:
        return self.vector() if self.vector else [1.0, float(len(text))] + [0.0] * 382

    def chat(self, handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        script = self.script
        self._pause(handler, script.wait_before)
        refused = [name for name in script.refuses if name in body]
        if refused:
            error = {"message": f"unknown {refused}", "code": "unsupported_parameter"}
            return _send_json(handler, 400, {"error": error})
        if script.status != 200:
            return _send_json(handler, script.status, {"error": script.error})
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        _send_event(handler, _chunk({"role": "assistant", "content": None}))
        self._write(handler, body, script)

    def _write(self, handler: BaseHTTPRequestHandler, body: Any, script: Script) -> None:
        for number, piece in enumerate(script.pieces):
            if number == script.hang_after:
                self._pause(handler, 30)
                return None
            if number == script.die_after:
                handler.connection.shutdown(socket.SHUT_RDWR)
                return None
            script.on_piece(number)
            if self._pause(handler, script.wait_between):
                return None
            _send_event(handler, _chunk({"content": piece}))
        if script.usage and "stream_options" in body:
            usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
            _send_event(handler, {**_chunk(None), "usage": usage})
        _send_event(handler, "[DONE]")
        handler.wfile.write(b"0\r\n\r\n")
        return None

    def _pause(self, handler: BaseHTTPRequestHandler, seconds: float) -> bool:
        """Wait; true as soon as the asker has gone away."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            readable, _, _ = select.select([handler.connection], [], [], 0.02)
            if readable and not handler.connection.recv(1, socket.MSG_PEEK):
                self.left.set()
                return True
        return False


def _chunk(delta: dict[str, Any] | None) -> dict[str, Any]:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": None}]
    return {
        "id": "c1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": MODEL,
        "choices": choices,
    }


def _send_event(handler: BaseHTTPRequestHandler, data: Any) -> None:
    text = data if isinstance(data, str) else json.dumps(data)
    payload = f"data: {text}\n\n".encode()
    handler.wfile.write(f"{len(payload):x}\r\n".encode() + payload + b"\r\n")
    handler.wfile.flush()


def _send_json(handler: BaseHTTPRequestHandler, status: int, body: dict[str, Any]) -> None:
    data = json.dumps(body).encode()
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data)


@contextlib.contextmanager
def fake_endpoint() -> Iterator[FakeEndpoint]:
    endpoint = FakeEndpoint()
    try:
        yield endpoint
    finally:
        endpoint.close()
