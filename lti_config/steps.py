"""How code of this package gets at the database between waits on the network."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from sqlalchemy.orm import Session

Steps = Callable[[], AbstractContextManager[Session]]
"""Opens one short transaction; the application hands in its own way to the database."""
