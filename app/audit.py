"""Append-only record of who changed or read what."""

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from models import AuditEvent


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
