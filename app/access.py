"""Roles → rights. A route says beside itself which right it needs; its blueprint sets the floor."""

import enum
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec, TypeVar
from uuid import UUID

from flask import Blueprint, g

from app.errors import Forbidden, NoSession
from models import CourseRole

P = ParamSpec("P")
R = TypeVar("R")


class Right(enum.Enum):
    LOOK = "look"
    LEARN = "learn"
    TEACH = "teach"
    MANAGE = "manage"


RIGHTS: dict[CourseRole, frozenset[Right]] = {
    CourseRole.TEACHER: frozenset({Right.MANAGE, Right.TEACH, Right.LOOK}),
    CourseRole.TA: frozenset({Right.TEACH, Right.LOOK}),
    CourseRole.STUDENT: frozenset({Right.LEARN, Right.LOOK}),
    CourseRole.TEST_STUDENT: frozenset({Right.LEARN, Right.LOOK}),
    CourseRole.OBSERVER: frozenset({Right.LOOK}),
    CourseRole.ADMINISTRATOR: frozenset({Right.LOOK}),
    CourseRole.NONE: frozenset(),
}

LOOKS_AFTER = frozenset({CourseRole.TEACHER, CourseRole.ADMINISTRATOR})
"""Who may see how the connection to the LMS stands, in a course or outside of any."""


@dataclass(frozen=True)
class Actor:
    """Who acts, in which course, as what: made from the session at each request."""

    session_id: str
    user_id: UUID
    course_id: UUID | None
    """Empty for a launch without a context."""
    enrollment_id: UUID | None
    role: CourseRole
    display_name: str
    course_name: str
    activity_id: UUID | None
    resource_link_id: UUID | None
    deep_linking: bool
    """Whether this session was opened to choose a link for the course page."""
    locale: str | None
    reviewed_user_id: UUID | None = None
    """The learner whose work this session was opened to show."""

    @property
    def rights(self) -> frozenset[Right]:
        return RIGHTS[self.role] if self.course_id else frozenset()

    @property
    def is_preview(self) -> bool:
        """A test student: in no roster, statistic or grade."""
        return self.role is CourseRole.TEST_STUDENT

    @property
    def course(self) -> UUID:
        """The course that every query of this actor is scoped by.

        Raises Forbidden for a launch without a context.
        """
        if self.course_id is None:
            raise Forbidden("The course page did not say which course this is.")
        return self.course_id

    def may(self, *any_of: Right) -> bool:
        """Whether the actor has one of these rights."""
        return not self.rights.isdisjoint(any_of)


def current_actor() -> Actor:
    """The actor of this request.

    Raises NoSession outside a session.
    """
    actor: Actor | None = g.get("actor")
    if actor is None:
        raise NoSession(reason="no session for this request")
    return actor


def demand(*any_of: Right) -> None:
    """Raise Forbidden unless the actor of this request has one of the rights."""
    actor = current_actor()
    if not actor.may(*any_of):
        wanted = ", ".join(right.value for right in any_of)
        raise Forbidden(reason=f"role {actor.role.value} lacks {wanted}")


def requires(*any_of: Right) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a view be entered only with one of these rights."""

    def guarded(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def inner(*args: P.args, **kwargs: P.kwargs) -> R:
            demand(*any_of)
            return view(*args, **kwargs)

        return inner

    return guarded


def guard(blueprint: Blueprint, *any_of: Right) -> None:
    """Set a blueprint's floor: no view of it can be reached without one of these rights."""
    blueprint.before_request(lambda: demand(*any_of))
