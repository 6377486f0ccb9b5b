"""Find all that waits about one object, whoever it is for."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_notifications_waiting_about",
        "notifications",
        ["related_object_type", "related_object_id", "id"],
        postgresql_where=sa.text("status = 'pending' AND related_object_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_notifications_waiting_about", "notifications")
