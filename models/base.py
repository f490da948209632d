"""The declarative base and the column kinds that all tables share."""

import enum
import uuid
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import DateTime, Enum, MetaData, Numeric, Table, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, registry

SYSTEM_USER_ID = uuid.UUID(int=0)
"""The user who owns what no person uploaded or created, and what an erased teacher leaves."""


class Base(DeclarativeBase):
    """Base of every table; constraint names follow one pattern so that migrations can name them."""

    registry = registry(
        metadata=MetaData(
            naming_convention={
                "ix": "ix_%(table_name)s_%(column_0_N_name)s",
                "uq": "uq_%(table_name)s_%(column_0_N_name)s",
                "ck": "ck_%(table_name)s_%(constraint_name)s",
                "fk": "fk_%(table_name)s_%(column_0_N_name)s",
                "pk": "pk_%(table_name)s",
            }
        ),
        type_annotation_map={
            datetime: DateTime(timezone=True),
            Decimal: Numeric(),
            uuid.UUID: Uuid(),
            dict[str, Any]: JSONB(),
            list[Any]: JSONB(),
        },
    )


def table(model: type[Base]) -> Table:
    """The model's table, for statements in which no object takes part: half the work."""
    return Base.metadata.tables[model.__tablename__]


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def stored_by_value(kind: type[enum.Enum]) -> Enum:
    """An enum column that keeps the member's value as text, held to the list by a check."""
    return Enum(
        kind,
        values_callable=lambda members: [member.value for member in members],
        native_enum=False,
        create_constraint=True,
        length=32,
        name=kind.__name__.lower(),
    )
