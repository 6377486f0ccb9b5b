"""Token revocations; socket tickets know their token."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "token_revocations",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("jti", sa.Text(), nullable=True),
        sa.Column("user_id", sa.Text(), nullable=True),
        sa.Column("issued_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "num_nonnulls(jti, user_id) = 1 AND num_nonnulls(jti, issued_before) = 1",
            name=op.f("ck_token_revocations_a_token_or_a_user"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_token_revocations")),
        sa.UniqueConstraint("jti", name=op.f("uq_token_revocations_jti")),
        sa.UniqueConstraint("seq", name=op.f("uq_token_revocations_seq")),
        sa.UniqueConstraint("user_id", name=op.f("uq_token_revocations_user_id")),
    )
    op.add_column("socket_tickets", sa.Column("token_id", sa.Text(), nullable=True))
    op.add_column("socket_tickets", sa.Column("token_issued_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("socket_tickets", "token_issued_at")
    op.drop_column("socket_tickets", "token_id")
    op.drop_table("token_revocations")
