"""Operator's commands: `flask worker`, and the groups of the rooms."""

import logging

from flask import Flask

from app import config
from app.admin import commands as admin
from app.demo import commands as demo
from app.materials import commands as materials
from app.materials.files.storage import StorageUnreachable, storage
from app.registration import commands as registration

log = logging.getLogger("coursellm.materials")


def init_app(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(admin.admin)
    app.cli.add_command(demo.demo)
    app.cli.add_command(materials.materials)
    app.cli.add_command(registration.platform)
    app.cli.add_command(admin.signing_keys)

    @app.cli.command("worker")
    def worker() -> None:
        """Work on queued jobs until stopped."""
        from app.jobs import run_worker

        try:
            storage().check()
        except StorageUnreachable as error:
            log.error("course files can't be kept or read: %s", error)
        run_worker(config.current())
