"""A user's counters and event stream."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from persistence.models.base import Base, one_of


class WordIndex(StrEnum):
    """What a trigger keeps of an inbox: nothing, what is new while what is old is being added, all of it."""

    NONE = "none"
    GROWING = "growing"
    COMPLETE = "complete"


class Inbox(Base):
    """One row per user, locked and advanced in the transaction of the change that it counts.

    That makes the counts exact and O(1), and makes `last_seq` a gap-free sequence in commit order
    without any global cursor. `epoch` changes only when the stream starts anew.

    `drawers` counts the inbox by type and reading, keyed as `persistence.drawers.drawer` spells them; the
    unread ones add up to `unread_count`. `words` tells how far its own are in
    `notification_words`.
    """

    __tablename__ = "inboxes"
    __table_args__ = (
        CheckConstraint("unread_count >= 0", name="unread_count"),
        CheckConstraint(one_of("words", WordIndex), name="words"),
        CheckConstraint("NOT jsonb_path_exists(drawers, '$.* ? (@ < 0)')", name="drawers"),
    )

    user_id: Mapped[str] = mapped_column(primary_key=True)
    epoch: Mapped[UUID] = mapped_column(server_default=func.gen_random_uuid())
    last_seq: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    unread_count: Mapped[int] = mapped_column(server_default=text("0"))
    drawers: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    words: Mapped[str] = mapped_column(server_default=WordIndex.NONE.value)


class InboxEvent(Base):
    """What happened in an inbox, as it goes to the user's sockets; `seq` rises by one per event.

    `unread_count` is the count right after it, null when the event left it alone.

    A partition for each month, so that what has grown old is dropped; see `persistence.partitions`. The time
    is a part of the key because PostgreSQL asks for that; `Inbox.last_seq` is what makes `seq` unique.
    """

    __tablename__ = "inbox_events"
    __table_args__ = ({"postgresql_partition_by": "RANGE (created_at)"},)

    user_id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    message: Mapped[dict[str, Any]]
    unread_count: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(primary_key=True, server_default=func.clock_timestamp())
