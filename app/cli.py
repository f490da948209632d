"""Operator's commands: `flask worker`, and the groups of the rooms."""

from flask import Flask

from app import config
from app.admin import commands as admin
from app.demo import commands as demo
from app.launch import commands as launch
from app.materials import commands as materials
from app.registration import commands as registration


def init_app(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(admin.admin)
    app.cli.add_command(demo.demo)
    app.cli.add_command(materials.materials)
    app.cli.add_command(registration.platform)
    app.cli.add_command(launch.signing_keys)

    @app.cli.command("worker")
    def worker() -> None:
        """Work on queued jobs until stopped."""
        from app.jobs import run_worker

        run_worker(config.current())
