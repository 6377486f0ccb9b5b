"""Where notifications lie: in a folder, and in the inbox in drawers by type and reading, which are counted.

The inbox row counts its drawers in the transaction of every change, so that no badge and no list has to.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from notifications.contracts.vocabulary import NotificationType


class Folder(StrEnum):
    """A notification lies in exactly one. What is OUTSIDE still waits, or was never meant for the inbox."""

    INBOX = "inbox"
    ARCHIVE = "archive"
    SNOOZED = "snoozed"
    OUTSIDE = "outside"


FOLDER = (
    "CASE WHEN published_at IS NULL THEN 'outside' WHEN archived_at IS NOT NULL THEN 'archive'"
    " WHEN snoozed_until IS NOT NULL THEN 'snoozed' ELSE 'inbox' END"
)
"""The folder of a row, in SQL."""


def drawer(notification_type: str, *, is_read: bool) -> str:
    return f"{notification_type}/{'read' if is_read else 'unread'}"


@dataclass(frozen=True, slots=True)
class Drawers:
    """How many notifications lie in each drawer of one inbox; one that is not named is empty."""

    entries: Mapping[str, int] = field(default_factory=dict)

    def count(self, types: Iterable[NotificationType] = (), *, is_read: bool | None = None) -> int:
        """How many there are of some types, or of all; read, unread or both."""
        readings = (True, False) if is_read is None else (is_read,)
        return sum(
            self.entries.get(drawer(kind, is_read=reading), 0)
            for kind in set(types) or NotificationType
            for reading in readings
        )


class Moves:
    """How a change moves the counts: what leaves a drawer and what enters one. Other folders are not counted."""

    def __init__(self) -> None:
        self._entries: Counter[str] = Counter()

    def enter(self, folder: str, notification_type: str, *, is_read: bool, count: int = 1) -> None:
        if folder == Folder.INBOX:
            self._entries[drawer(notification_type, is_read=is_read)] += count

    def leave(self, folder: str, notification_type: str, *, is_read: bool, count: int = 1) -> None:
        self.enter(folder, notification_type, is_read=is_read, count=-count)

    @property
    def by_drawer(self) -> dict[str, int]:
        return {name: count for name, count in self._entries.items() if count}

    @property
    def entered(self) -> dict[str, int]:
        return {name: count for name, count in self._entries.items() if count > 0}

    @property
    def unread(self) -> int:
        return sum(count for name, count in self._entries.items() if name.endswith(_UNREAD))


_UNREAD = drawer("", is_read=False)
