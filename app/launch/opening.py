"""From a posted id_token to an open session, in steps that never hold a transaction on the wire.

Read the login, its registration and the keys kept (one statement) → ask the platform for keys if
need be → verify the token whole → spend the state, admit the person and open the session, in one
transaction: whoever loses the race for the state changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app import config
from app.access import LOOKS_AFTER
from app.activities import destinations, origins
from app.config import Settings
from app.connections import health, key_sets, switches
from app.extensions import transaction
from app.launch import places, waiting
from app.launch.admission import Admission, admit
from app.launch.reviews import review_of
from app.selfcheck.target import leads_to_check
from app.session import OpenedSession, open_session
from lti_config import addresses, approval, denials, states, storage
from lti_config.approval import UnknownDeployment
from lti_config.errors import LaunchRefused
from lti_config.http import Client
from lti_config.keysets import Keys
from lti_config.launch import Launch, MessageType
from lti_config.platforms import canvas
from lti_config.states import Awaited
from lti_config.storage import PlatformStorage
from lti_config.verification import Token, take_apart, verify_launch
from models import CourseRole, Institution, now

MOST_SOURCES = 50
"""Courses behind a course, of which a session keeps the nearest."""

_SPEND = states.spending(health.launch_noted)


@dataclass(frozen=True)
class Opened:
    """The launch is in: where the browser goes, and with what."""

    session: OpenedSession
    endpoint: str


@dataclass(frozen=True)
class Waiting:
    """The launch is genuine, but its browser has not proved that it began it."""

    handle: str
    frame_sources: str
    storage: PlatformStorage | None
    """Where the platform may have kept the browser's secret."""
    full_window: dict[str, Any] | None
    """The message that asks a Canvas page to open us in a window of our own."""


@dataclass(frozen=True)
class Blocked:
    """The browser has not shown the secret of its login: no session."""

    registration_id: UUID | None
    """Empty where no launch waits at all."""


def receive(
    id_token: str,
    state: str,
    browser_secret: str | None,
    settings: Settings,
    storage_target: str | None = None,
) -> Opened | Waiting:
    """Open the session of a launch, or keep it until its browser shows the secret.

    `storage_target`: the frame of the platform's storage, as the launch names it once more.

    Raises LaunchRefused, and leaves nothing then but the state, spent or not.
    """
    token = take_apart(id_token)
    with transaction() as session:
        awaited = states.awaited(session, state, token.named_deployment)
    try:
        launch = _genuine(token, awaited, settings)
    except LaunchRefused as refusal:
        refusal.registration_id = awaited.registration_id
        raise
    with transaction() as session:
        if states.spend(session, _SPEND, state, browser_secret):
            return _open(session, launch, proof="cookie")
        handle = waiting.hold(session, state, launch)
    return Waiting(
        handle,
        launch.frame_sources,
        storage.offered(awaited.auth_url, awaited.storage_target, storage_target),
        _full_window(token, launch),
    )


def denied(form: Mapping[str, str]) -> LaunchRefused:
    """What to say where the platform posts an error, whoever's login it was."""
    with transaction() as session:
        login = states.login_of(session, form.get("state", ""))
    return denials.refusal(form, login.registration_id if login else None)


def finish(handle: str, browser_secret: str) -> Opened | Blocked:
    """Open the session of a launch that waited, if the browser's secret is right."""
    with transaction() as session:
        held = waiting.release(session, handle, browser_secret)
        if held and held.is_proved:
            switches.check_still_active(session, held.launch.deployment_id)
            return _open(session, held.launch, proof="page")
    return Blocked(held.launch.registration_id if held else None)


def _full_window(token: Token, launch: Launch) -> dict[str, Any] | None:
    if not canvas.is_canvas(launch.product_family):
        return None
    link_id = launch.link.id if launch.link else None
    return canvas.full_window(token.claims, launch.target_link_uri, link_id)


def _genuine(token: Token, awaited: Awaited, settings: Settings) -> Launch:
    keys = key_sets.obtain(
        awaited.keys,
        awaited.jwks_url,
        token.header.get("kid"),
        Client.trusting(settings.trusted_private_hosts),
    )
    return _verified(token, awaited, keys, settings)


def _verified(token: Token, awaited: Awaited, keys: Keys, settings: Settings) -> Launch:
    try:
        return _verify(token, awaited, keys, settings)
    except UnknownDeployment as unknown:
        with transaction() as session:
            row = switches.note_unknown_deployment(
                session, awaited.registration_id, unknown.lti_deployment_id
            )
            school = row.institution_id and session.get(Institution, row.institution_id)
            deployment = approval.known(row, school.is_active if school else None)
        return _verify(token, replace(awaited, deployment=deployment), keys, settings)


def _verify(token: Token, awaited: Awaited, keys: Keys, settings: Settings) -> Launch:
    return verify_launch(
        token,
        awaited,
        keys,
        own_origin=addresses.origin(settings.url),
        trusted=addresses.TrustedHosts(settings.trusted_private_hosts),
        moment=now(),
    )


def _open(session: Session, launch: Launch, *, proof: str) -> Opened:
    """`proof`: by what the browser showed that it began, its cookie or its page."""
    admission = admit(session, launch)
    review = review_of(
        session,
        launch,
        user_id=admission.user_id,
        course_id=admission.course_id,
        tool_url=config.current().url,
    )
    activity_id = admission.activity.activity_id if admission.activity else None
    history = _tabs_history(launch)
    opened = open_session(
        session,
        user_id=admission.user_id,
        role=launch.role,
        course_id=admission.course_id,
        enrollment_id=admission.enrollment_id,
        registration_id=launch.registration_id,
        deployment_id=launch.deployment_id,
        resource_link_id=admission.resource_link_id,
        activity_id=(review and review.activity_id) or activity_id,
        locale=launch.locale,
        frame_origin=launch.frame_sources,
        deep_linking=dict(launch.deep_linking) if launch.deep_linking else None,
        launch_facts={**launch.facts, "proof": proof, origins.HISTORY: history}
        if launch.role in LOOKS_AFTER
        else None,
        reviewed_user_id=review.user_id if review else None,
    )
    if review:
        return Opened(opened, "review.index")
    if launch.message_type is MessageType.DATA_PRIVACY:
        return Opened(opened, "activities.kept")
    endpoint = destinations.endpoint_for(
        launch.role,
        admission.activity,
        launch.message_type is MessageType.DEEP_LINKING,
        has_course=admission.course_id is not None,
        is_lost=admission.is_lost,
        is_check=leads_to_check(launch.target_link_uri, config.current().url),
        is_copied=_is_copied(session, admission, history),
    )
    return Opened(opened, endpoint)


def _is_copied(session: Session, admission: Admission, history: list[str]) -> bool:
    """Whether the course came from another and has nothing of its own yet. No question to the
    database for any launch but the tab of a copied course."""
    if not history or admission.course_id is None:
        return False
    return origins.is_new(session, admission.course_id)


def _tabs_history(launch: Launch) -> list[str]:
    """What a teacher's course was copied from, where no link's custom values can have said so,
    nor those of a tool that a teacher adds links of."""
    is_tab = launch.message_type is MessageType.RESOURCE_LINK and launch.link is None
    if not is_tab or launch.role is not CourseRole.TEACHER:
        return []
    return places.copied_from(launch.custom.get("context_history", ""))[:MOST_SOURCES]
