"""Materials that live: released, ordered, replaced, deleted with a way back; uploads go on"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    for column in (
        sa.Column("release_at", MOMENT, nullable=True),
        sa.Column("position", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("deleted_at", MOMENT, nullable=True),
        sa.Column("replaces_id", sa.Uuid(), nullable=True),
        sa.Column("verified_at", MOMENT, nullable=True),
    ):
        op.add_column("course_materials", column)
    op.alter_column("course_materials", "position", server_default=None)
    op.create_foreign_key(
        op.f("fk_course_materials_replaces_id"),
        "course_materials",
        "course_materials",
        ["replaces_id"],
        ["material_id"],
        ondelete="SET NULL",
    )
    for name in ("deleted_at", "replaces_id"):
        op.create_index(op.f(f"ix_course_materials_{name}"), "course_materials", [name])
    op.add_column("courses", sa.Column("embedding_model", sa.String(100), nullable=True))
    op.drop_constraint(op.f("pk_chunk_vectors"), "chunk_vectors", type_="primary")
    op.create_primary_key(op.f("pk_chunk_vectors"), "chunk_vectors", ["chunk_id", "model"])
    # The lists of a common term are looked into again and again: neither packed nor put apart.
    for name in ("chunk_indexes", "term_counts", "chunk_lengths"):
        op.execute(f"alter table chunk_postings alter column {name} set storage external")
    op.execute("alter table chunk_postings set (toast_tuple_target = 8160)")
    _uploads()


def _uploads() -> None:
    op.create_table(
        "uploads",
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("modified", sa.BigInteger(), nullable=True),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("replaces_id", sa.Uuid(), nullable=True),
        sa.Column("material_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.CheckConstraint("received between 0 and size", name=op.f("ck_uploads_received_is_part")),
        *(
            sa.ForeignKeyConstraint(
                [column], [other], name=op.f(f"fk_uploads_{column}"), ondelete=ondelete
            )
            for column, other, ondelete in (
                ("course_id", "courses.course_id", "CASCADE"),
                ("user_id", "users.user_id", "CASCADE"),
                ("replaces_id", "course_materials.material_id", "SET NULL"),
                ("material_id", "course_materials.material_id", "SET NULL"),
            )
        ),
        sa.PrimaryKeyConstraint("upload_id", name=op.f("pk_uploads")),
    )
    for name in ("course_id", "user_id", "replaces_id", "material_id", "expires_at"):
        op.create_index(op.f(f"ix_uploads_{name}"), "uploads", [name])


def downgrade() -> None:
    """What was deleted goes for good, and of two models' vectors one stays."""
    op.drop_table("uploads")
    op.execute("alter table chunk_postings reset (toast_tuple_target)")
    for name in ("chunk_indexes", "term_counts", "chunk_lengths"):
        op.execute(f"alter table chunk_postings alter column {name} set storage extended")
    op.execute("delete from course_materials where deleted_at is not null")
    op.execute(
        "delete from chunk_vectors a using chunk_vectors b"
        " where a.chunk_id = b.chunk_id and a.model > b.model"
    )
    op.drop_constraint(op.f("pk_chunk_vectors"), "chunk_vectors", type_="primary")
    op.create_primary_key(op.f("pk_chunk_vectors"), "chunk_vectors", ["chunk_id"])
    op.drop_column("courses", "embedding_model")
    for column in ("verified_at", "replaces_id", "deleted_at", "position", "release_at"):
        op.drop_column("course_materials", column)
