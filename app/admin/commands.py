"""Operator's commands: who may use the console, and the keys that CourseLLM signs with."""

import click
from flask.cli import AppGroup

from app import audit, config
from app.admin import changes, entrance
from app.errors import DomainError
from app.extensions import transaction
from lti_config.errors import SealBroken
from models import ToolKey

admin = AppGroup("admin", help="The operators of this installation and their way in.")
signing_keys = AppGroup("keys", help="The keys that CourseLLM signs with.")


@admin.command("link")
@click.argument("name")
def link(name: str) -> None:
    """Print a link that lets NAME into the console, once, within ten minutes.

    NAME becomes an operator if there is none of that name yet.
    """
    try:
        with transaction() as session:
            secret = entrance.make_link(session, name)
    except DomainError as refused:
        raise click.ClickException(refused.sentence) from refused
    click.echo(f"{config.current().url}/admin/login#{secret}")
    click.echo("It works once, within ten minutes.", err=True)


@admin.command("list")
def show() -> None:
    """List the operators."""
    with transaction() as session:
        rows = entrance.listed(session)
    if not rows:
        click.echo("No operator yet. `flask admin link NAME` makes one.")
    for row in rows:
        click.echo(f"{row.name}  {'active' if row.is_active else 'disabled'}")


@admin.command("disable")
@click.argument("name")
def disable(name: str) -> None:
    """Switch an operator off; sessions and links end at once."""
    _switch(name, False)
    click.echo(f"{name} is disabled now, and logged out.")


@admin.command("enable")
@click.argument("name")
def enable(name: str) -> None:
    """Switch an operator on again."""
    _switch(name, True)
    click.echo(f"{name} is active now. `flask admin link` prints a link.")


def _switch(name: str, is_active: bool) -> None:
    with transaction() as session:
        found = entrance.set_active(session, name, is_active)
    if not found:
        raise click.ClickException(f"There is no operator {name!r}. `flask admin list` shows them.")


@signing_keys.command("rotate")
@click.option(
    "--now",
    "at_once",
    is_flag=True,
    help="A key has leaked: drop all keys and sign with a new one from this moment.",
)
def rotate(at_once: bool) -> None:
    """Publish a new signing key; it signs from tomorrow, when platforms have seen it."""
    click.echo(_replace() if at_once else _rotate())


def _rotate() -> str:
    try:
        with transaction() as session:
            key, is_new, is_sealed_anew = changes.rotate_keys(
                session, audit.COMMAND_LINE, config.current().secret_keys
            )
    except SealBroken as error:
        raise click.ClickException(f"{error}. Put the former key back at its end.") from error
    if is_new:
        return f"Key {key.kid} is published now and signs from {_said(key)}."
    done = (
        "The keys are encrypted with the newest secret key now."
        if is_sealed_anew
        else "Nothing was changed."
    )
    return f"{done} Key {key.kid} is announced already and signs from {_said(key)}."


def _replace() -> str:
    with transaction() as session:
        key = changes.replace_keys(session, audit.COMMAND_LINE, config.current().secret_keys)
    return (
        f"Key {key.kid} signs from now on; all others are gone. An LMS that still holds our old "
        "key set (for an hour, some for a day) refuses scores, rosters and new links until it has "
        "asked again. Launches go on. For scores that were refused meanwhile there is “Send again” "
        "on the page of grades."
    )


def _said(key: ToolKey) -> str:
    return f"{key.signs_from:%Y-%m-%d %H:%M} UTC"
