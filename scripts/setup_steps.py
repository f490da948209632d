"""The single steps of the set-up: each sees whether it is done, does it, and notes that it did."""

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path

from scripts.errors import CannotStart

CLONE = Path(__file__).resolve().parent.parent
CACHE = CLONE / ".cache"
VENV_PYTHON = CLONE / ".venv/bin/python"
MODELS = CACHE / "models"
SMALL_MODEL = "smollm2-135m-instruct"
OLDEST_NODE = 20
BROWSERS = ("chromium", "google-chrome")  # those that the tests look for
DEBIAN_BROWSERS = ("chromium-headless-shell", "firefox-esr")  # packages and programs
# What a tool says → what a person can do about it; the first that fits is shown.
TROUBLES = (
    (r"No space left on device|ENOSPC|EDQUOT", "the disk is full: free some space"),
    (
        r"Temporary failure in name resolution|NewConnectionError|Max retries exceeded|ENOTFOUND"
        r"|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ConnectTimeout|Could not resolve host"
        r"|Network is unreachable|Temporary failure resolving",
        "the network cannot be reached: check the connection (or proxy)",
    ),
    (r"CERTIFICATE_VERIFY_FAILED|SELF_SIGNED_CERT", "the network's certificate is not trusted"),
    (r"No matching distribution|Could not find a version", "a package is not to be had here"),
    (r"EACCES|Permission denied", "a file may not be written: see who owns this folder"),
)


def need_venv() -> None:
    """Raise CannotStart where this Python cannot make virtual environments (Debian's bare one)."""
    if find_spec("venv") is None or find_spec("ensurepip") is None:
        raise CannotStart(
            "python3-venv is missing. Install it (Debian, Ubuntu: apt-get install python3-venv)"
            " and start again."
        )


def need_node() -> None:
    """Raise CannotStart unless node and npm are there and new enough."""
    how = f"Install Node {OLDEST_NODE} or newer (https://nodejs.org) and start again."
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            raise CannotStart(f"{tool} is missing. {how}")
    answer = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False)
    found = re.match(r"v(\d+)\.", answer.stdout)
    if found is None or int(found[1]) < OLDEST_NODE:
        raise CannotStart(f"Node {answer.stdout.strip() or '(broken)'} is too old. {how}")


def python_packages(requirements: str) -> None:
    """The virtual environment with the pinned packages; a broken or older one is made anew."""
    text = (CLONE / requirements).read_bytes()
    key = _hash([text, sys.version.encode(), platform.platform().encode(), str(CLONE).encode()])
    stamp = CLONE / ".venv" / f"{Path(requirements).stem}.stamp"
    if _is_done(stamp, key):
        return
    if not _venv_works():
        _run("Virtual environment", [sys.executable, "-m", "venv", "--clear", str(CLONE / ".venv")])
    pip = [str(VENV_PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    _run("Python packages (a minute or two)", [*pip, "-r", requirements])
    stamp.write_text(key)
    if requirements == "requirements-dev.txt":  # it holds all that `make run` needs
        python_packages_noted("requirements-embedded.txt")


def python_packages_noted(requirements: str) -> None:
    """Note that the packages of a smaller list came with a larger one."""
    text = (CLONE / requirements).read_bytes()
    key = _hash([text, sys.version.encode(), platform.platform().encode(), str(CLONE).encode()])
    (CLONE / ".venv" / f"{Path(requirements).stem}.stamp").write_text(key)


def _venv_works() -> bool:
    """Whether the environment runs, with the Python that runs us."""
    if not VENV_PYTHON.exists():
        return False
    probe = "import pip, sys; print(sys.version)"
    answer = subprocess.run(
        [str(VENV_PYTHON), "-c", probe], capture_output=True, text=True, check=False
    )
    return answer.returncode == 0 and answer.stdout.strip() == sys.version


def small_model() -> None:
    """The chat model for trying out, verified by its hash."""
    if not (MODELS / f"{SMALL_MODEL}.verified").exists():
        fetch = [str(VENV_PYTHON), "-m", "scripts.fetch_model", SMALL_MODEL, str(MODELS)]
        _run("Small chat model (93 MB)", fetch)


def browser_files() -> None:
    """The browser's packages and the bundle made of them."""
    lock = (CLONE / "package-lock.json").read_bytes()
    packages = _hash([lock, platform.platform().encode()])
    stamp = CLONE / "node_modules" / ".coursellm.stamp"
    if not _is_done(stamp, packages):
        _run("Browser packages", ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"])
        stamp.write_text(packages)
    sources = [path for path in sorted((CLONE / "frontend").rglob("*")) if path.is_file()]
    names = [str(path.relative_to(CLONE)).encode() for path in sources]
    key = _hash(
        [packages.encode(), (CLONE / "package.json").read_bytes(), *names, *map(_read, sources)]
    )
    stamp = CLONE / "app/static/dist" / ".stamp"
    if not _is_done(stamp, key):
        _run("Browser bundle", ["npm", "run", "build"])
        stamp.write_text(key)


def test_browser() -> None:
    """Chromium for the tests (the system's, or Playwright's own); where apt has them, also its
    headless shell, which is quicker, and Firefox.

    Tests that need Firefox say so and are skipped where it is missing.
    """
    has_chromium = any(map(shutil.which, BROWSERS)) or _playwright_has_browser()
    if os.geteuid() == 0 and shutil.which("apt-get") and _is_debian():
        wanted = [] if has_chromium else ["chromium", "fonts-liberation"]
        wanted += [one for one in DEBIAN_BROWSERS if not shutil.which(one)]
        if wanted:
            install = f"apt-get install -y -q --no-install-recommends {' '.join(wanted)}"
            _run("Browsers for the tests (apt)", ["sh", "-c", f"apt-get update -q && {install}"])
    elif not has_chromium:
        playwright = [str(VENV_PYTHON), "-m", "playwright", "install", "chromium"]
        _run("Browser for the tests (Playwright's Chromium)", playwright)


def _playwright_has_browser() -> bool:
    probe = (
        "import os, playwright.sync_api as p\n"
        "with p.sync_playwright() as w: print(os.path.exists(w.chromium.executable_path))"
    )
    answer = subprocess.run(
        [str(VENV_PYTHON), "-c", probe], capture_output=True, text=True, check=False
    )
    return answer.stdout.strip() == "True"


def _is_debian() -> bool:
    try:
        return "ID=debian" in Path("/etc/os-release").read_text().split()
    except OSError:
        return False


def _read(path: Path) -> bytes:
    return path.read_bytes()


def _hash(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()


def _is_done(stamp: Path, key: str) -> bool:
    return stamp.exists() and stamp.read_text() == key


def _run(title: str, command: Sequence[str]) -> None:
    """Run a tool quietly, say what goes on and how long it took, explain its failure."""
    print(f"Set-up: {title} …", flush=True)
    begin = time.monotonic()
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "PYTHONPATH": str(CLONE)}
    done = subprocess.run(
        command,
        cwd=CLONE,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    log = CACHE / f"setup-{re.sub(r'[^a-z]+', '-', title.lower()).strip('-')}.log"
    log.write_text(done.stdout)
    if done.returncode != 0:
        raise CannotStart(f"{title} failed: {_reason(done.stdout)} (all of it: {log})")
    print(f"Set-up: {title}: done in {time.monotonic() - begin:.0f} s", flush=True)


def _reason(output: str) -> str:
    for pattern, advice in TROUBLES:
        found = re.search(f".*(?:{pattern}).*", output)
        if found is not None:
            return f"{advice}, then start again [{found[0].strip()[:160]}]"
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower() and len(line.split()) > 4]
    return (errors or lines[-1:] or ["it said nothing"])[0][:300]
