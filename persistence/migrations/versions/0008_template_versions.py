"""Every version of each template, and which of them a delivery said."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "template_versions",
        sa.Column("template_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("notification_type", sa.Text(), nullable=False),
        sa.Column("delivery_channel", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), server_default="en", nullable=False),
        sa.Column("subject_template", sa.Text(), server_default="", nullable=False),
        sa.Column("body_template", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.PrimaryKeyConstraint("template_id", "version", name=op.f("pk_template_versions")),
    )
    op.execute(
        """
        INSERT INTO template_versions (
            template_id, version, created_at, key, name, notification_type, delivery_channel, locale,
            subject_template, body_template, is_active
        )
        SELECT id, version, updated_at, key, name, notification_type, delivery_channel, locale,
            subject_template, body_template, is_active
        FROM templates
        """
    )
    op.add_column("deliveries", sa.Column("template_id", sa.Uuid(), nullable=True))
    op.add_column("deliveries", sa.Column("template_version", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("deliveries", "template_version")
    op.drop_column("deliveries", "template_id")
    op.drop_table("template_versions")
