"""PostgreSQL's data directory: made once, freed of what a killed server left, errors explained."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import psutil

from scripts.errors import CannotStart, require_space
from scripts.postgres_home import POSTGRES_VERSION, Home

SUPERUSER = "postgres"
MEGABYTES_NEEDED = 150
ORPHAN_SECONDS = 20.0
FULL = "No space left on device"
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
# initdb's own collation by code points: the same on every system and every machine.
INITDB = (
    "--auth=trust",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
)


def make_cluster(home: Home, *, durable: bool) -> None:
    """Run initdb once, beside the final place, so that half a cluster is never taken for one.

    Raises CannotStart on a full disk, a failing initdb, or data of another PostgreSQL version.
    """
    stamp = home.cluster / "PG_VERSION"
    if not stamp.exists():
        require_space(home.folder, MEGABYTES_NEEDED)
        new = home.folder / "data.new"
        shutil.rmtree(new, ignore_errors=True)
        _initdb(home, new, durable)
        new.rename(home.cluster)
    found = stamp.read_text().strip()
    if found != POSTGRES_VERSION:
        raise CannotStart(
            f"The data in {home.cluster} were made by PostgreSQL {found}, this is"
            f" {POSTGRES_VERSION}: restore a backup into a new data folder (COURSELLM_DATA)."
        )


def _initdb(home: Home, folder: Path, durable: bool) -> None:
    sync = [] if durable else ["--no-sync"]
    made = subprocess.run(
        [str(home.bin / "initdb"), "-D", str(folder), "-U", SUPERUSER, *INITDB, *sync],
        capture_output=True,
        text=True,
        errors="replace",
        cwd=home.folder,
        env=ENVIRONMENT,
        user=home.uid,
        group=home.gid,
        extra_groups=home.extra_groups,
        check=False,
    )
    if made.returncode != 0:
        raise explain(made.stderr, "initdb", home)


def clear_leftovers(home: Home) -> None:
    """End servers that an earlier run left on our data, and remove its stale pid file.

    The caller holds the data folder's lock: whatever still runs there has lost its parent. A pid
    file that names a stranger's process would make PostgreSQL refuse to start.
    """
    orphans = [process for process in psutil.process_iter() if _works_in(process, home.cluster)]
    for orphan in orphans:
        orphan.send_signal(signal.SIGINT)
    for survivor in psutil.wait_procs(orphans, timeout=ORPHAN_SECONDS)[1]:
        survivor.kill()
    psutil.wait_procs(orphans, timeout=5)
    (home.cluster / "postmaster.pid").unlink(missing_ok=True)


def _works_in(process: psutil.Process, cluster: Path) -> bool:
    """Every process of a PostgreSQL server has its data directory as working directory."""
    try:
        return process.name() == "postgres" and Path(process.cwd()) == cluster
    except psutil.Error:
        return False


def explain(output: str, program: str, home: Home) -> CannotStart:
    """The sentence for what initdb or the server said before it gave up."""
    if FULL in output:
        return CannotStart(
            f"The disk that holds {home.folder} is full ({program} cannot write)."
            " Free some space and start again."
        )
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    marked = [line for line in lines if "FATAL" in line or "error:" in line] or lines
    return CannotStart(f"{program} cannot start: {marked[-1] if marked else 'it said nothing'}")
