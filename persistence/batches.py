"""Batches: who is to be notified next, and how far it has come."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, bindparam, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY, TEXT

from notifications.contracts.batches import Audience, BatchRequest, BatchStatus
from notifications.contracts.vocabulary import NotificationStatus
from persistence.database import Transaction
from persistence.models import Batch, BatchUser, Notification, Recipient

Row = dict[str, Any]

_ADD = text(
    """
    WITH added AS (
        INSERT INTO batches (id, call_id, fingerprint, content, audience, total)
        VALUES (:id, :call_id, :fingerprint, cast(:content AS jsonb), cast(:audience AS jsonb), :total)
        ON CONFLICT DO NOTHING
        RETURNING id
    ), named AS (
        INSERT INTO batch_users (batch_id, user_id)
        SELECT added.id, user_id FROM added, unnest(cast(:users AS text[])) AS each (user_id)
    )
    SELECT id FROM added
    """
).bindparams(bindparam("users", type_=ARRAY(TEXT)))

_WAITING = text(
    """
    SELECT notification.user_id
    FROM batches AS batch
    JOIN notifications AS notification ON notification.batch_id = batch.id
        AND notification.user_id > coalesce(batch.started_up_to, '') AND notification.status = 'pending'
    WHERE batch.id = :id
    ORDER BY notification.user_id
    LIMIT :most
    """
)


class BatchRepository:
    def __init__(self, transaction: Transaction) -> None:
        self._connection = transaction.connection

    async def add(self, request: BatchRequest, content: Mapping[str, Any]) -> bool:
        """Keeps a batch with its users; `content` as JSON. False when its id is taken."""
        total = len(request.users) if request.audience is None else await self._count(request.audience)
        added = await self._connection.execute(
            _ADD,
            {
                "id": request.batch_id,
                "call_id": request.call_id,
                "fingerprint": request.fingerprint,
                "content": orjson.dumps(content).decode(),
                "audience": None if request.audience is None else orjson.dumps(request.audience).decode(),
                "users": list(request.users),
                "total": total,
            },
        )
        return added.first() is not None

    async def get(self, batch_id: UUID) -> Row | None:
        rows = await self._connection.execute(select(Batch.__table__).where(Batch.id == batch_id))
        row = rows.mappings().one_or_none()
        return None if row is None else dict(row)

    async def lock(self, batch_id: UUID) -> Row | None:
        """Takes the batch's turn: until the transaction ends nobody else moves it on, and nobody stops it."""
        rows = await self._connection.execute(select(Batch.__table__).where(Batch.id == batch_id).with_for_update())
        row = rows.mappings().one_or_none()
        return None if row is None else dict(row)

    async def next_users(self, batch: Row, *, most: int) -> Sequence[str]:
        """Those after the last who was accepted, in order."""
        after = batch["accepted_up_to"] or ""
        audience = audience_of(batch)
        if audience is None:
            statement = select(BatchUser.user_id).where(BatchUser.batch_id == batch["id"], BatchUser.user_id > after)
        else:
            statement = select(Recipient.user_id).where(*_members(audience), Recipient.user_id > after)
        return (await self._connection.scalars(statement.order_by("user_id").limit(most))).all()

    async def move_on(
        self,
        batch: Row,
        *,
        accepted: int,
        failures: Mapping[str, int],
        accepted_up_to: str,
        started_up_to: str | None,
    ) -> None:
        """A page has been accepted: so many notifications, `failures` by reason since the beginning."""
        await self._connection.execute(
            update(Batch)
            .where(Batch.id == batch["id"])
            .values(
                status=BatchStatus.RUNNING,
                accepted=Batch.accepted + accepted,
                failures=dict(failures),
                accepted_up_to=accepted_up_to,
                started_up_to=started_up_to,
                started_at=func.coalesce(Batch.started_at, func.clock_timestamp()),
            )
        )

    async def finish(self, batch_id: UUID, status: BatchStatus) -> None:
        """Nobody else will be notified, of those who would have been; their number stays in `total`."""
        batch = await self.lock(batch_id)
        if batch is None or BatchStatus(batch["status"]).is_over:
            return
        audience, total = audience_of(batch), batch["total"]
        if audience is not None:
            met = batch["accepted"] + sum(batch["failures"].values())
            total = met + await self._count(audience, after=batch["accepted_up_to"] or "")
        await self._connection.execute(
            update(Batch)
            .where(Batch.id == batch_id)
            .values(status=status, total=total, finished_at=func.clock_timestamp())
        )

    async def waiting(self, batch_id: UUID, *, most: int) -> Sequence[str]:
        """Users, in order, whose notification is accepted and not settled, and may have no workflow yet."""
        return (await self._connection.scalars(_WAITING, {"id": batch_id, "most": most})).all()

    async def has_started(self, batch_id: UUID, up_to: str) -> None:
        """Every notification of users up to that one, and that needs a workflow, has it."""
        await self._connection.execute(update(Batch).where(Batch.id == batch_id).values(started_up_to=up_to))

    async def statuses(self, batch_id: UUID) -> dict[NotificationStatus, int]:
        """How the batch's notifications stand, those that their owners have deleted left out."""
        rows = await self._connection.execute(
            select(Notification.status, func.count())
            .where(Notification.batch_id == batch_id)
            .group_by(Notification.status)
        )
        counted = {row[0]: row[1] for row in rows}
        return {status: counted.get(status, 0) for status in NotificationStatus}

    async def count(self) -> int:
        return await self._connection.scalar(select(func.count()).select_from(Batch)) or 0

    async def page(self, *, offset: int, limit: int) -> list[Row]:
        """Newest first."""
        rows = await self._connection.execute(
            select(Batch.__table__).order_by(Batch.created_at.desc(), Batch.id.desc()).offset(offset).limit(limit)
        )
        return [dict(row) for row in rows.mappings()]

    async def _count(self, audience: Audience, *, after: str = "") -> int:
        statement = select(func.count()).where(*_members(audience), Recipient.user_id > after)
        return await self._connection.scalar(statement) or 0


def audience_of(batch: Row) -> Audience | None:
    """None when the batch names its users."""
    return None if batch["audience"] is None else Audience(**batch["audience"])


def _members(audience: Audience) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if audience.locale is not None:
        asked, theirs = _one_spelling(audience.locale), func.lower(func.replace(Recipient.locale, "_", "-"))
        conditions.append(or_(theirs == asked, theirs.startswith(f"{asked}-", autoescape=True)))
    if audience.time_zone is not None:
        conditions.append(Recipient.time_zone == audience.time_zone)
    return conditions


def _one_spelling(locale: str) -> str:
    return locale.lower().replace("_", "-")
