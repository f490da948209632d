"""Operator's commands: who may use the console."""

import click
from flask.cli import AppGroup

from app import config
from app.admin import entrance
from app.errors import DomainError
from app.extensions import transaction

admin = AppGroup("admin", help="The operators of this installation and their way in.")


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
