"""The tables, a module per subject."""

from persistence.models.attention import AttentionSlot
from persistence.models.base import Base
from persistence.models.batches import Batch, BatchUser
from persistence.models.budgets import CallBudget
from persistence.models.changes import NotificationChange, TimelineEntry
from persistence.models.deliveries import Attempt, Delivery
from persistence.models.digests import Digest
from persistence.models.inbox import Inbox, InboxEvent
from persistence.models.notifications import Notification
from persistence.models.recipients import NotificationSetting, PreferenceProfile, Recipient
from persistence.models.reminders import Anchor, Reminder
from persistence.models.retention import RetentionRun
from persistence.models.revocations import TokenRevocation
from persistence.models.templates import Template, TemplateVersion
from persistence.models.tickets import SocketTicket
from persistence.models.words import NotificationWords

__all__ = [
    "Anchor",
    "Attempt",
    "AttentionSlot",
    "Base",
    "Batch",
    "BatchUser",
    "CallBudget",
    "Delivery",
    "Digest",
    "Inbox",
    "InboxEvent",
    "Notification",
    "NotificationChange",
    "NotificationSetting",
    "NotificationWords",
    "PreferenceProfile",
    "Recipient",
    "Reminder",
    "RetentionRun",
    "SocketTicket",
    "Template",
    "TemplateVersion",
    "TimelineEntry",
    "TokenRevocation",
]
