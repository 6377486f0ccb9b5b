"""Removing what is old: counted where it is removed, and never what still waits.

A notification is removed under the lock of its owner's inbox, with its counts and with an event for every socket.
Which are old is asked again there, because its owner may have put it to sleep in between.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import TextClause, Uuid, bindparam, func, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP, insert

from notifications.contracts.vocabulary import NotificationType
from persistence import events
from persistence.database import Transaction
from persistence.drawers import Folder, Moves
from persistence.inbox import InboxRepository
from persistence.models import RetentionRun

Horizons = Mapping[NotificationType, datetime]


@dataclass(frozen=True, slots=True)
class Visit:
    """Some notifications in the order of their age: which of them are old, by owner, and where the next ones begin."""

    old: Mapping[str, Sequence[UUID]]
    last: tuple[datetime, UUID] | None
    """None when there were no more."""


class RetentionRepository:
    """One run, whose counts are moved on in the transaction of each removal."""

    def __init__(self, transaction: Transaction, *, run_id: UUID) -> None:
        self._connection = transaction.connection
        self._inbox = InboxRepository(transaction)
        self._run_id = run_id

    async def begin(self) -> None:
        await self._connection.execute(insert(RetentionRun).values(id=self._run_id).on_conflict_do_nothing())

    async def finish(self) -> dict[str, int]:
        """What the run has removed."""
        removed = await self._connection.scalar(
            update(RetentionRun)
            .where(RetentionRun.id == self._run_id)
            .values(finished_at=func.coalesce(RetentionRun.finished_at, func.now()))
            .returning(RetentionRun.removed)
        )
        return dict(removed or {})

    async def count(self, removed: Mapping[str, int]) -> None:
        if removed:
            await self._connection.execute(
                _COUNT, {"id": self._run_id, "removed": orjson.dumps(dict(removed)).decode()}
            )

    async def visit(self, after: tuple[datetime, UUID], horizons: Horizons, *, most: int) -> Visit:
        """The next notifications, the oldest first, up to the youngest that may be old."""
        rows = (
            await self._connection.execute(
                _VISIT,
                {"after": after[0], "id": after[1], "most": most, "newest": max(horizons.values())}
                | _horizons(horizons),
            )
        ).all()
        old: dict[str, list[UUID]] = {}
        for row in rows:
            if row.is_old:
                old.setdefault(row.user_id, []).append(row.id)
        return Visit(old, (rows[-1].listed_at, rows[-1].id) if rows else None)

    async def remove(self, user_id: str, ids: Sequence[UUID], horizons: Horizons) -> int:
        """Removes those of a user's notifications that are old, with all that hangs on them."""
        await self._inbox.lock(user_id)
        rows = (
            await self._connection.execute(_REMOVE, {"user_id": user_id, "ids": list(ids)} | _horizons(horizons))
        ).all()
        if not rows:
            return 0
        moves = Moves()
        for row in rows:
            moves.leave(row.folder, row.notification_type, is_read=row.is_read)
        shown = [events.deleted(row.id) for row in rows if row.folder != Folder.OUTSIDE]
        if shown:
            await self._inbox.append(user_id, shown, moves)
        await self.count(Counter(f"notifications/{row.notification_type}" for row in rows))
        return len(rows)

    async def remove_leftovers(self, table: str, before: datetime, *, most: int) -> int:
        """Some of what nobody needs any longer in one of `LEFTOVERS`; fewer than `most` when that was all."""
        parameters = {"before": before, "most": most}
        if table == "anchors":
            # Whoever changes an anchor holds its row, so it is looked at again once this holds it.
            held = (await self._connection.scalars(_HOLD_ANCHORS, parameters)).all()
            parameters = {"before": before, "anchors": list(held)}
        removed = (await self._connection.execute(LEFTOVERS[table], parameters)).rowcount
        await self.count({table: removed} if removed else {})
        return removed


async def latest_runs(transaction: Transaction, *, most: int) -> Sequence[Mapping[str, Any]]:
    """The newest runs, and what each has removed so far."""
    found = await transaction.connection.execute(
        select(RetentionRun.__table__).order_by(RetentionRun.started_at.desc()).limit(most)
    )
    return [dict(row) for row in found.mappings()]


def _horizons(horizons: Horizons) -> dict[str, str]:
    return {"horizons": orjson.dumps({kind.value: before for kind, before in horizons.items()}).decode()}


# A folder that it comes back from by itself, a delivery that is not settled, a change that is not carried out: all of
# them are waited for. One that nobody has carried out within a week was for a workflow that is no more.
_IS_OLD = """
    old.listed_at < CAST(CAST(:horizons AS jsonb) ->> old.notification_type AS timestamptz)
    AND old.status <> 'pending' AND old.folder <> 'snoozed'
    AND NOT EXISTS (
        SELECT FROM deliveries WHERE notification_id = old.id AND status IN ('pending', 'scheduled', 'sending')
    )
    AND NOT EXISTS (
        SELECT FROM notification_changes
        WHERE notification_id = old.id AND applied_at IS NULL AND created_at > now() - interval '7 days'
    )
"""

_VISIT = text(
    f"""
    SELECT old.id, old.user_id, old.listed_at, {_IS_OLD} AS is_old
    FROM notifications AS old
    WHERE (old.listed_at, old.id) > (:after, :id) AND old.listed_at < :newest
    ORDER BY old.listed_at, old.id
    LIMIT :most
    """  # noqa: S608 - words of ours
).bindparams(
    bindparam("after", type_=TIMESTAMP(timezone=True)),
    bindparam("newest", type_=TIMESTAMP(timezone=True)),
    bindparam("id", type_=Uuid),
)

_REMOVE = text(
    f"""
    DELETE FROM notifications AS old WHERE old.user_id = :user_id AND old.id = ANY(:ids) AND {_IS_OLD}
    RETURNING old.id, old.notification_type, old.is_read, old.folder
    """  # noqa: S608 - words of ours
).bindparams(bindparam("ids", type_=ARRAY(Uuid)))

_COUNT = text("UPDATE retention_runs SET removed = drawers_after(removed, CAST(:removed AS jsonb)) WHERE id = :id")

_ANCHOR_IS_OLD = """
    starts_at < :before AND NOT EXISTS (
        SELECT FROM reminders
        WHERE reminders.anchor = anchors.anchor AND (status = 'waiting' OR fires_at >= :before)
    )
"""
_HOLD_ANCHORS = text(
    f"SELECT anchor FROM anchors WHERE {_ANCHOR_IS_OLD} ORDER BY anchor LIMIT :most FOR UPDATE SKIP LOCKED"  # noqa: S608
)


def _delete(table: str, key: str, condition: str) -> TextClause:
    """A bounded number of rows; what somebody else holds is for the next time."""
    return text(
        f"DELETE FROM {table} WHERE {key} = ANY(ARRAY("  # noqa: S608 - words of ours
        f"SELECT {key} FROM {table} WHERE {condition} LIMIT :most FOR UPDATE SKIP LOCKED))"
    ).bindparams(bindparam("before", type_=TIMESTAMP(timezone=True)))


LEFTOVERS: Mapping[str, TextClause] = {
    "anchors": text(f"DELETE FROM anchors WHERE anchor = ANY(:anchors) AND {_ANCHOR_IS_OLD}"),  # noqa: S608
    "digests": _delete(
        "digests",
        "id",
        "closed_at < :before AND NOT EXISTS (SELECT FROM deliveries WHERE digest_id = digests.id)",
    ),
    "batches": _delete(
        "batches",
        "id",
        "finished_at < :before AND NOT EXISTS (SELECT FROM notifications WHERE batch_id = batches.id)",
    ),
    "attention_slots": _delete("attention_slots", "delivery_id", "taken_at < :before"),
    "socket_tickets": _delete("socket_tickets", "digest", "expires_at < :before"),
    "token_revocations": _delete("token_revocations", "id", "expires_at < :before"),
    "inbox_events": _delete("inbox_events_other", "ctid", "created_at < :before"),
}
"""Each with the moment before which it is of no use; events are those that lie in no month."""
