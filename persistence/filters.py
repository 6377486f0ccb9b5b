"""What a list shows, and in what order."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from notifications.contracts.vocabulary import Channel, NotificationStatus, NotificationType
from persistence.drawers import Folder

ORDERINGS = ("created_at", "-created_at", "is_read", "-is_read")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordering:
    """By creation; with `read_first`, all that is read (or unread) comes before the rest of it."""

    newest_first: bool = True
    read_first: bool | None = None

    @classmethod
    def of(cls, names: Iterable[str]) -> Self:
        """From names out of `ORDERINGS`, most important first. Creation leaves nothing to order."""
        read_first = None
        for name in names:
            if name.removeprefix("-") == "created_at":
                return cls(newest_first=name.startswith("-"), read_first=read_first)
            read_first = name.startswith("-") if read_first is None else read_first
        return cls(read_first=read_first)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFilter:
    """Everything given must hold.

    A list is the inbox, or with `archived` the archive, or with `snoozed` what sleeps. With `status` or
    `channel` it looks beyond the inbox, at what still waits or was never meant for it.
    """

    types: tuple[NotificationType, ...] = ()
    is_read: bool | None = None
    archived: bool = False
    snoozed: bool = False
    status: NotificationStatus | None = None
    channel: Channel | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    since: datetime | None = None
    until: datetime | None = None
    """A period by the list's own time, from `since` on and before `until`."""
    related_to: tuple[str, str] | None = None
    group_key: str | None = None
    search: str | None = None
    ordering: Ordering = Ordering()

    @property
    def folders(self) -> tuple[Folder, ...]:
        if self.archived or self.snoozed:
            chosen = {Folder.ARCHIVE: self.archived, Folder.SNOOZED: self.snoozed}
            # Nothing is in both.
            return () if all(chosen.values()) else tuple(folder for folder, is_it in chosen.items() if is_it)
        return (Folder.INBOX, Folder.OUTSIDE) if self.status or self.channel else (Folder.INBOX,)

    @property
    def parts(self) -> list[Self]:
        """Lists by creation alone that make up this one, one after the other."""
        read_first = self.ordering.read_first
        if read_first is None or self.is_read is not None:
            return [self]
        return [replace(self, is_read=is_read) for is_read in (read_first, not read_first)]

    @property
    def is_of_drawers(self) -> bool:
        """Whether it shows whole drawers of the inbox, which are counted."""
        return replace(self, types=(), is_read=None, ordering=Ordering()) == ListFilter()

    @property
    def is_search_alone(self) -> bool:
        return replace(self, search=None, ordering=Ordering()) == ListFilter()
