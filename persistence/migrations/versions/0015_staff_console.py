"""Staff see everybody's newest notifications, and what goes out by the minute."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_notifications_newest", "notifications", [sa.text("listed_at DESC"), sa.text("id DESC")], unique=False
    )
    op.create_index("ix_attempts_started_at", "attempts", ["started_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_attempts_started_at", "attempts")
    op.drop_index("ix_notifications_newest", "notifications")
