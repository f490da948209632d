"""All that has to be there before `make run`, `make test` or `make check` can work.

    python3 -m scripts.setup run|test|check

Standard library only: it runs before any package is installed. What is done already is seen by
a hash of what it was made from, so that a second start costs a fraction of a second.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - an older one gets a clear line
    sys.exit(
        "CourseLLM needs Python 3.11 or newer, and this is "
        + sys.version.split()[0]
        + ". Install a newer one, or name it: make run PYTHON=/path/to/python3.12"
    )

import fcntl

from scripts.errors import CannotStart, explain_os_error, require_space
from scripts.setup_steps import (
    CACHE,
    CLONE,
    browser_files,
    need_node,
    need_venv,
    python_packages,
    small_model,
    test_browser,
)

# What a finished set-up takes on the disk, with room for packages on their way.
MEGABYTES = {"run": 1500, "test": 1800, "check": 1500}
REQUIREMENTS = {
    "run": "requirements-embedded.txt",
    "test": "requirements-dev.txt",
    "check": "requirements-dev.txt",
}


def main() -> None:
    """Prepare for the goal that the command line names; one clear line where that fails."""
    goal = sys.argv[1] if len(sys.argv) == 2 else ""
    if goal not in REQUIREMENTS:
        sys.exit(f"usage: python3 -m scripts.setup {'|'.join(REQUIREMENTS)}")
    try:
        with_lock(goal)
    except CannotStart as reason:
        sys.exit(f"Set-up stopped: {reason}")
    except OSError as error:
        sys.exit(f"Set-up stopped: {explain_os_error(error, 'set-up')}")
    except KeyboardInterrupt:
        sys.exit("Set-up interrupted; the next start goes on from here.")


def with_lock(goal: str) -> None:
    """Prepare while no other set-up works in this clone."""
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "setup.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Waiting for another set-up in this folder to end …", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        prepare(goal)


def prepare(goal: str) -> None:
    """Tools and room first, then the steps; what fails soonest comes first."""
    need_venv()
    if goal != "check":
        need_node()
    if not (CLONE / ".venv").exists():
        require_space(CLONE, MEGABYTES[goal])
    if goal != "check":
        browser_files()
    python_packages(REQUIREMENTS[goal])
    if goal != "check":
        small_model()
    if goal == "test":
        test_browser()


if __name__ == "__main__":
    main()
