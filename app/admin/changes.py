"""What operators change, each change with its line in the record, in one transaction."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import audit
from app.admin import institutions, moving, rotation, succession
from app.admin.moving import Move
from app.admin.rotation import Rotation
from app.admin.succession import Place, Succession
from app.connections import invitations, key_sets, registrations, switches
from app.connections.registrations import NewRegistration
from app.errors import NotFound
from lti_config.addresses import TrustedHosts
from lti_config.keysets import Fetched
from models import (
    Deployment,
    Institution,
    Invitation,
    Platform,
    Registration,
    RegistrationStatus,
    ToolKey,
)


def add_platform(
    session: Session, operator: str, new: NewRegistration, trusted: TrustedHosts
) -> Registration:
    """Register a platform by hand. Raises AddressRefused, RegistrationClash."""
    row = registrations.add(session, new, trusted)
    details = {"name": new.name, "issuer": new.issuer, "client_id": new.client_id}
    audit.record_operator(
        session, operator, "registration.added", str(row.registration_id), details
    )
    return row


def switch(session: Session, operator: str, item_id: UUID, status: RegistrationStatus) -> UUID:
    """Approve or disable a registration or a deployment; its platform's id. Raises NotFound."""
    row = session.execute(
        select(Registration.platform_id, Registration.client_id, Deployment.lti_deployment_id)
        .outerjoin(
            Deployment,
            (Deployment.registration_id == Registration.registration_id)
            & (Deployment.deployment_id == item_id),
        )
        .where((Registration.registration_id == item_id) | (Deployment.deployment_id == item_id))
    ).one_or_none()
    kind = switches.set_status(session, item_id, status) if row else None
    if row is None or kind is None:
        raise NotFound("There is no such registration or deployment.", reason=f"{item_id}")
    done = "approved" if status is RegistrationStatus.ACTIVE else "disabled"
    details = {"client_id": row.client_id, "deployment": row.lti_deployment_id}
    audit.record_operator(
        session,
        operator,
        f"{kind}.{done}",
        str(item_id),
        {name: text for name, text in details.items() if text},
    )
    platform_id: UUID = row.platform_id
    return platform_id


def move(
    session: Session, operator: str, platform_id: UUID, wanted: Move, fetched: Fetched
) -> None:
    """The LMS has moved. Raises RegistrationClash, NotFound."""
    before = session.get(Platform, platform_id)
    if before is None:
        raise NotFound("There is no such platform.", reason=f"platform {platform_id}")
    details = {"from": before.issuer, "to": wanted.issuer, "key set": wanted.jwks_url}
    moving.move(session, before, wanted, fetched)
    audit.record_operator(session, operator, "platform.moved", str(platform_id), details)


def succeed(session: Session, operator: str, old: Place, new: Place) -> Succession:
    """Let one deployment's courses go on under another. Raises SuccessionRefused."""
    done = succession.succeed(session, old, new)
    details = {
        "from": f"{old.deployment.lti_deployment_id} of {old.registration.client_id}",
        "to": f"{new.deployment.lti_deployment_id} of {new.registration.client_id}",
        "courses": str(done.moved),
        "left": str(done.left),
        "dropped": str(done.dropped),
        "scores": str(done.scores),
    }
    subject = str(new.deployment.deployment_id)
    audit.record_operator(session, operator, "deployment.took_courses_over", subject, details)
    return done


def rename_platform(session: Session, operator: str, platform_id: UUID, name: str) -> None:
    """Give a platform another name for people. Raises NotFound."""
    row = session.get(Platform, platform_id)
    if row is None:
        raise NotFound("There is no such platform.", reason=f"platform {platform_id}")
    details = {"from": row.name, "to": name}
    row.name = name
    audit.record_operator(session, operator, "platform.renamed", str(platform_id), details)


def keep_key_set(
    session: Session, operator: str, platform_id: UUID, url: str, fetched: Fetched
) -> None:
    """Keep a platform's key set that was fetched just now."""
    key_sets.keep(session, url, fetched)
    audit.record_operator(
        session, operator, "platform.key_set_fetched", str(platform_id), {"key set": url}
    )


def rotate_keys(session: Session, operator: str, secret_keys: tuple[str, ...]) -> Rotation:
    """Publish the next signing key, unless one is announced. Raises SealBroken."""
    done = rotation.rotate(session, secret_keys)
    if done.is_new:
        audit.record_operator(session, operator, "keys.rotated", done.key.kid)
    elif done.is_sealed_anew:
        audit.record_operator(session, operator, "keys.encrypted_anew", "all")
    return done


def replace_keys(session: Session, operator: str, secret_keys: tuple[str, ...]) -> ToolKey:
    """Drop all signing keys for a new one that signs at once."""
    key = rotation.replace_now(session, secret_keys)
    audit.record_operator(session, operator, "keys.replaced", key.kid)
    return key


def seal_keys_anew(session: Session, operator: str, secret_keys: tuple[str, ...]) -> None:
    """Encrypt the signing keys with the newest secret key. Raises SealBroken."""
    rotation.seal_anew(session, secret_keys)
    audit.record_operator(session, operator, "keys.encrypted_anew", "all")


def add_institution(session: Session, operator: str, name: str) -> Institution:
    """Raises InstitutionRefused."""
    row = institutions.add(session, name)
    _record_institution(session, operator, "institution.added", row)
    return row


def rename_institution(session: Session, operator: str, institution_id: UUID, name: str) -> None:
    """Raises NotFound, InstitutionRefused."""
    row = institutions.rename(session, institution_id, name)
    _record_institution(session, operator, "institution.renamed", row)


def switch_institution(
    session: Session, operator: str, institution_id: UUID, is_active: bool
) -> None:
    """Raises NotFound."""
    row = institutions.set_active(session, institution_id, is_active)
    action = "institution.switched_on" if is_active else "institution.switched_off"
    _record_institution(session, operator, action, row)


def assign(
    session: Session, operator: str, deployment_id: UUID, institution_id: UUID | None
) -> UUID:
    """Give a deployment to a school; the id of its platform. Raises NotFound."""
    row = institutions.assign(session, deployment_id, institution_id)
    school = session.get(Institution, institution_id) if institution_id else None
    details = {
        "deployment": row.lti_deployment_id,
        "institution": school.name if school else "none",
    }
    audit.record_operator(session, operator, "deployment.assigned", str(deployment_id), details)
    return session.get_one(Registration, row.registration_id).platform_id


def invite(
    session: Session, operator: str, note: str, institution_id: UUID | None
) -> tuple[Invitation, str]:
    """A new invitation and its code. Raises NotFound."""
    if institution_id is not None:
        institutions.find(session, institution_id)
    row, code = invitations.invite(session, note, institution_id)
    details = {"for": note}
    audit.record_operator(session, operator, "invitation.made", str(row.invitation_id), details)
    return row, code


def revoke(session: Session, operator: str, invitation_id: UUID) -> None:
    """End an invitation that is still open. Raises NotFound."""
    if not invitations.revoke(session, invitation_id):
        raise NotFound("This invitation is not open any more.", reason=f"{invitation_id}")
    audit.record_operator(session, operator, "invitation.revoked", str(invitation_id))


def _record_institution(session: Session, operator: str, action: str, row: Institution) -> None:
    details = {"name": row.name}
    audit.record_operator(session, operator, action, str(row.institution_id), details)
