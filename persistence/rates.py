"""How much went out in each minute, by channel, and how often a provider did not take it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from persistence.database import Transaction

MOST_COUNTED = 100_000
"""Tries, and notifications, that are counted for one answer: where more were made, it begins later."""


@dataclass(frozen=True, slots=True)
class Rate:
    """`sent` is what entered the inbox, or what a provider took over; `failed` is tries that it did not take."""

    at: datetime
    channel: str
    sent: int
    failed: int


class RateRepository:
    def __init__(self, transaction: Transaction) -> None:
        self._connection = transaction.connection

    async def begin(self, minutes: int, *, now: datetime) -> datetime:
        """The first whole minute of the last so many from which on not too much is to be counted."""
        since = now.astimezone(UTC).replace(second=0, microsecond=0) - timedelta(minutes=minutes - 1)
        span = {"since": since, "until": now, "most": MOST_COUNTED}
        begin: datetime = (await self._connection.execute(_BEGIN, span)).scalar_one()
        return begin.astimezone(UTC)

    async def per_minute(self, since: datetime, until: datetime) -> Sequence[Rate]:
        """Oldest first; a minute in which nothing happened on a channel is left out."""
        return [Rate(*row) for row in await self._connection.execute(_RATES, {"since": since, "until": until})]


_BEGIN = text(
    """
    SELECT greatest(
        CAST(:since AS timestamptz),
        (SELECT date_trunc('minute', started_at, 'UTC') + interval '1 minute' FROM attempts
         WHERE started_at >= :since AND started_at < :until ORDER BY started_at DESC OFFSET :most LIMIT 1),
        (SELECT date_trunc('minute', listed_at, 'UTC') + interval '1 minute' FROM notifications
         WHERE listed_at >= :since AND listed_at < :until ORDER BY listed_at DESC OFFSET :most LIMIT 1)
    )
    """
)
# What was published since is listed since: a snooze may have moved it up, and nothing moves it down.
_RATES = text(
    """
    SELECT date_trunc('minute', started_at, 'UTC') AS at, channel,
        count(*) FILTER (WHERE outcome = 'accepted') AS sent,
        count(*) FILTER (WHERE outcome NOT IN ('accepted', 'started')) AS failed
    FROM attempts JOIN deliveries ON deliveries.id = delivery_id
    WHERE started_at >= :since AND started_at < :until
    GROUP BY 1, 2
    UNION ALL
    SELECT date_trunc('minute', published_at, 'UTC'), 'in_app', count(*), 0
    FROM notifications
    WHERE listed_at >= :since AND published_at >= :since AND published_at < :until
    GROUP BY 1
    ORDER BY at, channel
    """
)
