"""Bringing rows up to date with what a launch says: most launches say nothing new."""

from models import Base


def correct(row: Base, **values: object) -> None:
    """Set what differs. What is set to what it was counts as changed, too: at the end the ORM
    would look through all that a launch has read, and find nothing to write."""
    for name, value in values.items():
        if getattr(row, name) != value:
            setattr(row, name, value)
