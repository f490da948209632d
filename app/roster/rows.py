"""Many rows in one statement: arrays in place of a thousand parameters."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    String,
    TableValuedAlias,
    Uuid,
    any_,
    column,
    func,
    literal,
)


def any_of(values: Iterable[UUID | str]) -> ColumnElement[Any]:
    """For `column == any_of(values)`; equal to nothing if there are none."""
    return any_(_array(list(values)))


def rows(**columns: Sequence[UUID | str]) -> TableValuedAlias:
    """The columns side by side as a table."""
    kinds = [column(name, _kind(values)) for name, values in columns.items()]
    unnested = func.unnest(*map(_array, columns.values()))
    return unnested.table_valued(*kinds, name="told").render_derived()


def _array(values: Sequence[UUID | str]) -> ColumnElement[Any]:
    return literal(values, ARRAY(_kind(values)))


def _kind(values: Sequence[UUID | str]) -> Any:
    return Uuid() if values and isinstance(values[0], UUID) else String()
