"""Digests, and which notification is an entry of which."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "digests",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("notification_type", sa.Text(), nullable=False),
        sa.Column("window", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_entry_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "notification_type IN ('booking', 'payment', 'session', 'review', 'system', 'message', 'reminder')",
            name=op.f("ck_digests_notification_type"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digests")),
    )
    op.create_index(
        "ix_digests_open",
        "digests",
        ["user_id", "key", "notification_type"],
        unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index("ix_digests_user", "digests", ["user_id", sa.text("opened_at DESC"), sa.text("id DESC")])
    op.add_column("notifications", sa.Column("digest_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_notifications_digest_id_digests"),
        "notifications",
        "digests",
        ["digest_id"],
        ["id"],
        ondelete="SET NULL",
    )
    op.create_index(
        "ix_notifications_digest",
        "notifications",
        ["digest_id", sa.text("created_at DESC"), sa.text("id DESC")],
        postgresql_where=sa.text("digest_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_column("notifications", "digest_id")
    op.drop_table("digests")
