"""`make check`: every check in its turn, each with its time; the output of what is red.

python -m scripts.check
"""

import subprocess
import sys
import time

PYTHON = sys.executable
CHECKS = {
    "ruff": [PYTHON, "-m", "ruff", "check", "."],
    "ruff format": [PYTHON, "-m", "ruff", "format", "--check", "."],
    "mypy": [PYTHON, "-m", "mypy"],
    "import contracts": [
        PYTHON,
        "-c",
        "from importlinter.cli import lint_imports_command as c; c()",
    ],
    "djlint": [PYTHON, "-m", "djlint", "templates", "demo_lms/templates", "--lint", "--quiet"],
    "template rules": [PYTHON, "-m", "scripts.template_rules", "templates"],
}


def main() -> None:
    """Run all of them, then say which were red."""
    red = [name for name, command in CHECKS.items() if not passes(name, command)]
    if red:
        sys.exit(f"make check is red: {', '.join(red)}")
    print("make check is green")


def passes(name: str, command: list[str]) -> bool:
    """Run one check; its output is shown where it fails."""
    begin = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    verdict = "ok" if done.returncode == 0 else "FAILED"
    print(f"{name:<18}{verdict:<8}{time.monotonic() - begin:5.1f} s", flush=True)
    if done.returncode != 0:
        print(done.stdout + done.stderr, flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    main()
