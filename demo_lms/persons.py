"""The people of the demo course, each with a stable opaque subject.

Roles mix levels as Canvas mixes them: everybody carries the system role User, and institution
roles say nothing about this course (Farid teaches another one). LTI core 1.3 appendix A.2.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from demo_lms import vocabulary as lti

_SUBJECTS = uuid.UUID("8d0b9a3c-6f5e-4e0b-9f5c-2f6f4bb1d0a7")


@dataclass(frozen=True)
class Person:
    """Somebody to be. `shares_identity` False: the LMS tells tools neither name nor e-mail."""

    id: str
    given_name: str
    family_name: str
    email: str
    title: str
    roles: tuple[str, ...]
    shares_identity: bool = True
    time_zone: str = "Europe/Madrid"

    @property
    def subject(self) -> str:
        """The `sub` claim, also login_hint and AGS / NRPS user id: same person, same text."""
        return str(uuid.uuid5(_SUBJECTS, self.id))

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}"

    def shared_fields(self, claims: Collection[str]) -> dict[str, str]:
        """Of these claims what the person shares: names and e-mail, or nothing."""
        if not self.shares_identity:
            return {}
        fields = {
            "name": self.name,
            "given_name": self.given_name,
            "family_name": self.family_name,
            "email": self.email,
        }
        return {name: text for name, text in fields.items() if text and name in claims}

    @property
    def membership_roles(self) -> tuple[str, ...]:
        """Roles in this course, with the marker of a test user: what a roster shows."""
        return tuple(r for r in self.roles if r.startswith(lti.MEMBERSHIP) or r == lti.TEST_USER)

    @property
    def is_student(self) -> bool:
        return lti.LEARNER in self.roles

    @property
    def is_teacher(self) -> bool:
        return lti.INSTRUCTOR in self.roles and lti.TEACHING_ASSISTANT not in self.roles

    @property
    def sees_all_grades(self) -> bool:
        return lti.INSTRUCTOR in self.roles

    @property
    def is_admin(self) -> bool:
        return lti.INSTITUTION_ADMINISTRATOR in self.roles


_STUDENT = (lti.INSTITUTION_STUDENT, lti.LEARNER, lti.SYSTEM_USER)
_STAFF = (lti.INSTITUTION_INSTRUCTOR, lti.INSTRUCTOR, lti.SYSTEM_USER)

PERSONS: tuple[Person, ...] = (
    Person("teacher", "Thea", "Laurent", "thea.laurent@example.test", "Teacher", _STAFF),
    Person(
        "ta",
        "Tomás",
        "Okafor",
        "tomas.okafor@example.test",
        "Teaching assistant",
        (lti.TEACHING_ASSISTANT, *_STAFF),
    ),
    Person("student-1", "Ada", "Novak", "ada.novak@example.test", "Student", _STUDENT),
    Person(
        "student-2",
        "Farid",
        "O'Brien-Ñúñez",
        "farid.obrien@example.test",
        "Student, teaches another course",
        (lti.INSTITUTION_INSTRUCTOR, *_STUDENT),
        time_zone="America/New_York",
    ),
    Person(
        "student-3",
        "Mei",
        "Hayashi",
        "mei.hayashi@example.test",
        "Student, hides name and e-mail",
        _STUDENT,
        shares_identity=False,
        time_zone="Asia/Tokyo",
    ),
    Person(
        "test-student",
        "Test",
        "Student",
        "",
        "Student view",
        (lti.LEARNER, lti.TEST_USER, lti.SYSTEM_USER),
    ),
    Person(
        "admin",
        "Ines",
        "Berger",
        "ines.berger@example.test",
        "Administrator, not in the course",
        (lti.INSTITUTION_ADMINISTRATOR, lti.SYSTEM_USER),
    ),
)

_BY_ID = {person.id: person for person in PERSONS}
_BY_SUBJECT = {person.subject: person for person in PERSONS}


def find(person_id: str | None) -> Person | None:
    return _BY_ID.get(person_id or "")


def get(person_id: str) -> Person:
    """The person with this id. Raises KeyError."""
    return _BY_ID[person_id]


def by_subject(subject: str) -> Person | None:
    return _BY_SUBJECT.get(subject)


def members() -> list[Person]:
    """Everybody who has a role in the course, as the roster lists them."""
    return [person for person in PERSONS if person.membership_roles]


def students() -> list[Person]:
    """Everybody who can be graded; the test student comes last."""
    return [person for person in PERSONS if person.is_student]
