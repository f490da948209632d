"""A course moves from one embedding model to another, stored files are read again"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("course_materials", sa.Column("checked_at", sa.DateTime(timezone=True)))
    op.add_column("course_materials", sa.Column("file_fault", sa.String(32)))
    op.create_check_constraint(
        op.f("ck_course_materials_filefault"),
        "course_materials",
        "file_fault in ('missing', 'damaged')",
    )
    op.create_index(op.f("ix_course_materials_checked_at"), "course_materials", ["checked_at"])
    op.add_column("courses", sa.Column("next_embedding_model", sa.String(100), nullable=True))
    # So far empty meant the installation's model, whichever that is at the moment.
    op.execute(
        "update courses set embedding_model = made.model from ("
        " select distinct on (course_id) course_id, model from chunk_vectors"
        " group by course_id, model order by course_id, count(*) desc, model) as made"
        " where made.course_id = courses.course_id and courses.embedding_model is null"
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_course_materials_checked_at"), "course_materials")
    op.drop_column("course_materials", "file_fault")
    op.drop_column("course_materials", "checked_at")
    op.drop_column("courses", "next_embedding_model")
