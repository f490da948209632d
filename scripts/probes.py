"""Small questions to the outside: is a port free, does an address answer, is a worker alive."""

import errno
import http.client
import socket
import time
from contextlib import suppress
from datetime import datetime
from urllib.parse import urlsplit

import psutil
import psycopg

from scripts.errors import CannotStart

LOOPBACK = "127.0.0.1"
# Programs that serve models on a port of their own; asked for, never used unasked.
KNOWN_MODEL_SERVERS = {"Ollama": 11434, "LM Studio": 1234}


def require_port(port: int, setting: str, patience: float = 3.0) -> None:
    """Raise CannotStart while another program listens there.

    A moment's patience: the one before us may be on its way out.
    """
    deadline = time.monotonic() + patience
    while not is_free(port):
        if time.monotonic() > deadline:
            raise CannotStart(
                f"Port {port} is taken{_holder(port)}. Stop that program, or choose another port:"
                f" make run {setting}={port + 10}"
            )
        time.sleep(0.2)


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a server could listen on the port, and nobody listens on all addresses."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as visitor:
        if port and visitor.connect_ex((host, port)) == 0:
            return False
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EACCES:
                raise CannotStart(
                    f"Port {port} needs an administrator: choose one above 1023."
                ) from error
            return False
    return True


def has_ipv6() -> bool:
    """Whether [::1] exists here: browsers may try it first for `localhost`."""
    return socket.has_ipv6 and is_free(0, "::1")


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _holder(port: int) -> str:
    """Who listens on the port, as far as we may know."""
    with suppress(psutil.Error, OSError):
        for connection in psutil.net_connections("tcp"):
            listens = connection.status == psutil.CONN_LISTEN
            if listens and connection.laddr.port == port and connection.pid:
                name = psutil.Process(connection.pid).name()
                return f" by {name} (process {connection.pid})"
    return ""


def answers(url: str, timeout: float = 2.0) -> bool:
    """Whether GET of a plain http address gives 200."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
    try:
        connection.request("GET", parts.path or "/")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def database_time(database_url: str) -> datetime:
    """Now, by the database's clock. Raises CannotStart where it cannot be reached."""
    try:
        with psycopg.connect(_plain(database_url), connect_timeout=10) as connection:
            row = connection.execute("select now()").fetchone()
    except psycopg.Error as error:
        first = str(error).strip().splitlines()[0]
        raise CannotStart(f"The database of DATABASE_URL cannot be reached: {first}") from error
    assert row is not None
    now: datetime = row[0]
    return now


def worker_beats(database_url: str, since: datetime) -> bool:
    """Whether a job worker has said since then that it lives."""
    query = "select 1 from procrastinate_workers where last_heartbeat >= %s"
    try:
        with psycopg.connect(_plain(database_url), connect_timeout=5) as connection:
            return connection.execute(query, [since]).fetchone() is not None
    except psycopg.Error:
        return False


def _plain(database_url: str) -> str:
    """The address without SQLAlchemy's name of the driver."""
    return database_url.replace("postgresql+psycopg://", "postgresql://", 1)


def model_servers() -> dict[str, str]:
    """Model servers that run on this machine: name → OpenAI-compatible address."""
    return {
        name: f"http://{LOOPBACK}:{port}/v1"
        for name, port in KNOWN_MODEL_SERVERS.items()
        if answers(f"http://{LOOPBACK}:{port}/v1/models", timeout=0.3)
    }
