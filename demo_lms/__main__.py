"""`python -m demo_lms`: serve until Ctrl-C or SIGTERM."""

from __future__ import annotations

import errno
import signal
import sys
from types import FrameType

from demo_lms.platform import Platform
from demo_lms.serving import open_server
from demo_lms.settings import Settings, SettingsRefused


def main() -> None:
    """Exits with 1 and one line on stderr if it cannot start."""
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    try:
        settings = Settings.from_env()
        server = open_server(Platform.open(settings))
    except SettingsRefused as refused:
        sys.exit(str(refused))
    except OSError as error:
        sys.exit(_sentence(error))
    sys.stdout.write(f"Demo LMS: {settings.issuer}\n")
    sys.stdout.flush()
    try:
        server.serve_forever()
    finally:
        server.server_close()


def _stop(signal_number: int, frame: FrameType | None) -> None:
    raise SystemExit(0)


def _sentence(error: OSError) -> str:
    settings = Settings.from_env()
    if error.errno == errno.EADDRINUSE:
        return f"Port {settings.port} is taken: stop what listens there or set DEMO_LMS_PORT."
    return f"The demo LMS cannot start with its data in {settings.folder}: {error.strerror}."


if __name__ == "__main__":
    main()
