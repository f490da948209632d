"""PostgreSQL with pgvector as a child of ours: made once, started, stopped, nothing left behind.

    with EmbeddedPostgres(tmp_path, durable=False) as postgres:
        postgres.create_database("coursellm")
        psycopg.connect(postgres.dsn())

It listens on a Unix socket in a private folder, never on a port. See `postgres_home` for where
programs and data live.
"""

import shutil
import signal
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from urllib.parse import quote

import psycopg
from psycopg import sql

from scripts.children import signal_group, spawn, watcher
from scripts.errors import explain_os_error
from scripts.locks import take_lock
from scripts.postgres_cluster import (
    ENVIRONMENT,
    FULL,
    SUPERUSER,
    clear_leftovers,
    explain,
    make_cluster,
)
from scripts.postgres_home import Home, find_home

START_SECONDS = 60.0
STOP_SECONDS = 20.0
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "maintenance_work_mem": "256MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    "max_wal_size": "512MB",
}
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
# A server of before that is still dying holds these: another try helps.
PASSING_TROUBLE = ("shared memory block", "lock file")


class EmbeddedPostgres:
    """One database server on one data folder. `durable=False` is for tests: fast, thrown away."""

    def __init__(self, data_dir: Path, *, durable: bool = True, log: Path | None = None) -> None:
        self._data_dir = data_dir.absolute()
        self._durable = durable
        self._log = log or self._data_dir / "postgres" / "postgres.log"
        self._home: Home | None = None
        self._lock: IO[str] | None = None
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        if not self._durable:
            self.delete()

    @property
    def home(self) -> Home:
        """Programs, data and user; made at the first look."""
        if self._home is None:
            self._home = find_home(self._data_dir, durable=self._durable)
        return self._home

    def dsn(self, database: str = "coursellm") -> str:
        """The URL of a database: postgresql://postgres@/name?host=/folder/of/the/socket."""
        folder = quote(str(self.home.sockets), safe="/")
        return f"postgresql://{SUPERUSER}@/{quote(database)}?host={folder}"

    def start(self) -> None:
        """Start and wait until connections are taken. Raises CannotStart with a clear sentence."""
        try:
            if self._lock is None:
                lock = self._data_dir / "postgres" / "lock"
                self._lock = take_lock(lock, self._data_dir)
            self._end_process()
            clear_leftovers(self.home)
            make_cluster(self.home, durable=self._durable)
            self._start_with_retries()
            self._note().write_text(self.dsn() + "\n")
        except OSError as error:
            self.stop()
            raise explain_os_error(error, "Starting the embedded PostgreSQL") from error
        except BaseException:
            self.stop()
            raise

    def create_database(self, name: str = "coursellm", *, template: str | None = None) -> None:
        """Make a database; one that is there already stays as it is."""
        with psycopg.connect(self.dsn("postgres"), autocommit=True) as connection:
            known = connection.execute("select 1 from pg_database where datname = %s", [name])
            if known.fetchone() is None:
                connection.execute(
                    sql.SQL("create database {} template {}").format(
                        sql.Identifier(name), sql.Identifier(template or "template1")
                    )
                )

    def has_died(self) -> bool:
        """Whether the server ended by itself; `start` brings it back."""
        return self.process is not None and self.process.poll() is not None

    def stop(self) -> None:
        """Fast shutdown (SIGINT: clients are dropped, data are safe), then give the lock back."""
        self._end_process()
        if self._lock is not None:
            self._note().unlink(missing_ok=True)
            self._lock.close()
            self._lock = None

    def delete(self) -> None:
        """Throw the data away; only what this class made is touched."""
        if self.process is not None:
            raise RuntimeError("stop the server first")
        if self.home.sockets != self.home.folder:
            shutil.rmtree(self.home.sockets, ignore_errors=True)
        shutil.rmtree(self.home.folder, ignore_errors=True)
        shutil.rmtree(self._data_dir / "postgres", ignore_errors=True)
        self._home = None

    def _note(self) -> Path:
        """Where operator's commands find the address while the server runs."""
        return self._data_dir / "postgres" / "url"

    def _start_with_retries(self) -> None:
        """Start, and start again while a dying server of before is in the way."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            trouble = self._start_once(deadline)
            if trouble is None:
                return
            passing = any(sign in trouble for sign in PASSING_TROUBLE) and FULL not in trouble
            if not passing or time.monotonic() > deadline:
                raise explain(trouble, "PostgreSQL", self.home)
            clear_leftovers(self.home)
            time.sleep(0.5)

    def _start_once(self, deadline: float) -> str | None:
        """None when the server is up, else what it logged."""
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            begin = log.tell()
            self.process = spawn(
                self._command(),
                log=log,
                env=ENVIRONMENT,
                cwd=self.home.folder,
                user=self.home.uid,
                group=self.home.gid,
                death_signal=signal.SIGINT,
            )
        while self.process.poll() is None and time.monotonic() < deadline:
            if self._answers():
                return None
            time.sleep(0.05)
        self._end_process()
        with self._log.open("rb") as log:
            log.seek(begin)
            return log.read().decode(errors="replace")

    def _command(self) -> list[str]:
        settings = SETTINGS | ({} if self._durable else FORGETFUL)
        settings["unix_socket_directories"] = str(self.home.sockets)
        options = [part for name in settings for part in ("-c", f"{name}={settings[name]}")]
        return [str(self.home.bin / "postgres"), "-D", str(self.home.cluster), *options]

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.dsn("postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def _end_process(self) -> None:
        """SIGINT; SIGQUIT and SIGKILL where that does not end it."""
        process, self.process = self.process, None
        if process is None:
            return
        for number in (signal.SIGINT, signal.SIGQUIT):
            if process.poll() is None:
                process.send_signal(number)
            try:
                process.wait(STOP_SECONDS)
                break
            except subprocess.TimeoutExpired:
                continue
        signal_group(process.pid, signal.SIGKILL)
        process.wait()
        watcher.forget(process.pid)
