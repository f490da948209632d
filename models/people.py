"""People: who they are to us, whatever platform they come from."""

import enum
import uuid
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, now, stored_by_value

if TYPE_CHECKING:
    from models.conversations import Conversation
    from models.courses import Course, Enrollment
    from models.materials import CourseMaterial


class UserRole(enum.StrEnum):
    STUDENT = "student"
    TEACHER = "teacher"
    ADMIN = "admin"


class User(Base):
    """One person on one platform. Which of them is known by a launch: `LtiIdentity`."""

    __tablename__ = "users"

    user_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    email: Mapped[str] = mapped_column(String(255), unique=True, index=True)
    """Never a key: `<uuid>@users.invalid` where the platform sent none or one that is taken."""
    sso_id: Mapped[str] = mapped_column(String(255), unique=True)
    """SHA-256 of platform id and subject, in hexadecimal."""
    role: Mapped[UserRole] = mapped_column(stored_by_value(UserRole), index=True)
    """The widest role seen. It grants nothing: the role that counts is `Enrollment.role`."""
    first_name: Mapped[str] = mapped_column(String(100))
    last_name: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_login: Mapped[datetime | None]
    is_active: Mapped[bool] = mapped_column(default=True)

    taught_courses: Mapped[list["Course"]] = relationship(
        back_populates="instructor", foreign_keys="Course.instructor_id"
    )
    enrollments: Mapped[list["Enrollment"]] = relationship(
        back_populates="student", cascade="all, delete-orphan"
    )
    conversations: Mapped[list["Conversation"]] = relationship(
        back_populates="student", cascade="all, delete-orphan"
    )
    uploaded_materials: Mapped[list["CourseMaterial"]] = relationship(back_populates="uploader")
