"""Which delivery waits in which digest: people may have one of their own for each external channel."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("digest_id", sa.Uuid(), nullable=True))
    op.execute(
        "UPDATE deliveries SET digest_id = notifications.digest_id FROM notifications"
        " WHERE notifications.id = notification_id AND notifications.digest_id IS NOT NULL"
    )
    op.create_foreign_key(
        op.f("fk_deliveries_digest_id_digests"), "deliveries", "digests", ["digest_id"], ["id"], ondelete="SET NULL"
    )
    op.create_index(
        "ix_deliveries_digest", "deliveries", ["digest_id"], postgresql_where=sa.text("digest_id IS NOT NULL")
    )
    op.drop_column("notifications", "digest_id")
    op.add_column(
        "notifications", sa.Column("is_digest", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )


def downgrade() -> None:
    op.drop_column("notifications", "is_digest")
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
    op.execute(
        "UPDATE notifications SET digest_id = gathered.digest_id FROM deliveries AS gathered"
        " WHERE gathered.notification_id = notifications.id AND gathered.digest_id IS NOT NULL"
    )
    op.drop_index("ix_deliveries_digest", "deliveries")
    op.drop_column("deliveries", "digest_id")
