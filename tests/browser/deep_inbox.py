"""An inbox of years, put straight into the table: rows as the product would have written them."""

import psycopg

from deploy.local.launch import LaunchedStack

_INSERT = """
INSERT INTO notifications (
    id, user_id, notification_type, title, message, channels, status, priority, metadata,
    sent_at, published_at, listed_at, created_at, updated_at, fingerprint, call_id
)
SELECT gen_random_uuid(), %(user)s, 'system', 'Number ' || number, repeat('A few words. ', 1 + number %% 20),
       ARRAY['in_app'], 'sent', 'normal', '{}', moment, moment, moment, moment, moment, 'deep', gen_random_uuid()::text
FROM generate_series(1, %(entries)s::int) AS number, LATERAL (
    SELECT now() - (%(entries)s - number) * interval '37 minutes' AS moment
) AS drawn
"""
_COUNT = """
INSERT INTO inboxes (user_id, last_seq, unread_count, drawers)
VALUES (%(user)s, %(entries)s, %(entries)s, jsonb_build_object('system/unread', %(entries)s::int))
"""


def fill(stack: LaunchedStack, user: str, entries: int) -> None:
    """Gives somebody new an inbox of unread ones, `Number 1` the oldest."""
    address = stack.environment["DATABASE_URL"].replace("+psycopg", "")
    with psycopg.connect(address) as connection:
        for statement in (_INSERT, _COUNT):
            connection.execute(statement, {"user": user, "entries": entries})
