"""Ask, right before a send, whether it is still true."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("notifications", sa.Column("precondition", postgresql.JSONB(none_as_null=True), nullable=True))
    op.add_column("deliveries", sa.Column("unanswered_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("deliveries", sa.Column("answer_holds_until", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("deliveries", "answer_holds_until")
    op.drop_column("deliveries", "unanswered_since")
    op.drop_column("notifications", "precondition")
