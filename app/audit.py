"""Append-only record of who changed or read what."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import AuditEvent

COMMAND_LINE = "command line"
"""Stands for the operator's name where a command was run: the server knows who that was."""


def record(
    session: Session,
    actor_id: UUID,
    course_id: UUID,
    action: str,
    subject: str,
    details: dict[str, Any] | None = None,
) -> None:
    """Add one event. `action` is dotted ("material.deleted"), `subject` an id."""
    session.add(
        AuditEvent(
            actor_id=actor_id,
            course_id=course_id,
            action=action,
            subject=subject,
            details=details,
        )
    )


def record_operator(
    session: Session,
    operator_name: str,
    action: str,
    subject: str,
    details: dict[str, Any] | None = None,
) -> None:
    """Add one event of an operator. The name is kept, not the row: events outlive it."""
    session.add(
        AuditEvent(operator_name=operator_name, action=action, subject=subject, details=details)
    )


def of_operators(session: Session, before: int | None, most: int) -> Sequence[AuditEvent]:
    """What operators did, the newest first; `before`: older than this event."""
    wanted = select(AuditEvent).where(AuditEvent.operator_name.is_not(None))
    if before is not None:
        wanted = wanted.where(AuditEvent.event_id < before)
    return session.scalars(wanted.order_by(AuditEvent.event_id.desc()).limit(most)).all()
