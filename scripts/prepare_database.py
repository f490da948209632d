"""Bring the database up to date and, for a demo, load the sample course: one process for both.

    python -m scripts.prepare_database [demo]

The same as `flask db upgrade` and `flask demo course`; the application is imported once, which
is most of the time that either takes.
"""

import sys

from flask.cli import ScriptInfo

from app import create_app


def main() -> None:
    """Run the commands; one that fails ends the process with its own message."""
    app = create_app()
    commands = [["db", "upgrade"]]
    if "demo" in sys.argv[1:]:
        commands.append(["demo", "course"])
    for command in commands:
        try:
            app.cli.main(command, obj=ScriptInfo(create_app=lambda: app))
        except SystemExit as done:  # how each command ends
            if done.code:
                raise


if __name__ == "__main__":
    main()
