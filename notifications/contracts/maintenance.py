"""Housekeeping: what has grown old is removed, turn by turn, and counted."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionTurn:
    """One bounded turn of a run: through the notifications from a place on, the oldest first."""

    run_id: UUID
    listed_at: datetime | None = None
    """The last one that was looked at; None before the first."""
    notification_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionProgress:
    next_turn: RetentionTurn | None = None
    """None when the last one has been looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionReport:
    """What a run has removed, by table, notifications by type: `{"notifications/system": 12, "anchors": 3}`."""

    removed: dict[str, int] = field(default_factory=dict)
