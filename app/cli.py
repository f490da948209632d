"""Operator's commands: `flask worker`, and the groups of the rooms."""

from flask import Flask

from app import config


def init_app(app: Flask) -> None:
    """Add the commands."""

    @app.cli.command("worker")
    def worker() -> None:
        """Work on queued jobs until stopped."""
        from app.jobs import run_worker

        run_worker(config.current())
