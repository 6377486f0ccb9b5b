"""Gathering notifications in the window of a digest, and closing it: one notification tells of them all."""

from collections.abc import Awaitable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from temporalio import activity

from activities.gathering import let_leave
from activities.plans import AFTER_CLOSING, WHILE_OVERDUE
from activities.reminders import Start
from notifications.contracts import limits, names
from notifications.contracts.building import fingerprint
from notifications.contracts.digests import DigestChoice, DigestEntry, DigestInput, DigestPlan
from notifications.contracts.notification import NotificationRequest
from notifications.contracts.vocabulary import Channel
from persistence.database import Database, Transaction
from persistence.digest_entries import DigestEntryRepository, Entry
from persistence.digests import DigestRepository, Window
from persistence.events import utc
from persistence.recipients import RecipientRepository
from policy.digests import closes_at
from policy.planning import Wait, WaitReason
from templating.composing import Words
from templating.digesting import digest_words, shortened


class Watch(Protocol):
    """Makes sure that a workflow waits for a window to close; doing it again changes nothing."""

    def __call__(self, digest_id: UUID, /, *, is_due: bool) -> Awaitable[None]: ...


class DigestActivities:
    """`start` makes sure that a notification's workflow exists; starting it again changes nothing."""

    def __init__(self, *, database: Database, start: Start, watch: Watch) -> None:
        self._database = database
        self._start = start
        self._watch = watch

    @activity.defn(name=names.WATCH_DIGEST_ACTIVITY)
    async def watch(self, entry: DigestEntry) -> None:
        """Sees to it that somebody waits for the window that an entry is in, and looks now if it is full."""
        async with self._database.statements() as transaction:
            digest = await DigestRepository(transaction).open_of(entry.notification_id)
        if digest is not None:
            await self._watch(digest.id, is_due=digest.closes_at <= datetime.now(UTC))

    @activity.defn(name=names.CLOSE_DIGEST_ACTIVITY)
    async def close(self, input: DigestInput) -> DigestPlan:
        """Closes a window whose time has come and has its entries told; else says when to come again.

        Should the process die once it is closed, the same notification is started again, under the same id.
        """
        async with self._database.transaction() as transaction:
            digests = DigestRepository(transaction)
            digest = await digests.held(input.digest_id, user_id=input.user)
            if digest is None:
                return DigestPlan()
            if digest.closed_at is None:
                now = datetime.now(UTC)
                closing = await _closing(transaction, digest)
                if closing > now and not input.at_once:
                    await digests.move(digest.id, closing)
                    return DigestPlan(wake_at=closing)
                if digest.is_own:
                    await let_leave(transaction, digest, now=now)
                digest = replace(digest, closed_at=now, entries=await digests.close(digest, now=now))
            inside = DigestEntryRepository(transaction)
            entries = await inside.newest(digest.id, limit=limits.DIGEST_ENTRIES, only_in=True)
            channels = await inside.channels(digest.id)
        if entries:
            await self._start(request_of(digest, entries, channels))
        return DigestPlan()


async def gather(transaction: Transaction, request: NotificationRequest, choice: DigestChoice) -> Wait:
    """Makes an accepted notification an entry of the open window, which it opens if there is none.

    The caller holds the user's inbox.
    """
    now = datetime.now(UTC)
    digests = DigestRepository(transaction)
    digest = await digests.open_for(request.user, choice.key, request.notification_type)
    if digest is None:
        digest = await digests.open(request.user, choice, request.notification_type, now=now)
    filled = replace(digest, last_entry_at=now, entries=digest.entries + 1)
    closing = await _closing(transaction, filled)
    wait = _wait(closing)
    await digests.take_in(request.notification_id, replace(filled, closes_at=closing), until=wait.until)
    return wait


async def held_back(transaction: Transaction, notification_id: UUID) -> Wait | None:
    """How long an entry waits on for its digest; None when that is closed."""
    digest = await DigestRepository(transaction).open_of(notification_id)
    return None if digest is None else _wait(digest.closes_at)


def request_of(digest: Window, entries: Sequence[Entry], channels: tuple[Channel, ...]) -> NotificationRequest:
    """The notification that tells of a digest's entries, of which it is given the newest."""
    words = digest_words([Words(entry.title, entry.message) for entry in entries], total=digest.entries)
    request = NotificationRequest(
        notification_id=names.digest_notification_id(digest.id),
        call_id=str(digest.id),
        fingerprint="",
        user=digest.user_id,
        notification_type=digest.notification_type,
        title=words.subject,
        message=words.body,
        channels=channels,
        metadata={"total": digest.entries, "entries": [_told(entry) for entry in entries]},
        group_key=None if digest.is_own else digest.key,
        is_digest=digest.is_own,
    )
    return replace(request, fingerprint=fingerprint(request))


def _told(entry: Entry) -> dict[str, object]:
    return {
        "id": str(entry.id),
        "title": entry.title,
        "message": shortened(entry.message),
        "related_object_type": entry.related_object_type,
        "related_object_id": entry.related_object_id,
        "created_at": utc(entry.created_at),
    }


async def _closing(transaction: Transaction, digest: Window) -> datetime:
    if digest.is_own:
        return digest.closes_at  # its key says so; who wants it at another time is in another one
    person = await RecipientRepository(transaction).get(digest.user_id)
    return closes_at(
        digest.window,
        opened_at=digest.opened_at,
        last_entry_at=digest.last_entry_at,
        entries=digest.entries,
        zone=ZoneInfo(person["time_zone"] if person else "UTC"),
    )


def _wait(closing: datetime) -> Wait:
    now, until = datetime.now(UTC), closing + AFTER_CLOSING
    return Wait(until if until > now else now + WHILE_OVERDUE, WaitReason.DIGEST)
