"""The guarded client: it goes where it may, and never waits or reads without end."""

import socket
import threading
import time
from typing import Any

import pytest

from lti_config.addresses import TrustedHosts
from lti_config.errors import AddressRefused, Unreachable
from lti_config.http import MOST_BYTES, Client
from tests.lti_config.conftest import Peer


def test_a_plain_question(peer: Peer, http: Client):
    peer.answer = lambda asked: (201, {"X-Thing": "a"}, asked.method.encode() + asked.body)
    reply = http.get(peer.url + "/x?y=1")
    assert (reply.status, reply.body, reply.headers["x-thing"]) == (201, b"GET", "a")
    assert http.post(peer.url, b"body").body == b"POSTbody"
    assert peer.asked[0].path == "/x?y=1"


def test_private_addresses_are_refused(peer: Peer):
    with pytest.raises(AddressRefused):
        Client.trusting(()).get(peer.url)
    assert peer.asked == []


def test_a_name_that_leads_inside_is_refused(monkeypatch: pytest.MonkeyPatch):
    def resolve(host: str, port: int, *args: Any, **kwargs: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
                for address in ("93.184.216.34", "169.254.169.254")]  # fmt: skip

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(AddressRefused, match=r"169\.254"):
        Client.trusting(()).get("https://lms.example/jwks")


def test_the_address_checked_is_the_one_connected_to(peer: Peer, monkeypatch: pytest.MonkeyPatch):
    """A name that changes its mind between check and connection gains nothing."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def resolve(host: str, *args: Any, **kwargs: Any) -> Any:
        is_changed = host in asked
        asked.append(host)
        there = "127.0.0.9" if is_changed else "127.0.0.1" if host == "localhost" else host
        return real(there, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    client = Client.trusting(("localhost", "127.0.0.1"))
    client.get(peer.url.replace("127.0.0.1", "localhost"))
    assert len(peer.asked) == 1
    assert asked.count("localhost") == 1, "looked up once, to be checked"


def test_redirects_are_not_followed(peer: Peer, http: Client):
    peer.answer = lambda asked: (302, {"Location": "http://169.254.169.254/"}, b"")
    with pytest.raises(Unreachable, match="redirected"):
        http.get(peer.url)
    assert len(peer.asked) == 1


def test_a_large_answer_is_cut_off(peer: Peer, http: Client):
    peer.answer = lambda asked: (200, {}, b"x" * (MOST_BYTES + 1))
    with pytest.raises(Unreachable, match="larger"):
        http.get(peer.url)


def test_a_silent_peer(peer: Peer):
    peer.answer = lambda asked: time.sleep(1) or (200, {}, b"")
    impatient = Client(TrustedHosts(("127.0.0.1",)), read_seconds=0.2)
    with pytest.raises(Unreachable):
        impatient.get(peer.url)


def test_a_dripping_peer(http: Client, monkeypatch: pytest.MonkeyPatch):
    """One byte at a time keeps every single wait short, but not the whole."""
    monkeypatch.setattr("lti_config.http.TOTAL_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                for _ in range(100):
                    try:
                        connection.sendall(b"x")
                    except OSError:
                        return
                    time.sleep(0.05)

        threading.Thread(target=drip, daemon=True).start()
        with pytest.raises(Unreachable, match="longer"):
            http.get(f"http://127.0.0.1:{server.getsockname()[1]}/")


@pytest.mark.parametrize("host", ["127.0.0.1:1", "127.0.0.1:9"])
def test_nobody_there(host: str, http: Client):
    with pytest.raises(Unreachable, match="the host refuses the connection"):
        http.get(f"http://{host}/")


def test_a_name_that_nobody_has_is_said_in_words(http: Client, monkeypatch: pytest.MonkeyPatch):
    def resolve(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(Unreachable, match=r"^the name of the host is not known$"):
        http.get("https://lms.example/jwks")


def test_no_proxy_of_the_environment(peer: Peer, http: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert http.get(peer.url).status == 404
