"""What may still be changed before it goes out, and the decisions about it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("notifications", sa.Column("supersede_key", sa.Text(), nullable=True))
    op.create_index(
        "ix_notifications_superseded",
        "notifications",
        ["user_id", "supersede_key"],
        unique=False,
        postgresql_where=sa.text("status = 'pending' AND supersede_key IS NOT NULL"),
    )
    op.add_column("deliveries", sa.Column("escalates_after_seconds", sa.Integer(), nullable=True))
    op.add_column("deliveries", sa.Column("cancel_requested_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "notification_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("notification_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("edit", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("answer", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('cancel', 'restore', 'reschedule', 'edit')", name=op.f("ck_notification_changes_kind")
        ),
        sa.ForeignKeyConstraint(
            ["notification_id"],
            ["notifications.id"],
            name=op.f("fk_notification_changes_notification_id_notifications"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification_changes")),
    )
    op.create_index(
        op.f("ix_notification_changes_notification_id"), "notification_changes", ["notification_id"], unique=False
    )
    op.create_table(
        "timeline_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("notification_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["notification_id"],
            ["notifications.id"],
            name=op.f("fk_timeline_entries_notification_id_notifications"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timeline_entries")),
    )
    op.create_index("ix_timeline_entries_notification_id", "timeline_entries", ["notification_id", "id"], unique=False)


def downgrade() -> None:
    op.drop_table("timeline_entries")
    op.drop_table("notification_changes")
    op.drop_column("deliveries", "cancel_requested_at")
    op.drop_column("deliveries", "escalates_after_seconds")
    op.drop_index("ix_notifications_superseded", "notifications")
    op.drop_column("notifications", "supersede_key")
