"""One page of a batch: drafted by the rules of a single notification, written in one transaction."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from activities.acceptance import Acceptance, draft
from activities.keeping import content_from
from notifications.contracts import names
from notifications.contracts.batches import BatchStatus, PageResult
from notifications.contracts.errors import InvalidNotification
from notifications.contracts.notification import NotificationRequest
from notifications.contracts.vocabulary import Channel, NotificationStatus, NotificationType
from persistence import events
from persistence.batches import BatchRepository, Row
from persistence.database import Transaction
from persistence.pages import PageRepository
from persistence.recipients import RecipientRepository
from persistence.templates import TemplateRepository
from templating.composing import Words

PAGE_SIZE = 500
"""Recipients in one transaction: its statement holds all their inboxes, for a twentieth of a second or so."""
# Drafting is computation, and other workers' tasks wait for the same event loop: about a millisecond at a time.
_DRAFTS_AT_A_TIME = 10
_PEOPLE_AT_A_TIME = 100


@dataclass(slots=True)
class _Page:
    """What is to be written, keyed by column; events by user."""

    notifications: list[dict[str, Any]] = field(default_factory=list)
    deliveries: list[dict[str, Any]] = field(default_factory=list)
    messages: dict[str, events.Message] = field(default_factory=dict)
    failures: Counter[str] = field(default_factory=Counter)
    needs_workflows: bool = False
    """Some of it waits, or leaves through a provider."""

    def add(self, drafted: Acceptance, batch_id: UUID) -> None:
        notification = {**drafted.notification, "batch_id": batch_id}
        self.notifications.append(notification)
        self.deliveries += ({**delivery, "notification_id": notification["id"]} for delivery in drafted.deliveries)
        if drafted.item is not None:
            self.messages[notification["user_id"]] = events.new_notification(drafted.item)
        self.needs_workflows |= notification["status"] is NotificationStatus.PENDING


async def accept_next_page(transaction: Transaction, batch_id: UUID, *, started_up_to: str | None) -> PageResult:
    """Accepts the next recipients' notifications, and counts them in the same transaction.

    `started_up_to` is the last user up to whom every workflow has been started. While the transaction
    lasts nobody stops the batch, so that whoever does learns exactly who has been accepted.
    """
    batches = BatchRepository(transaction)
    batch = await batches.lock(batch_id)
    if batch is None or BatchStatus(batch["status"]).is_over:
        return PageResult(is_last=True)
    users = await batches.next_users(batch, most=PAGE_SIZE)
    page = _Page()
    if users:
        page = await _drafted(transaction, batch_id, content_from(batch["content"]), users)
        await PageRepository(transaction).accept(page.notifications, page.deliveries, page.messages)
        is_caught_up = started_up_to == batch["accepted_up_to"] and not page.needs_workflows
        await batches.move_on(
            batch,
            accepted=len(page.notifications),
            failures=page.failures + Counter(batch["failures"]),
            accepted_up_to=users[-1],
            started_up_to=users[-1] if is_caught_up else started_up_to,
        )
    is_last = len(users) < PAGE_SIZE and not page.needs_workflows
    if is_last:
        await batches.finish(batch_id, BatchStatus.COMPLETED)
    return PageResult(accepted=len(page.notifications), is_last=is_last)


def workflow_request(batch: Row, user: str) -> NotificationRequest:
    """With which the workflow of a recipient's notification is started, once a page has accepted that: no words."""
    return NotificationRequest(
        notification_id=names.batch_notification_id(batch["id"], user),
        call_id=str(batch["id"]),
        fingerprint=batch["fingerprint"],
        user=user,
        notification_type=NotificationType(batch["content"]["notification_type"]),
        resumed=True,
        batch_id=batch["id"],
    )


async def _drafted(
    transaction: Transaction, batch_id: UUID, content: NotificationRequest, users: Sequence[str]
) -> _Page:
    recipients, templates = RecipientRepository(transaction), _Templates(transaction, content.template_key)
    page, now = _Page(), datetime.now(UTC)
    for first in range(0, len(users), _PEOPLE_AT_A_TIME):
        people = await recipients.reachabilities(users[first : first + _PEOPLE_AT_A_TIME], content.notification_type)
        for number, (user, person) in enumerate(people.items()):
            if number % _DRAFTS_AT_A_TIME == 0:
                await asyncio.sleep(0)
            texts = await templates.of(person.locale)
            request = replace(content, notification_id=names.batch_notification_id(batch_id, user), user=user)
            try:
                page.add(draft(request, person=person, templates=texts, now=now), batch_id)
            except InvalidNotification as error:
                # What a locale's template lacks concerns those who read it, and nobody else.
                page.failures[str(error)] += 1
    return page


class _Templates:
    """A template's texts, read once for each locale that somebody reads."""

    def __init__(self, transaction: Transaction, key: str | None) -> None:
        self._templates, self._key = TemplateRepository(transaction), key
        self._read: dict[str, Mapping[Channel, Words]] = {}

    async def of(self, locale: str) -> Mapping[Channel, Words]:
        if locale not in self._read:
            self._read[locale] = await self._templates.texts(self._key, locale=locale) if self._key else {}
        return self._read[locale]
