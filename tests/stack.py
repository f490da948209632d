"""A whole installation, started as an operator starts it, for tests that need all of it."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from scripts.probes import free_port

ROOT = Path(__file__).parents[1]
START_SECONDS = 180


class Stack:
    """`make run` without the set-up, on free ports and a folder of its own."""

    def __init__(self, data_dir: Path, **environment: str) -> None:
        self.data_dir = data_dir
        self.port, self.lms_port = free_port(), free_port()
        self.output = data_dir.parent / f"{data_dir.name}.output"
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("COURSELLM_", "OPENAI_")) and name != "DATABASE_URL"
        }
        self.environment = {
            **kept,
            "PORT": str(self.port),
            "DEMO_LMS_PORT": str(self.lms_port),
            "COURSELLM_DATA": str(data_dir),
            "PYTHONUNBUFFERED": "1",
            **environment,
        }
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The tool's address: another site than the LMS's."""
        return f"http://localhost:{self.port}"

    @property
    def lms(self) -> str:
        return f"http://127.0.0.1:{self.lms_port}"

    def start(self) -> float:
        """Start and wait until it says where to look; seconds taken."""
        begin = time.monotonic()
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "scripts.run"],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        while "is ready. Open" not in self.said:
            assert self.process.poll() is None, f"it ended:\n{self.said}"
            assert time.monotonic() - begin < START_SECONDS, f"not ready in time:\n{self.said}"
            time.sleep(0.1)
        return time.monotonic() - begin

    @property
    def said(self) -> str:
        """What it printed so far."""
        return self.output.read_text(errors="replace") if self.output.exists() else ""

    def log(self, name: str) -> str:
        """The log of one of its processes."""
        return (self.data_dir / "log" / f"{name}.log").read_text(errors="replace")

    def database_url(self) -> str:
        """The address of its database, as its processes were told."""
        assert self.process is not None
        from psutil import Process

        for child in Process(self.process.pid).children(recursive=True):
            url = child.environ().get("DATABASE_URL")
            if url:
                return re.sub(r"^postgresql\+psycopg", "postgresql", url)
        raise AssertionError("no process has a database")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to stop; its exit status."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(timeout=60)
