"""A column of the gradebook says since when it can't be read back, and why"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("line_items", sa.Column("results_failed_at", sa.DateTime(timezone=True)))
    op.add_column("line_items", sa.Column("results_error", sa.Text()))


def downgrade() -> None:
    op.drop_column("line_items", "results_error")
    op.drop_column("line_items", "results_failed_at")
