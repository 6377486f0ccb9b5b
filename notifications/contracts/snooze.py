"""A notification that its owner has put to sleep."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Snooze:
    """It wakes at `until`, unless it then sleeps until another moment, or not at all."""

    notification_id: UUID
    until: datetime
