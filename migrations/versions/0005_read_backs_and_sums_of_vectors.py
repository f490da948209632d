"""A column of the gradebook says since when it can't be read back, and why, and whether its address
is of another deployment's time; a material keeps the sum of its vectors, and whether students may
download it"""

import sqlalchemy as sa
from alembic import op
from pgvector.sqlalchemy import VECTOR

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("line_items", sa.Column("results_failed_at", sa.DateTime(timezone=True)))
    op.add_column("line_items", sa.Column("results_error", sa.Text()))
    op.add_column("line_items", sa.Column("inherited_at", sa.DateTime(timezone=True)))
    op.add_column("course_materials", sa.Column("vector_sum", VECTOR(), nullable=True))
    op.add_column("course_materials", sa.Column("may_be_saved", sa.Boolean()))
    op.execute(
        "update course_materials set vector_sum = made.total from ("
        " select material_id, model, sum(embedding::vector) as total"
        " from chunk_vectors group by material_id, model) as made, courses"
        " where made.material_id = course_materials.material_id"
        " and courses.course_id = course_materials.course_id"
        " and courses.embedding_model = made.model"
    )


def downgrade() -> None:
    op.drop_column("course_materials", "may_be_saved")
    op.drop_column("course_materials", "vector_sum")
    op.drop_column("line_items", "inherited_at")
    op.drop_column("line_items", "results_error")
    op.drop_column("line_items", "results_failed_at")
