"""What a person wants whatever the type; a switch for a type may be untouched."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_SWITCHES = ("in_app_enabled", "email_enabled", "sms_enabled", "push_enabled")


def upgrade() -> None:
    op.create_table(
        "preference_profiles",
        sa.Column("user_id", sa.Text(), nullable=False),
        *(sa.Column(switch, sa.Boolean(), nullable=True) for switch in _SWITCHES),
        sa.Column("opted_out_channels", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("quiet_hours", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("digest", sa.Text(), server_default="off", nullable=False),
        sa.Column("digest_time", sa.Text(), server_default="09:00", nullable=False),
        sa.Column("daily_limit", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "digest IN ('off', 'hourly', 'daily')",
            name=op.f("ck_preference_profiles_digest"),
        ),
        sa.CheckConstraint("daily_limit > 0", name=op.f("ck_preference_profiles_daily_limit")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_preference_profiles")),
    )
    for switch in _SWITCHES:
        op.alter_column("notification_settings", switch, nullable=True)


def downgrade() -> None:
    for switch in _SWITCHES:
        op.execute(f"UPDATE notification_settings SET {switch} = true WHERE {switch} IS NULL")  # noqa: S608 - names from above
        op.alter_column("notification_settings", switch, nullable=False)
    op.drop_table("preference_profiles")
