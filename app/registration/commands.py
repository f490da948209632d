"""Operator's commands: who may register, platforms by hand, approval."""

from uuid import UUID

import click
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from app import audit, config
from app.connections import invitations, registrations, switches
from app.connections.registrations import NewRegistration, RegistrationClash
from app.extensions import transaction
from lti_config.addresses import TrustedHosts
from lti_config.errors import AddressRefused
from models import Institution, RegistrationStatus

platform = AppGroup("platform", help="Learning platforms that may launch CourseLLM.")


@platform.command("invite")
@click.option("--for", "note", required=True, help="Whom it is for, as “Lakeside College”.")
@click.option("--institution", "institution_id", type=click.UUID, help="The school's id, if any.")
def invite(note: str, institution_id: UUID | None) -> None:
    """Print an address that lets one administrator register one LMS."""
    with transaction() as session:
        if institution_id and session.get(Institution, institution_id) is None:
            raise click.ClickException(f"{institution_id} is no institution.")
        invitation, code = invitations.invite(session, note, institution_id)
        _record(session, "invitation.made", invitation.invitation_id, {"for": note})
    click.echo(invitations.address(config.current().url, code))
    click.echo(
        f"For {note}. Paste it into the LMS as the tool's registration address. It works once, "
        f"until {invitation.expires_at:%Y-%m-%d %H:%M} UTC, and is not shown again."
    )


@platform.command("add")
@click.option("--name", required=True, help="A name for people, as “Lakeside Moodle”.")
@click.option("--issuer", required=True, help="The platform's issuer, exactly as it sends it.")
@click.option("--client-id", required=True, help="The client id that the platform gave us.")
@click.option("--auth-url", required=True, help="Authentication request address.")
@click.option("--token-url", required=True, help="Access token address.")
@click.option("--jwks-url", required=True, help="Key set address of the platform.")
@click.option(
    "--deployment",
    "deployments",
    multiple=True,
    help="A deployment id to allow; can be given again. Without one, the first that launches.",
)
@click.option("--audience", help="`aud` of our token requests, where it is not the token address.")
def add(
    name: str,
    issuer: str,
    client_id: str,
    auth_url: str,
    token_url: str,
    jwks_url: str,
    deployments: tuple[str, ...],
    audience: str | None,
) -> None:
    """Register a platform by hand."""
    new = NewRegistration(
        name, issuer, client_id, auth_url, token_url, jwks_url, deployments, audience
    )
    settings = config.current()
    try:
        with transaction() as session:
            row = registrations.add(session, new, TrustedHosts(settings.trusted_private_hosts))
            details = {"name": name, "issuer": issuer, "client_id": client_id}
            _record(session, "registration.added", row.registration_id, details)
    except AddressRefused as error:
        raise click.ClickException(
            f"{error}. Addresses must be https; list a private host in "
            "COURSELLM_TRUSTED_PRIVATE_HOSTS."
        ) from error
    except RegistrationClash as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{row.registration_id}  {name}: client id {client_id} of {issuer} may launch.")
    for label, path in (("Login", "login"), ("Redirection", "launch"), ("Key set", "jwks")):
        click.echo(f"  {label + ':':13}{settings.url}/lti/{path}")


@platform.command("list")
def show() -> None:
    """List platforms, registrations and deployments, with their ids."""
    with transaction() as session:
        rows = registrations.listed(session)
    if not rows:
        click.echo("No platform yet. Add one with `flask platform add`.")
    for platform_, registration, deployments in rows:
        school = f" ({registration.name})" if registration.name else ""
        click.echo(
            f"{registration.registration_id}  {registration.status.value}  {platform_.name}{school}"
        )
        click.echo(f"  issuer {registration.issuer}  client id {registration.client_id}")
        for one in deployments:
            click.echo(
                f"  {one.deployment_id}  {one.status.value}  deployment {one.lti_deployment_id}"
            )


@platform.command("approve")
@click.argument("item_id", type=click.UUID)
def approve(item_id: UUID) -> None:
    """Switch a registration or a deployment on, by the id that `list` shows."""
    _switch(item_id, RegistrationStatus.ACTIVE)


@platform.command("disable")
@click.argument("item_id", type=click.UUID)
def disable(item_id: UUID) -> None:
    """Switch a registration or a deployment off, by the id that `list` shows."""
    _switch(item_id, RegistrationStatus.DISABLED)


def _switch(item_id: UUID, status: RegistrationStatus) -> None:
    with transaction() as session:
        kind = switches.set_status(session, item_id, status)
        if kind:
            done = "approved" if status is RegistrationStatus.ACTIVE else "disabled"
            _record(session, f"{kind}.{done}", item_id, None)
    if kind is None:
        raise click.ClickException(
            f"{item_id} is no registration or deployment. `flask platform list` shows them."
        )
    click.echo(f"{kind} {item_id} is {status.value} now.")


def _record(session: Session, action: str, item_id: UUID, details: dict[str, str] | None) -> None:
    audit.record_operator(session, audit.COMMAND_LINE, action, str(item_id), details)
