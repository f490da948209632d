"""A forward proxy that drops every Set-Cookie of one host: a browser that keeps none of ours.

Bodies pass as they come, so streams stay streams.
"""

import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import urlsplit

HOP_BY_HOP = frozenset({"connection", "proxy-connection", "keep-alive", "transfer-encoding"})


class StrippingProxy:
    """Runs in a thread. `stripped` counts the cookies it dropped."""

    def __init__(self, host_and_port: str) -> None:
        self.stripped = 0
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing: the tests look at what the browser sees."""

            def _forward(self) -> None:
                target = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                connection = http.client.HTTPConnection(target.netloc, timeout=120)
                path = target.path + (f"?{target.query}" if target.query else "")
                headers = {k: v for k, v in self.headers.items() if k.lower() not in HOP_BY_HOP}
                connection.request(self.command, path, body or None, headers)
                answer = connection.getresponse()
                self.send_response(answer.status, answer.reason)
                self._send_headers(answer, strip=target.netloc == host_and_port)
                self._copy(answer)
                connection.close()

            def _send_headers(self, answer: http.client.HTTPResponse, *, strip: bool) -> None:
                for name, value in answer.getheaders():
                    if name.lower() in HOP_BY_HOP:
                        continue
                    if strip and name.lower() == "set-cookie":
                        proxy.stripped += 1
                        continue
                    self.send_header(name, value)
                self.send_header("Connection", "close")
                self.end_headers()
                self.close_connection = True

            def _copy(self, answer: http.client.HTTPResponse) -> None:
                try:
                    while part := answer.read1(65536):
                        self.wfile.write(part)
                        self.wfile.flush()
                except (BrokenPipeError, ConnectionResetError):
                    pass  # the browser went away in the middle, as browsers do

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _forward

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
