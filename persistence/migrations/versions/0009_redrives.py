"""Failed deliveries are found and tried again."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("redrives", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column(
        "deliveries", sa.Column("earlier_attempts", sa.Integer(), server_default=sa.text("0"), nullable=False)
    )
    op.create_index(
        "ix_deliveries_created_at", "deliveries", [sa.text("created_at DESC"), sa.text("id DESC")], unique=False
    )
    op.create_index(
        "ix_deliveries_failed",
        "deliveries",
        [sa.text("created_at DESC"), sa.text("id DESC")],
        unique=False,
        postgresql_where=sa.text("status = 'failed'"),
    )
    _allow_changes("'cancel', 'restore', 'reschedule', 'edit', 'redrive'")


def downgrade() -> None:
    op.execute("DELETE FROM notification_changes WHERE kind = 'redrive'")
    _allow_changes("'cancel', 'restore', 'reschedule', 'edit'")
    op.drop_index("ix_deliveries_failed", "deliveries")
    op.drop_index("ix_deliveries_created_at", "deliveries")
    op.drop_column("deliveries", "earlier_attempts")
    op.drop_column("deliveries", "redrives")


def _allow_changes(kinds: str) -> None:
    name = op.f("ck_notification_changes_kind")
    op.drop_constraint(name, "notification_changes", type_="check")
    op.create_check_constraint(name, "notification_changes", f"kind IN ({kinds})")
