"""Events in a partition for each month, and what each run of the housekeeping has removed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_COLUMNS = """
    user_id text NOT NULL,
    seq bigint NOT NULL,
    message jsonb NOT NULL,
    unread_count integer,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
"""
# From the first event's month to the one after the next; the housekeeping adds the months to come.
_MONTHS = """
    DO $$
    DECLARE
        month timestamp;
    BEGIN
        FOR month IN SELECT generate_series(
            date_trunc('month', coalesce((SELECT min(created_at) FROM unparted_events), now()) AT TIME ZONE 'UTC'),
            date_trunc('month', now() AT TIME ZONE 'UTC') + interval '2 months',
            interval '1 month'
        ) LOOP
            EXECUTE format(
                'CREATE TABLE inbox_events_%s PARTITION OF inbox_events FOR VALUES FROM (%L) TO (%L)',
                to_char(month, 'YYYY_MM'), month AT TIME ZONE 'UTC', (month + interval '1 month') AT TIME ZONE 'UTC'
            );
        END LOOP;
    END
    $$
"""


def upgrade() -> None:
    op.rename_table("inbox_events", "unparted_events")
    op.execute("ALTER TABLE unparted_events RENAME CONSTRAINT pk_inbox_events TO pk_unparted_events")
    op.execute(
        f"CREATE TABLE inbox_events ({_COLUMNS}, CONSTRAINT pk_inbox_events PRIMARY KEY (user_id, seq, created_at))"
        " PARTITION BY RANGE (created_at)"
    )
    op.execute(_MONTHS)
    # Takes what belongs to no month, so that nothing is refused when the housekeeping was away for long.
    op.execute("CREATE TABLE inbox_events_other PARTITION OF inbox_events DEFAULT")
    op.execute("INSERT INTO inbox_events SELECT user_id, seq, message, unread_count, created_at FROM unparted_events")
    op.drop_table("unparted_events")
    op.create_table(
        "retention_runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_runs")),
    )


def downgrade() -> None:
    op.drop_table("retention_runs")
    op.execute(f"CREATE TABLE whole_events ({_COLUMNS})")
    op.execute("INSERT INTO whole_events SELECT user_id, seq, message, unread_count, created_at FROM inbox_events")
    op.drop_table("inbox_events")
    op.rename_table("whole_events", "inbox_events")
    op.execute("ALTER TABLE inbox_events ADD CONSTRAINT pk_inbox_events PRIMARY KEY (user_id, seq)")
