"""A course moves from one embedding model to another: it knows whose vectors it has"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("courses", sa.Column("next_embedding_model", sa.String(100), nullable=True))
    # So far empty meant the installation's model, whichever that is at the moment.
    op.execute(
        "update courses set embedding_model = made.model from ("
        " select distinct on (course_id) course_id, model from chunk_vectors"
        " group by course_id, model order by course_id, count(*) desc, model) as made"
        " where made.course_id = courses.course_id and courses.embedding_model is null"
    )


def downgrade() -> None:
    op.drop_column("courses", "next_embedding_model")
