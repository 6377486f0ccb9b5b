"""Who wants a weekly summary, and when their next one is due."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "preference_profiles",
        sa.Column("weekly_summary", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.add_column("preference_profiles", sa.Column("next_summary_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("preference_profiles", sa.Column("summary_week", sa.Text(), nullable=True))
    op.create_index(
        "ix_preference_profiles_next_summary_at",
        "preference_profiles",
        ["next_summary_at", "user_id"],
        unique=False,
        postgresql_where=sa.text("next_summary_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_preference_profiles_next_summary_at", "preference_profiles")
    op.drop_column("preference_profiles", "summary_week")
    op.drop_column("preference_profiles", "next_summary_at")
    op.drop_column("preference_profiles", "weekly_summary")
