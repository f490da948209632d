"""PostgreSQL with pgvector as a child of ours: made once, started, stopped, nothing left behind.

    with EmbeddedPostgres(tmp_path, durable=False) as postgres:
        postgres.create_database("coursellm")
        psycopg.connect(postgres.dsn())

It listens on a Unix socket in a private folder, never on a port. See `postgres_home` for where
programs and data live.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql

from scripts.children import signal_group, spawn, watcher
from scripts.errors import CannotStart, explain_os_error, require_space
from scripts.postgres_home import POSTGRES_VERSION, Home, find_home

SUPERUSER = "postgres"
START_SECONDS = 60.0
STOP_SECONDS = 20.0
MEGABYTES_NEEDED = 150
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
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
# initdb's own collation by code points: the same on every system and every machine.
INITDB = (
    "--auth=trust",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
)


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
            self._home = find_home(self._data_dir)
        return self._home

    def dsn(self, database: str = "coursellm") -> str:
        """The URL of a database: postgresql://postgres@/name?host=/folder/of/the/socket."""
        folder = quote(str(self.home.sockets), safe="/")
        return f"postgresql://{SUPERUSER}@/{quote(database)}?host={folder}"

    def start(self) -> None:
        """Start and wait until connections are taken. Raises CannotStart with a clear sentence."""
        try:
            self._take_lock()
            self._clear_leftovers()
            self._make_cluster()
            self._start_with_retries()
        except OSError as error:
            self.stop()
            raise explain_os_error(error, "Starting the embedded PostgreSQL") from error
        except BaseException:
            self.stop()
            raise
        (self._data_dir / "postgres" / "url").write_text(self.dsn() + "\n")

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

    def stop(self) -> None:
        """Fast shutdown (SIGINT: clients are dropped, data are safe), then give the lock back."""
        if self.process is not None:
            self._stop_process(self.process)
            watcher.forget(self.process.pid)
            self.process = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def delete(self) -> None:
        """Throw the data away; only what this class made is touched."""
        if self.process is not None:
            raise RuntimeError("stop the server first")
        shutil.rmtree(self.home.folder, ignore_errors=True)
        shutil.rmtree(self._data_dir / "postgres", ignore_errors=True)
        self._home = None

    def _take_lock(self) -> None:
        """Hold the data folder for ourselves; the kernel drops the lock when we end."""
        folder = self._data_dir / "postgres"
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = (folder / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CannotStart(
                f"CourseLLM is running already with the data in {self._data_dir}:"
                " stop that one first (Ctrl-C where it runs), or set another COURSELLM_DATA."
            ) from error

    def _clear_leftovers(self) -> None:
        """End servers that an earlier run left on our data, and remove its stale pid file.

        We hold the lock, so whatever still runs there has lost its parent.
        """
        orphans = [process for process in psutil.process_iter() if self._is_ours(process)]
        for orphan in orphans:
            orphan.send_signal(signal.SIGINT)
        for survivor in psutil.wait_procs(orphans, timeout=STOP_SECONDS)[1]:
            survivor.kill()
        psutil.wait_procs(orphans, timeout=5)
        (self.home.cluster / "postmaster.pid").unlink(missing_ok=True)

    def _is_ours(self, process: psutil.Process) -> bool:
        """Every process of a PostgreSQL server works inside of its data directory."""
        try:
            name, folder = process.name(), process.cwd()
        except psutil.Error:
            return False
        return bool(name == "postgres" and folder == str(self.home.cluster))

    def _make_cluster(self) -> None:
        """Run initdb once, beside the final place, so that half a cluster is never taken for one."""
        stamp = self.home.cluster / "PG_VERSION"
        if not stamp.exists():
            require_space(self.home.folder, MEGABYTES_NEEDED)
            new = self.home.folder / "data.new"
            shutil.rmtree(new, ignore_errors=True)
            self._initdb(new)
            new.rename(self.home.cluster)
        found = stamp.read_text().strip()
        if found != POSTGRES_VERSION:
            raise CannotStart(
                f"The data in {self.home.cluster} were made by PostgreSQL {found}, this is"
                f" {POSTGRES_VERSION}: restore a backup into a new data folder (COURSELLM_DATA)."
            )

    def _initdb(self, folder: Path) -> None:
        sync = [] if self._durable else ["--no-sync"]
        command = [str(self.home.bin / "initdb"), "-D", str(folder), "-U", SUPERUSER]
        made = subprocess.run(
            [*command, *INITDB, *sync],
            capture_output=True,
            text=True,
            errors="replace",
            cwd=self.home.folder,
            env=ENVIRONMENT,
            user=self.home.uid,
            group=self.home.gid,
            extra_groups=self.home.extra_groups,
            check=False,
        )
        if made.returncode != 0:
            raise self._explain(made.stderr, "initdb")

    def _start_with_retries(self) -> None:
        """Start; once more where a dying server of before still holds the shared memory."""
        deadline = time.monotonic() + START_SECONDS
        while not self._start_once(deadline):
            if time.monotonic() > deadline:
                raise self._explain(self._last_lines(), "PostgreSQL")
            self._clear_leftovers()
            time.sleep(0.5)

    def _start_once(self, deadline: float) -> bool:
        """Whether the server came up; raises where another try cannot help."""
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
                return True
            time.sleep(0.05)
        output = self._last_lines(begin)
        self._stop_process(self.process)
        watcher.forget(self.process.pid)
        self.process = None
        if "shared memory block" in output or "lock file" in output:
            return False
        raise self._explain(output, "PostgreSQL")

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

    def _stop_process(self, process: subprocess.Popen[bytes]) -> None:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                signal_group(process.pid, signal.SIGQUIT)
                process.wait(STOP_SECONDS)

    def _last_lines(self, begin: int = 0) -> str:
        with self._log.open("rb") as log:
            log.seek(max(begin, self._log.stat().st_size - 4000))
            return log.read().decode(errors="replace")

    def _explain(self, output: str, program: str) -> CannotStart:
        if "No space left on device" in output:
            return CannotStart(
                f"The disk that holds {self.home.folder} is full ({program} cannot write)."
                " Free some space and start again."
            )
        lines = [line for line in output.splitlines() if line.strip()]
        marked = [line for line in lines if "FATAL" in line or "error:" in line] or lines
        reason = marked[-1].strip() if marked else "it said nothing"
        return CannotStart(f"{program} cannot start: {reason} (log: {self._log})")
