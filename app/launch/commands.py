"""Operator's command for the tool's signing keys."""

import click
from flask.cli import AppGroup

from app import audit, config
from app.extensions import transaction
from lti_config import keys
from lti_config.errors import SealBroken

signing_keys = AppGroup("keys", help="The keys that CourseLLM signs with.")


@signing_keys.command("rotate")
def rotate() -> None:
    """Publish a new signing key; it signs from tomorrow, when platforms have seen it."""
    try:
        with transaction() as session:
            key = keys.rotate(session, config.current().secret_keys)
            audit.record_operator(session, audit.COMMAND_LINE, "keys.rotated", key.kid)
    except SealBroken as error:
        raise click.ClickException(f"{error}. Put the former key back at its end.") from error
    click.echo(
        f"Key {key.kid} is published now and signs from {key.signs_from:%Y-%m-%d %H:%M} UTC."
    )
