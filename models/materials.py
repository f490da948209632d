"""Course materials: files, their pages, and what makes them findable by words and by meaning."""

import enum
import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pgvector import HalfVector
from pgvector import Vector as VectorValue
from pgvector.sqlalchemy import HALFVEC, Vector
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, now, stored_by_value

if TYPE_CHECKING:
    from models.courses import Course
    from models.people import User


class FileType(enum.StrEnum):
    PDF = "pdf"
    PPTX = "pptx"
    DOCX = "docx"
    MD = "md"
    TXT = "txt"
    OTHER = "other"


class IndexingStatus(enum.StrEnum):
    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"


class FileFault(enum.StrEnum):
    """What is wrong with a stored file."""

    MISSING = "missing"
    DAMAGED = "damaged"


class CourseMaterial(Base):
    __tablename__ = "course_materials"
    __table_args__ = (CheckConstraint("file_size_bytes >= 0", name="size_is_natural"),)

    material_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    course_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("courses.course_id", ondelete="CASCADE"), index=True
    )
    uploader_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.user_id"), index=True)
    title: Mapped[str] = mapped_column(String(200))
    file_type: Mapped[FileType] = mapped_column(stored_by_value(FileType))
    file_size_bytes: Mapped[int] = mapped_column(BigInteger)
    storage_path: Mapped[str] = mapped_column(String(500), unique=True)
    """`<material id>/<SHA-256 of the content>`; another's id, where the file was lost and uploaded
    once more."""
    upload_date: Mapped[datetime] = mapped_column(default=now)
    indexed_at: Mapped[datetime | None]
    indexing_status: Mapped[IndexingStatus] = mapped_column(
        stored_by_value(IndexingStatus), default=IndexingStatus.PENDING, index=True
    )
    is_public: Mapped[bool] = mapped_column(default=True)
    """False hides the material from students and from their answers."""
    release_at: Mapped[datetime | None]
    """Before it students neither see the material nor get answers from it; empty: at once."""
    may_be_saved: Mapped[bool | None]
    """Whether students may download the file itself, as a teacher decided; empty: nobody did."""
    position: Mapped[int] = mapped_column(default=0)
    """Place in the course's list; equal ones by `upload_date`."""
    deleted_at: Mapped[datetime | None] = mapped_column(index=True)
    """Gone for everybody since then; can be undone until a job takes the file away."""
    replaces_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("course_materials.material_id", ondelete="SET NULL"), index=True
    )
    """The version before this one, found until this one can be."""
    verified_at: Mapped[datetime | None]
    """When the file was last read whole and had its SHA-256."""
    checked_at: Mapped[datetime | None] = mapped_column(index=True)
    """When that was last tried."""
    file_fault: Mapped[FileFault | None] = mapped_column(stored_by_value(FileFault))
    """What was wrong with the file then."""
    details: Mapped[dict[str, Any] | None] = mapped_column("metadata", JSONB)
    """Original name, media type, the reason of a failure in words (`metadata` is SQLAlchemy's)."""
    page_count: Mapped[int | None]
    chunk_count: Mapped[int] = mapped_column(default=0)
    """Chunks that words find; 0 until the first step of indexing is done."""
    embedded_count: Mapped[int] = mapped_column(default=0)
    """Chunks that also have a vector."""
    vector_sum: Mapped[list[float] | None] = mapped_column(Vector(), deferred=True)
    """Of these vectors; what search looks into has its mean by it."""
    term_total: Mapped[int] = mapped_column(default=0)
    """Sum of the chunks' lengths in terms, for BM25's average."""
    search_config: Mapped[str] = mapped_column(String(32), default="english")
    """Text search configuration that made its terms; questions are read by the same."""

    course: Mapped["Course"] = relationship(back_populates="materials")
    uploader: Mapped["User"] = relationship(back_populates="uploaded_materials")
    chunks: Mapped[list["MaterialChunk"]] = relationship(
        back_populates="material", cascade="all, delete-orphan", passive_deletes=True
    )


class Upload(Base):
    """A file on its way in, which can be gone on with after a dropped connection."""

    __tablename__ = "uploads"
    __table_args__ = (
        CheckConstraint("received between 0 and size", name="received_is_part"),
        Index("ix_uploads_expires_at", "expires_at"),
    )

    upload_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    course_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("courses.course_id", ondelete="CASCADE"), index=True
    )
    user_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("users.user_id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInteger)
    modified: Mapped[int | None] = mapped_column(BigInteger)
    """When the file was last changed, in milliseconds as the browser says: with name and size it
    tells whether a file chosen again is the same."""
    received: Mapped[int] = mapped_column(BigInteger, default=0)
    """Bytes that are safe."""
    replaces_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("course_materials.material_id", ondelete="SET NULL"), index=True
    )
    material_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("course_materials.material_id", ondelete="SET NULL"), index=True
    )
    """What became of it, once all of it is there."""
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]


class MaterialPage(Base):
    """The text of one page, slide or section as read, for showing a source without its file."""

    __tablename__ = "material_pages"

    material_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("course_materials.material_id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """From 1."""
    label: Mapped[str | None] = mapped_column(String(50))
    """As printed on the page, where it differs from the number."""
    heading: Mapped[str | None] = mapped_column(Text)
    content: Mapped[str] = mapped_column(Text)


class MaterialChunk(Base):
    __tablename__ = "material_chunks"
    __table_args__ = (UniqueConstraint("material_id", "chunk_index"),)

    chunk_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    material_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("course_materials.material_id", ondelete="CASCADE"), index=True
    )
    chunk_index: Mapped[int]
    content: Mapped[str] = mapped_column(Text)
    start_page: Mapped[int | None]
    end_page: Mapped[int | None]
    token_count: Mapped[int]
    embedding_vector: Mapped[VectorValue | None] = mapped_column(Vector(1536))
    """The stored truth: shorter vectors are padded with zeros."""
    created_at: Mapped[datetime] = mapped_column(default=now)
    embedding_model: Mapped[str | None] = mapped_column(String(100))
    """Which model made it; in a course that moves to another one, the one that came last."""
    heading: Mapped[str | None] = mapped_column(Text)
    term_count: Mapped[int] = mapped_column(default=0)
    page_starts: Mapped[list[int]] = mapped_column(ARRAY(Integer), default=lambda: [0])
    """Where in `content` each page of the range begins, from `start_page` on."""

    material: Mapped["CourseMaterial"] = relationship(back_populates="chunks")


class ChunkPosting(Base):
    """Where one term stands in one material: the word index."""

    __tablename__ = "chunk_postings"

    material_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("course_materials.material_id", ondelete="CASCADE"), primary_key=True
    )
    term: Mapped[str] = mapped_column(Text, primary_key=True)
    chunk_indexes: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    term_counts: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    chunk_lengths: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    """Terms in each of these chunks: with them a score needs no other table."""


class ChunkVector(Base):
    """Narrow half-precision copy of a chunk's vector, read by exact search within a course."""

    __tablename__ = "chunk_vectors"
    __table_args__ = (Index("ix_chunk_vectors_course_id_model", "course_id", "model"),)

    chunk_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("material_chunks.chunk_id", ondelete="CASCADE"), primary_key=True
    )
    model: Mapped[str] = mapped_column(String(100), primary_key=True)
    """While a course moves from one model to another it has the vectors of both."""
    course_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("courses.course_id", ondelete="CASCADE")
    )
    material_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("course_materials.material_id", ondelete="CASCADE"), index=True
    )
    chunk_index: Mapped[int]
    embedding: Mapped[HalfVector] = mapped_column(HALFVEC())
