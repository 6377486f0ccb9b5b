"""Weekly summaries: everybody who asked for one is told, on their own Monday morning, what they have not read."""

from dataclasses import dataclass
from datetime import datetime

SUMMARY_TEMPLATE = "reminder.weekly_summary"
SUMMARY_GROUP = "weekly_summary"
"""Group and supersede key of every summary: one that still waits gives way to the next week's."""
SUMMARY_TITLES = 5
"""So many of the newest are named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryTurn:
    """One bounded turn of a round: through those whose time has come, the longest due first."""

    moment: datetime
    """What the round is for: whatever is due by then, or by the time of the turn if that is later."""
    begun: int = 0
    """Summaries that earlier turns of the round have begun; what was begun by one that died is not among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryProgress:
    begun: int
    """With those of the earlier turns."""
    is_done: bool
    """Nobody is left whose time has come."""
