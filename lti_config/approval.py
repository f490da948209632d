"""Who may launch at all: what an operator has approved and left switched on, and what to say else.

`app.connections.switches` switches.
"""

from dataclasses import dataclass
from uuid import UUID

from lti_config.errors import Fault, LaunchRefused
from models import Deployment, Registration, RegistrationStatus

SWITCHED_OFF = "CourseLLM is switched off for your school."
WAITS = (
    "Your course's system is registered here, and the people who run this CourseLLM have not "
    "approved it yet."
)
NOT_APPROVED = (
    "CourseLLM was added to your course or school, and the people who run it have not approved "
    "that yet."
)
WAITING, OFF = "Waiting for approval", "Switched off here"
WHO_APPROVES = (
    "Nothing is wrong, and there is nothing for you to do here. They see it on their console "
    "(Platforms). If it takes long, ask whoever added CourseLLM to your course system to write to "
    "them. Once they have approved it, open the same link again."
)
WHO_SWITCHES = (
    "Your work is kept. Ask your teacher, or whoever looks after your course system, when it will "
    "be back. The people who run this CourseLLM can switch it on."
)


@dataclass(frozen=True)
class KnownDeployment:
    deployment_id: UUID
    lti_deployment_id: str
    status: RegistrationStatus
    is_school_active: bool
    """A deployment may belong to no school; then nobody has switched it off."""

    @property
    def is_active(self) -> bool:
        return self.status is RegistrationStatus.ACTIVE


def known(row: Deployment, school_is_active: bool | None) -> KnownDeployment:
    """The deployment as a value; `school_is_active`: None for one that belongs to no school."""
    return KnownDeployment(
        deployment_id=row.deployment_id,
        lti_deployment_id=row.lti_deployment_id,
        status=row.status,
        is_school_active=school_is_active is not False,
    )


class UnknownDeployment(LaunchRefused):
    """Everything else is right, but this deployment was never seen."""

    def __init__(self, lti_deployment_id: str) -> None:
        reason = f"deployment {lti_deployment_id!r} is unknown"
        super().__init__(
            403, NOT_APPROVED, reason, Fault.DEPLOYMENT, title=WAITING, next_step=WHO_APPROVES
        )
        self.lti_deployment_id = lti_deployment_id


def check_registration(registration: Registration) -> None:
    """Raises LaunchRefused (403) unless the registration is switched on."""
    status = registration.status
    if status is RegistrationStatus.ACTIVE:
        return
    reason = f"registration {registration.registration_id} is {status.value}"
    if status is RegistrationStatus.PENDING:
        raise LaunchRefused(403, WAITS, reason, title=WAITING, next_step=WHO_APPROVES)
    raise switched_off(reason)


def check_deployment(named: str, found: KnownDeployment | None) -> KnownDeployment:
    """The deployment, known and switched on. Raises UnknownDeployment, LaunchRefused."""
    if found is None or found.lti_deployment_id != named:
        raise UnknownDeployment(named)
    if found.status is RegistrationStatus.PENDING:
        reason = f"deployment {named!r} waits for approval"
        raise LaunchRefused(
            403, NOT_APPROVED, reason, Fault.DEPLOYMENT, title=WAITING, next_step=WHO_APPROVES
        )
    if not found.is_active:
        raise switched_off(f"deployment {named!r} is disabled", Fault.DEPLOYMENT)
    if not found.is_school_active:
        raise switched_off(f"the school of deployment {found.deployment_id} is switched off")
    return found


def switched_off(reason: str, fault: Fault | None = None) -> LaunchRefused:
    """For whoever comes by what an operator has switched off."""
    return LaunchRefused(403, SWITCHED_OFF, reason, fault, title=OFF, next_step=WHO_SWITCHES)
