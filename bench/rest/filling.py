"""Inboxes by the million, put straight into the table: rows as the product would have written them."""

import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import psycopg

NEEDLE = "Quillfeather"
"""A word for `search`: it stands in four entries of every inbox, whatever its size."""
_PARTS = 20

# By time, not by person: an inbox of years lies all over the table, as it would.
_INSERT = """
INSERT INTO notifications (
    id, user_id, notification_type, title, message, channels, status, priority, metadata, related_object_type,
    related_object_id, group_key, sent_at, published_at, listed_at, created_at, updated_at, read_at,
    fingerprint, call_id
)
SELECT gen_random_uuid(), %(name)s || '-' || person,
       (ARRAY['booking', 'payment', 'session', 'review', 'system', 'message', 'reminder'])[1 + number %% 7],
       'Booking confirmed',
       'Your ' || (ARRAY['yoga', 'pilates', 'massage', 'meditation', 'running'])[1 + number %% 5]
           || ' session with Jane ' || CASE WHEN number %% (%(each)s / 4) = 0 THEN %(needle)s ELSE surname END
           || ' on Tuesday at ' || number %% 24 || ':00 is confirmed.',
       ARRAY['in_app'], 'sent', 'normal', jsonb_build_object('booking_id', number, 'number', person),
       'booking', number::text, 'booking:' || number / 10,
       moment, moment, moment, moment, moment, CASE WHEN number %% 4 <> 0 THEN moment + interval '1 minute' END,
       'bench', gen_random_uuid()::text
FROM generate_series(%(first)s::int, %(last)s::int) AS number,
     generate_series(1, %(people)s) AS person,
     LATERAL (
        SELECT now() - interval '5 minutes' - (%(each)s - number) * interval '37 minutes'
                     - person * interval '1 millisecond' AS moment,
               (ARRAY['Abbott', 'Bianchi', 'Carvalho', 'Dubois', 'Eriksen', 'Garcia', 'Hansen', 'Ivanova', 'Kowalski',
                      'Lehmann', 'Moreau', 'Nakamura', 'Okafor', 'Petrov', 'Rossi', 'Svensson', 'Tanaka', 'Weber'])
                   [1 + (number * 7 + person * 13) %% 18] AS surname
     ) AS drawn
"""
_COUNT = """
INSERT INTO inboxes (user_id, last_seq, unread_count, drawers)
SELECT user_id, sum(entries), coalesce(sum(entries) FILTER (WHERE NOT is_read), 0),
       jsonb_object_agg(notification_type || CASE WHEN is_read THEN '/read' ELSE '/unread' END, entries)
FROM (SELECT user_id, notification_type, is_read, count(*) AS entries FROM notifications GROUP BY 1, 2, 3) AS drawer
GROUP BY user_id
"""
_INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid = 'notifications'::regclass AND NOT indisprimary AND NOT indisunique
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """People named `name-1` to `name-<people>`, each with an inbox of `each` entries, a quarter of them unread."""

    name: str
    people: int
    each: int

    @property
    def total(self) -> int:
        return self.people * self.each

    def names(self, most: int) -> list[str]:
        """Some of them, from all over."""
        step = max(1, self.people // most)
        return [f"{self.name}-{number}" for number in range(1, self.people + 1, step)][:most]


def fill(environment: Mapping[str, str], *crowds: Crowd) -> None:
    """Fills an empty table; its indexes are made when the rows are there, which takes a fraction of the time."""
    with psycopg.connect(environment["DATABASE_URL"].replace("+psycopg", ""), autocommit=True) as connection:
        for setting in ("synchronous_commit = off", "maintenance_work_mem = '1GB'", "statement_timeout = 0"):
            connection.execute(f"SET {setting}")
        say = _Progress(sum(crowd.total for crowd in crowds))
        indexes = connection.execute(_INDEXES).fetchall()
        for name, _ in indexes:
            connection.execute(f"DROP INDEX {name}")
        for part in range(_PARTS):
            for crowd in crowds:
                _insert(connection, crowd, part)
            say(f"{sum(crowd.total for crowd in crowds) * (part + 1) // _PARTS:,} rows")
        for name, definition in indexes:
            connection.execute(definition)
            say(name)
        connection.execute(_COUNT)
        connection.execute("VACUUM ANALYZE notifications, inboxes")
        say("analyzed")


def _insert(connection: psycopg.Connection, crowd: Crowd, part: int) -> None:
    first, last = crowd.each * part // _PARTS + 1, crowd.each * (part + 1) // _PARTS
    connection.execute(_INSERT, asdict(crowd) | {"first": first, "last": last, "needle": NEEDLE})


class _Progress:
    """Tells whoever waits, when there is long to wait."""

    def __init__(self, rows: int) -> None:
        self._quiet = rows < 500_000
        self._started = time.monotonic()

    def __call__(self, what: str) -> None:
        if not self._quiet:
            sys.stderr.write(f"  {time.monotonic() - self._started:4.0f} s  {what}\n")
