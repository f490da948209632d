"""The embedded PostgreSQL on a real data folder: starts, survives kills, explains itself."""

import fcntl
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from scripts import postgres_home
from scripts.embedded_postgres import EmbeddedPostgres
from scripts.errors import CannotStart
from scripts.postgres_cluster import explain
from tests.scripts.helpers import eventually, is_gone

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root has this problem")


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(tmp_path, durable=False)
    server.start()
    yield server
    server.stop()
    server.delete()


def count_after(server: EmbeddedPostgres, statement: str = "select 1") -> int:
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as connection:
        connection.execute(statement)
        row = connection.execute("select count(*) from pg_tables where tablename = 'kept'")
        return int((row.fetchone() or [0])[0])


def test_it_has_pgvector_and_makes_a_database_once(postgres: EmbeddedPostgres) -> None:
    postgres.create_database("course")
    postgres.create_database("course")
    with psycopg.connect(postgres.dsn("course")) as connection:
        connection.execute("create extension vector")
        row = connection.execute("select '[1,0]'::vector <=> '[0,1]'::vector").fetchone()
    assert row == (1.0,)


def test_stop_drops_clients_and_a_second_start_finds_the_data(postgres: EmbeddedPostgres) -> None:
    count_after(postgres, "create table kept ()")
    idle = psycopg.connect(postgres.dsn("postgres"))
    begin = time.monotonic()
    postgres.stop()
    assert time.monotonic() - begin < 30, "it waited for its client, who never goes"
    postgres.start()
    assert count_after(postgres) == 1
    idle.close()


def test_it_comes_back_after_kill_9(postgres: EmbeddedPostgres) -> None:
    count_after(postgres, "create table kept ()")
    count_after(postgres, "checkpoint")  # a forgetful server writes its log late
    for _ in range(3):  # a stale pid file and a dying backend failed one start in two
        assert postgres.process is not None
        busy = psycopg.connect(postgres.dsn("postgres"))
        os.kill(postgres.process.pid, signal.SIGKILL)
        eventually(postgres.has_died)
        postgres.start()
        busy.close()
    assert count_after(postgres) == 1


def test_a_pid_file_that_names_a_stranger_is_cleared(postgres: EmbeddedPostgres) -> None:
    postgres.stop()
    pid_file = postgres.home.cluster / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{postgres.home.cluster}\n1\n5432\n\n\n")
    postgres.start()
    assert count_after(postgres) == 0


def test_one_data_folder_has_one_server(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="running already"):
        EmbeddedPostgres(tmp_path, durable=False).start()
    assert count_after(postgres) == 0


PARENT = """
import sys, time
from pathlib import Path
from scripts.embedded_postgres import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]), durable=False)
server.start()
print(server.process.pid, server.home.folder, flush=True)
time.sleep(60)
"""


def start_in_a_process(clone: Path, data: Path) -> tuple[subprocess.Popen[str], int, Path]:
    """A parent of a server's own: (the parent, the server's pid, the data's folder)."""
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(data)], cwd=clone, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    pid, folder = parent.stdout.readline().split()
    return parent, int(pid), Path(folder)


def test_kill_9_of_the_parent_leaves_no_orphan(tmp_path: Path) -> None:
    parent, pid, folder = start_in_a_process(postgres_home.CLONE, tmp_path)
    server = psutil.Process(pid)
    family = [server, *server.children(recursive=True)]
    parent.kill()
    parent.communicate()
    eventually(lambda: all(map(is_gone, family)))
    shutil.rmtree(folder)


@AS_ROOT
def test_as_root_below_a_private_folder(tmp_path: Path) -> None:
    """Programs and data go where the unprivileged user can reach them; no mode is changed."""
    private = tmp_path / "private"
    clone = private / "clone"
    shutil.copytree(postgres_home.CLONE / "scripts", clone / "scripts")
    private.chmod(0o700)
    parent, pid, folder = start_in_a_process(clone, clone / "var")
    try:
        assert psutil.Process(pid).uids().effective != 0
        assert folder.is_relative_to("/var/lib/coursellm")
        assert stat.S_IMODE(private.stat().st_mode) == 0o700
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    finally:
        parent.kill()
        parent.communicate()
        eventually(lambda: not psutil.pid_exists(pid))
        shutil.rmtree(folder.parent)


@AS_ROOT
def test_what_tests_left_is_swept_later(tmp_path: Path) -> None:
    def leave(name: str, *, durable: bool) -> Path:
        folder = EmbeddedPostgres(tmp_path / name, durable=durable).home.folder
        os.utime(folder / "owner", (0, 0))
        return folder

    kept, held = leave("kept", durable=True), leave("held", durable=False)
    with (tmp_path / "held/postgres/lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        killed, gone = leave("killed", durable=False), leave("gone", durable=True)
        shutil.rmtree(tmp_path / "gone")
        fresh = EmbeddedPostgres(tmp_path / "fresh", durable=False).home.folder
        left = [folder for folder in (kept, held, killed, gone, fresh) if folder.exists()]
    assert left == [kept, held, fresh]
    for folder in left:
        shutil.rmtree(folder)


@AS_ROOT
def test_a_full_disk_is_named(tmp_path: Path, small_disk: Callable[[int], Path]) -> None:
    disk = small_disk(24)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(postgres_home, "ROOT_HOME", disk)
        with pytest.raises(CannotStart, match=r"disk .*full.*MB"):
            EmbeddedPostgres(tmp_path, durable=False).start()


@AS_ROOT
def test_a_disk_that_filled_up_is_named(tmp_path: Path, small_disk: Callable[[int], Path]) -> None:
    disk = small_disk(256)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(postgres_home, "ROOT_HOME", disk)
        server = EmbeddedPostgres(tmp_path, durable=False)
        server.start()
        server.stop()
        fill(disk)
        with pytest.raises(CannotStart, match="is full"):
            server.start()


def fill(disk: Path) -> None:
    with pytest.raises(OSError, match="No space left"), (disk / "filler").open("wb") as file:
        while True:
            file.write(b"0" * 2**20)


def test_what_the_server_said_becomes_a_sentence(tmp_path: Path) -> None:
    home = postgres_home.Home(tmp_path, tmp_path, tmp_path, None)
    full = 'PANIC: could not write to file "pg_wal/xlogtemp.1": No space left on device'
    assert "is full" in str(explain(full, "PostgreSQL", home))
    other = "LOG: starting\nFATAL:  could not create lock\nLOG: shut down"
    assert str(explain(other, "PostgreSQL", home)).endswith("FATAL:  could not create lock")


def test_data_of_another_version_are_left_alone(postgres: EmbeddedPostgres) -> None:
    postgres.stop()
    (postgres.home.cluster / "PG_VERSION").write_text("17\n")
    with pytest.raises(CannotStart, match="PostgreSQL 17"):
        postgres.start()
