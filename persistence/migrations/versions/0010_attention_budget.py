"""Slots of people's attention budgets, and finding what waits for somebody."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("has_slot", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.create_table(
        "attention_slots",
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_attention_slots")),
    )
    op.create_index("ix_attention_slots_user_id", "attention_slots", ["user_id", "taken_at"], unique=False)
    op.create_index(
        "ix_notifications_pending",
        "notifications",
        ["user_id", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'pending'"),
    )


def downgrade() -> None:
    op.drop_index("ix_notifications_pending", "notifications")
    op.drop_table("attention_slots")
    op.drop_column("deliveries", "has_slot")
