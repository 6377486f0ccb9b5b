"""One page of a batch: drafted by the rules of a single notification, written in one transaction."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from temporalio.converter import value_to_type

from activities.acceptance import Acceptance, draft
from notifications.contracts import names
from notifications.contracts.batches import BatchStatus, PageResult
from notifications.contracts.errors import InvalidNotification
from notifications.contracts.notification import NotificationRequest
from notifications.contracts.vocabulary import Channel, NotificationStatus
from persistence import events
from persistence.batches import BatchRepository, Row
from persistence.database import Transaction
from persistence.pages import PageRepository
from persistence.recipients import Reachability, RecipientRepository
from persistence.templates import TemplateRepository
from templating.composing import Words

PAGE_SIZE = 500
"""Recipients in one transaction: its statement holds all their inboxes, for a twentieth of a second or so."""
# Drafting is computation, and other workers' tasks wait for the same event loop.
_DRAFTS_AT_A_TIME = 25


@dataclass(slots=True)
class _Page:
    drafts: list[Acceptance] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)

    @property
    def needs_workflows(self) -> bool:
        """Some of it waits, or leaves through a provider."""
        return any(each.notification["status"] is NotificationStatus.PENDING for each in self.drafts)


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
        page = await _drafted(transaction, content_of(batch), users)
        await _write(transaction, batch_id, page.drafts)
        is_caught_up = started_up_to == batch["accepted_up_to"] and not page.needs_workflows
        await batches.move_on(
            batch,
            accepted=len(page.drafts),
            failures=page.failures + Counter(batch["failures"]),
            accepted_up_to=users[-1],
            started_up_to=users[-1] if is_caught_up else started_up_to,
        )
    is_last = len(users) < PAGE_SIZE and not page.needs_workflows
    if is_last:
        await batches.finish(batch_id, BatchStatus.COMPLETED)
    return PageResult(accepted=len(page.drafts), is_last=is_last)


def content_of(batch: Row) -> NotificationRequest:
    """As every recipient gets it, but for its id and its user."""
    content: NotificationRequest = value_to_type(NotificationRequest, batch["content"])
    return content


def request_for(user: str, content: NotificationRequest) -> NotificationRequest:
    """One recipient's own."""
    if content.batch_id is None:
        raise ValueError("Content of no batch.")
    return replace(content, notification_id=names.batch_notification_id(content.batch_id, user), user=user)


async def _drafted(transaction: Transaction, content: NotificationRequest, users: Sequence[str]) -> _Page:
    people = await RecipientRepository(transaction).reachabilities(users, content.notification_type)
    texts = await _texts(transaction, content, people)
    page, now = _Page(), datetime.now(UTC)
    for number, (user, person) in enumerate(people.items()):
        if number % _DRAFTS_AT_A_TIME == 0:
            await asyncio.sleep(0)
        try:
            request = request_for(user, content)
            page.drafts.append(draft(request, person=person, templates=texts[person.locale], now=now))
        except InvalidNotification as error:
            # What a locale's template lacks concerns those who read it, and nobody else.
            page.failures[str(error)] += 1
    return page


async def _texts(
    transaction: Transaction, content: NotificationRequest, people: Mapping[str, Reachability]
) -> dict[str, Mapping[Channel, Words]]:
    """The template's texts for each locale that somebody reads."""
    templates = TemplateRepository(transaction)
    key = content.template_key
    return {
        locale: await templates.texts(key, locale=locale) if key else {}
        for locale in {person.locale for person in people.values()}
    }


async def _write(transaction: Transaction, batch_id: UUID, drafts: Sequence[Acceptance]) -> None:
    notifications: list[dict[str, Any]] = []
    deliveries: list[dict[str, Any]] = []
    messages: dict[str, events.Message] = {}
    for each in drafts:
        row = {**each.notification, "batch_id": batch_id}
        notifications.append(row)
        deliveries += ({**delivery, "notification_id": row["id"]} for delivery in each.deliveries)
        if each.item is not None:
            messages[row["user_id"]] = events.new_notification(each.item)
    await PageRepository(transaction).accept(notifications, deliveries, messages)
