"""From an invitation's address to a registration that waits, in steps that never hold a
transaction on the wire.

Looking: the invitation is found open before anything is fetched, then the LMS says what it is.
What was checked goes to the administrator's page and back sealed, so that what is confirmed is
what was shown, and the LMS's token never stands in a page. Registering: the invitation is taken →
the LMS registers us → registration kept and invitation spent in one transaction.
"""

import json
import logging
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app import audit
from app.config import Settings
from app.connections import invitations, registrations
from app.connections.registrations import NewRegistration, RegistrationClash
from app.extensions import transaction
from lti_config import discovery, dynamic_registration
from lti_config.addresses import TrustedHosts, origin
from lti_config.discovery import Configuration
from lti_config.dynamic_registration import Answer
from lti_config.errors import RegistrationRefused, SealBroken
from lti_config.http import Client
from lti_config.sealing import seal, unseal
from models import Invitation, Registration, RegistrationSource, RegistrationStatus, now

LONGEST_TOKEN = 16 * 1024
LIFE = timedelta(hours=1)
"""An LMS's token lives as long."""
_PURPOSE = "dynamic registration"

log = logging.getLogger("coursellm.registration")

NOT_FROM_LMS = (
    "The LMS did not say where it can be reached. Start from the LMS: paste the address of your "
    "invitation there, as the tool's registration address."
)
RAN_OUT = "This page has run out. Start the registration in your LMS anew, with the same address."
KNOWN = (
    "This LMS is connected already, and nothing was changed here. "
    "Your LMS has now taken what CourseLLM asks for today."
)
NOT_KEPT = (
    "Your LMS has added CourseLLM, but it could not be kept here. Delete the tool in your LMS, "
    "then start again with the same address."
)


@dataclass(frozen=True)
class Offer:
    """What an administrator is asked to confirm."""

    invitation_id: UUID
    invited: str
    """Whom the invitation is for, in the operators' words: for their eyes alone."""
    configuration: Configuration
    token: str

    @property
    def host(self) -> str:
        """Where the LMS is."""
        return origin(self.configuration.issuer).partition("://")[2]

    @property
    def school(self) -> str:
        """The school's name as its LMS says it, else where it is."""
        return self.configuration.account_name or self.host


def check_invitation(code: str) -> None:
    """Raises InvitationRefused unless the invitation is open."""
    with transaction() as session:
        invitations.find_open(session, code)


def look(code: str, configuration_url: str, token: str, settings: Settings) -> Offer:
    """What the LMS says of itself. Raises InvitationRefused, RegistrationRefused."""
    with transaction() as session:
        invitation = invitations.find_open(session, code)
        invitations.count_look(session, invitation.invitation_id)
    if not _is_token(token):
        reason = f"no registration token, but {len(token)} characters"
        raise RegistrationRefused(400, NOT_FROM_LMS, reason)
    configuration = discovery.fetch(_client(settings), configuration_url, token)
    return Offer(invitation.invitation_id, invitation.note, configuration, token)


def register(offer: Offer, settings: Settings) -> None:
    """Be registered, and keep it. Raises InvitationRefused, RegistrationRefused.

    Whatever fails leaves the invitation open, since starting again makes sense then. A page that
    is sent again after it succeeded changes nothing.
    """
    with transaction() as session:
        if _is_done(session, offer):
            return
        invitations.take(session, offer.invitation_id)
    try:
        answer = dynamic_registration.register(
            _client(settings), offer.configuration, offer.token, settings.url
        )
        _keep(offer, answer, settings)
    except RegistrationRefused:
        with transaction() as session:
            invitations.release(session, offer.invitation_id)
        raise


def _is_done(session: Session, offer: Offer) -> bool:
    done = session.scalar(
        select(Registration.issuer)
        .join(Invitation, Invitation.registration_id == Registration.registration_id)
        .where(Invitation.invitation_id == offer.invitation_id)
    )
    return done == offer.configuration.issuer


def _keep(offer: Offer, answer: Answer, settings: Settings) -> None:
    """The registration, waiting for approval, and the invitation spent on it: both or neither."""
    where = f"client id {answer.client_id!r} of {offer.configuration.issuer!r}"
    trusted = TrustedHosts(settings.trusted_private_hosts)
    try:
        with transaction() as session:
            invitation = session.get_one(Invitation, offer.invitation_id)
            new = _new(offer, answer, invitation.institution_id)
            row = registrations.add(session, new, trusted)
            invitations.spend(session, offer.invitation_id, row.registration_id)
            _record(session, offer, row)
    except RegistrationClash as clash:
        raise RegistrationRefused(409, KNOWN, f"registration: {where} is known") from clash
    except SQLAlchemyError as error:
        log.exception("the LMS has registered us, but it was not kept: %s", where)
        raise RegistrationRefused(500, NOT_KEPT, f"registration: {where} not kept") from error
    log.info("registered by invitation %s: %s waits for approval", offer.invitation_id, where)


def _record(session: Session, offer: Offer, row: Registration) -> None:
    """In the operators' record, under the name that the invitation was made for."""
    who = f"{offer.invited[:80]} (by invitation)"
    details = {"name": offer.school, "issuer": row.issuer, "client_id": row.client_id}
    audit.record_operator(session, who, "registration.added", str(row.registration_id), details)


def _new(offer: Offer, answer: Answer, institution_id: UUID | None) -> NewRegistration:
    configuration = offer.configuration
    return NewRegistration(
        name=offer.host,
        issuer=configuration.issuer,
        client_id=answer.client_id,
        auth_url=configuration.auth_url,
        token_url=configuration.token_url,
        jwks_url=configuration.jwks_url,
        deployments=(answer.deployment_id,) if answer.deployment_id else (),
        auth_audience=configuration.auth_audience,
        school=configuration.account_name or offer.invited,
        product_family=configuration.product_family,
        source=RegistrationSource.DYNAMIC,
        status=RegistrationStatus.PENDING,
        institution_id=institution_id,
    )


def sealed(offer: Offer, settings: Settings) -> str:
    """The offer as a page may carry it: nobody can read or change it."""
    values = {
        "for": _PURPOSE,
        "until": (now() + LIFE).timestamp(),
        **asdict(offer),
        "invitation_id": str(offer.invitation_id),
    }
    return seal(settings.secret_keys, json.dumps(values).encode()).decode()


def unsealed(text: str, settings: Settings) -> Offer:
    """The offer that a page brings back. Raises RegistrationRefused."""
    try:
        values: dict[str, Any] = json.loads(unseal(settings.secret_keys, text.encode()))
    except (SealBroken, ValueError) as error:
        raise RegistrationRefused(400, RAN_OUT, "registration: the seal is broken") from error
    if values.get("for") != _PURPOSE or values["until"] < now().timestamp():
        raise RegistrationRefused(400, RAN_OUT, "registration: the page has run out")
    try:
        configuration = Configuration(**values["configuration"])
    except TypeError as error:
        reason = "registration: the page is of another release"
        raise RegistrationRefused(400, RAN_OUT, reason) from error
    return Offer(UUID(values["invitation_id"]), values["invited"], configuration, values["token"])


def _is_token(token: str) -> bool:
    """What may stand in a header. An LMS may send none."""
    return len(token) <= LONGEST_TOKEN and token.isascii() and token.isprintable()


def _client(settings: Settings) -> Client:
    trusted = TrustedHosts(settings.trusted_private_hosts)
    return Client(trusted, read_seconds=discovery.READ_SECONDS)
