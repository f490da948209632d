"""The one HTTP client for addresses that a platform names: guarded, patient for seconds, no more.

Guards: https (addresses.py), no redirects, no proxies, the connection goes to the very address
that was checked (so a name can't change its mind in between), at most 256 KiB unless more is
expected, 3 s to connect, 10 s of silence, 20 s in all.
"""

import json
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError
from urllib3.util.connection import create_connection

from lti_config import texts
from lti_config.addresses import TrustedHosts, as_address, check_url
from lti_config.errors import AddressRefused, TooLarge, Unreachable

CONNECT_SECONDS = 3.0
READ_SECONDS = 10.0
TOTAL_SECONDS = 20.0
MOST_BYTES = 256 * 1024
USER_AGENT = "CourseLLM"


@dataclass(frozen=True)
class Reply:
    """What a platform answered, whatever the status."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON; None if it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def shown(self) -> str:
        """Status and first words, for a log or for who has to look into it.

        Moodle puts words, and our whole request, into the phrase beside the status. An answer may
        be of any kind: what no database keeps is left out.
        """
        words = texts.clean(self.reason.partition("{")[0])[:100]
        text = texts.clean(self.body[:200].decode(errors="replace"))
        return " ".join(filter(None, (str(self.status), words, text if text != "[]" else "")))


@dataclass(frozen=True)
class Client:
    """Asks platforms. Safe to share between threads; nothing is kept between requests."""

    trusted: TrustedHosts
    connect_seconds: float = CONNECT_SECONDS
    read_seconds: float = READ_SECONDS
    most_bytes: int = MOST_BYTES

    @classmethod
    def trusting(cls, private_hosts: tuple[str, ...], *, most_bytes: int = MOST_BYTES) -> "Client":
        """A client that may go to the private hosts listed, too."""
        return cls(TrustedHosts(private_hosts), most_bytes=most_bytes)

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Reply:
        """GET. Raises AddressRefused, Unreachable."""
        return self._send("GET", url, headers or {}, None)

    def post(self, url: str, data: Any, headers: Mapping[str, str] | None = None) -> Reply:
        """POST a form (a mapping) or a body (bytes). Raises AddressRefused, Unreachable."""
        return self._send("POST", url, headers or {}, data)

    def _send(self, method: str, url: str, headers: Mapping[str, str], data: Any) -> Reply:
        check_url(url, self.trusted)
        deadline = time.monotonic() + TOTAL_SECONDS
        # Not compressed: the limit counts what comes, and nothing can swell behind it.
        fixed = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
        with requests.Session() as session:
            session.trust_env = False
            for scheme in ("https://", "http://"):
                session.mount(scheme, _GuardedAdapter(self.trusted))
            try:
                with session.request(
                    method,
                    url,
                    headers={**fixed, **headers},
                    data=data,
                    timeout=(self.connect_seconds, self.read_seconds),
                    allow_redirects=False,
                    stream=True,
                ) as response:
                    return _read(response, deadline, self.most_bytes)
            except (requests.RequestException, HTTPError, OSError) as error:
                raise _cause(error) from error


def _read(response: requests.Response, deadline: float, most: int) -> Reply:
    if response.is_redirect:
        raise Unreachable(f"redirected to {response.headers.get('Location', '')[:200]!r}")
    body = bytearray()
    while part := response.raw.read1(16 * 1024):
        body += part
        if len(body) > most:
            raise TooLarge(f"the answer is larger than {most} bytes")
        if time.monotonic() > deadline:
            raise Unreachable(f"the answer took longer than {TOTAL_SECONDS:.0f} s")
    return Reply(response.status_code, response.reason or "", response.headers, bytes(body))


def _cause(error: BaseException) -> AddressRefused | Unreachable:
    """The refusal of our own guard, wherever the libraries have wrapped it."""
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, AddressRefused | Unreachable):
            return inner
        inner = inner.__cause__ or inner.__context__
    return Unreachable(_in_words(error))


def _in_words(error: BaseException) -> str:
    """What happened, for who looks after the connection; what is rare as the library says it."""
    chain = [error]
    while (inner := chain[-1].__cause__ or chain[-1].__context__) and inner not in chain:
        chain.append(inner)
    for one in reversed(chain):
        if isinstance(one, socket.gaierror):
            return "the name of the host is not known"
        if isinstance(one, ConnectionRefusedError):
            return "the host refuses the connection"
        if isinstance(one, ssl.SSLError):
            return f"https does not work there: {one.reason or one}"
        if isinstance(one, TimeoutError | requests.Timeout):
            return "no answer came in time"
    return texts.clean(f"{type(error).__name__}: {str(error)[:300]}")


def _connect(connection: HTTPConnection, trusted: TrustedHosts) -> socket.socket:
    """Resolve, check, and connect to the address that was checked."""
    host, port = connection.host, connection.port or connection.default_port
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for text in addresses:
        address = as_address(text.partition("%")[0])
        if address is None or not trusted.admits(host, port, address):
            raise AddressRefused(f"{host!r} leads to {text}, a network that is not listed")
    failure: OSError | None = None
    for text in addresses:
        try:
            return create_connection(
                (text, port), connection.timeout, socket_options=connection.socket_options
            )
        except OSError as error:
            failure = error
    raise failure or OSError(f"{host!r} has no address")


def _guarded_pools(trusted: TrustedHosts) -> dict[str, Any]:
    class PlainConnection(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return _connect(self, trusted)

    class SecureConnection(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return _connect(self, trusted)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = PlainConnection

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = SecureConnection

    return {"http": PlainPool, "https": SecurePool}


class _GuardedAdapter(HTTPAdapter):
    def __init__(self, trusted: TrustedHosts) -> None:
        self._trusted = trusted
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        manager = PoolManager(num_pools=1, maxsize=1)
        manager.pool_classes_by_scheme = _guarded_pools(self._trusted)
        self.poolmanager = manager
