"""What writes to the inboxes: with or without hints, to a few or to all at once."""

import asyncio
import itertools
import os
import time
from typing import Any

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TEXT

from bench import loops
from bench.driver import answer
from persistence import events
from persistence.database import Database
from persistence.hints import HintSender
from persistence.inbox import InboxRepository

_EVENT = events.all_read(is_read=True, up_to_seq=None)
_AT_ONCE = 4
_TOGETHER = 5
"""Users to whom one transaction writes an event each."""
_TO_EACH = text(
    """
    WITH moved AS (
        INSERT INTO inboxes AS inbox (user_id, last_seq)
        SELECT user_id, 1 FROM unnest(:users) AS named (user_id) ORDER BY user_id
        ON CONFLICT (user_id) DO UPDATE SET last_seq = inbox.last_seq + 1
        RETURNING user_id, last_seq
    ), told AS (
        INSERT INTO inbox_events (user_id, seq, message)
        SELECT user_id, last_seq, :message FROM moved
    )
    SELECT user_id, last_seq FROM moved
    """
).bindparams(bindparam("users", type_=ARRAY(TEXT)), bindparam("message", type_=JSONB))


class Writer:
    def __init__(self) -> None:
        url = os.environ["DATABASE_URL"]
        self._hints = HintSender(url)
        self._told = Database(url, pool_size=_AT_ONCE, hints=self._hints)
        self._mute = Database(url, pool_size=_AT_ONCE)
        self._sending: asyncio.Task[None] | None = None

    async def flow(self, users: list[str], rate: float, seconds: float) -> list[list[Any]]:
        """An open loop of events for the users in turn: to whom, which `seq`, and when its commit had returned."""
        whom = itertools.cycle(users)
        written: list[list[Any]] = []

        async def one(_: int) -> None:
            seqs = await self._write_to(list(itertools.islice(whom, _TOGETHER)))
            written.extend([user, seq, time.time()] for user, seq in seqs.items())

        await loops.open_(one, rate=rate / _TOGETHER, seconds=seconds)
        return written

    async def to_all(self, users: list[str]) -> float:
        """One event for each, in one transaction; when it was committed."""
        await self._write_to(users)
        return time.time()

    async def closed(self, users: list[str], count: int, hinted: bool) -> dict[str, Any]:  # noqa: FBT001 - from JSON
        """So many transactions of one event, a few at a time."""
        self._send()
        database = self._told if hinted else self._mute

        async def one(number: int) -> None:
            async with database.transaction() as transaction:
                await InboxRepository(transaction).append(users[number % len(users)], [_EVENT])

        return await loops.closed(one, count=count, at_once=_AT_ONCE)

    async def _write_to(self, users: list[str]) -> dict[str, int]:
        self._send()
        async with self._told.transaction() as transaction:
            rows = (await transaction.connection.execute(_TO_EACH, {"users": users, "message": _EVENT})).all()
            transaction.moved_inboxes.update(users)
        return {row.user_id: row.last_seq for row in rows}

    def _send(self) -> None:
        self._sending = self._sending or asyncio.create_task(self._hints.run())


if __name__ == "__main__":
    writer = Writer()
    answer({"flow": writer.flow, "to_all": writer.to_all, "closed": writer.closed})
