"""Every name that Temporal or PostgreSQL will remember, each built in one place.

Renaming one strands what already runs under the old name: change none of them, add new ones.
"""

import hashlib
from datetime import UTC, datetime
from uuid import UUID, uuid5

from notifications.contracts import limits
from notifications.contracts.vocabulary import Channel

NOTIFICATION_QUEUE = "notifications"
"""Of what somebody waits for."""
CLOCK_QUEUE = "clock"
"""Of what a clock begins: it comes by the thousand at the full hour, and may take its time."""
NOTIFICATION_WORKFLOW = "notification"
ACCEPTED_UPDATE = "accepted"
CHANGE_UPDATE = "change"
CHANGE_SIGNAL = "apply_change"
RECONSIDER_SIGNAL = "reconsider"
FINGERPRINT_MEMO = "fingerprint"
CALL_MEMO = "call_id"

SNOOZE_WORKFLOW = "snooze"

BULK_QUEUE = "bulk"
BULK_WORKFLOW = "bulk"

ACCEPT_ACTIVITY = "accept"
ADVANCE_ACTIVITY = "advance"
CHANGE_ACTIVITY = "change"
CONCLUDE_ACTIVITY = "conclude"
SEND_ACTIVITY = "send"
ASK_ACTIVITY = "ask"
WAKE_ACTIVITY = "wake"
ACCEPT_BATCH_ACTIVITY = "accept_batch"
ACCEPT_PAGE_ACTIVITY = "accept_page"

ANCHOR_WORKFLOW = "anchor"
REMIND_UPDATE = "remind"
MOVE_UPDATE = "move"
CANCEL_UPDATE = "cancel"

REMIND_ACTIVITY = "remind"
MOVE_ANCHOR_ACTIVITY = "move_anchor"
CANCEL_ANCHOR_ACTIVITY = "cancel_anchor"
FIRE_ACTIVITY = "fire_reminders"

RECONSIDER_WORKFLOW = "reconsider"
AGAIN_SIGNAL = "again"
RECONSIDER_ACTIVITY = "reconsider"

DIGEST_WORKFLOW = "digest"
FLUSH_UPDATE = "flush"
OWN_DIGEST = "own:"

WATCH_DIGEST_ACTIVITY = "watch_digest"
CLOSE_DIGEST_ACTIVITY = "close_digest"

RETENTION_WORKFLOW = "retention"
RETENTION_SCHEDULE = "retention"

BEGIN_RETENTION_ACTIVITY = "begin_retention"
REMOVE_NOTIFICATIONS_ACTIVITY = "remove_notifications"
REMOVE_LEFTOVERS_ACTIVITY = "remove_leftovers"
CONCLUDE_RETENTION_ACTIVITY = "conclude_retention"

RECURRENCE_WORKFLOW = "recurrence"
FIRE_RECURRENCE_ACTIVITY = "fire_recurrence"
RECURRING = "recurring:"

SUMMARIES_WORKFLOW = "weekly_summaries"
SUMMARIES_SCHEDULE = "weekly_summaries"
BEGIN_SUMMARIES_ACTIVITY = "begin_weekly_summaries"

INBOX_HINTS = "inbox_hints"
"""The PostgreSQL channel on which users whose inbox moved are named."""

_KEYED = UUID("8f2f5f0e-4f0c-5c3b-9a51-6f1d1c0c7f11")
_USERS = UUID("c1f6f7c0-2f0a-5d8e-9a5e-6a4f3d1b7e90")
_REMINDERS = UUID("0d6a4f0a-6b0e-5d0c-8a53-2c1f9f6b7e42")
_RECURRENCES = UUID("5b0d2f6e-8f4c-5a1b-9a67-3d1c2e7f4b58")
_SUMMARIES = UUID("3e9b7c52-0d4f-5f86-b1c7-7a2d94e6083f")
_KEYED_BATCH = UUID("2f0f3c7c-5f0a-5d7e-8c11-0f6a1f3f9b42")


def delivery_queue(channel: Channel) -> str:
    """One queue per vendor channel, so that its rate limit is exact and its outage holds back nothing else."""
    return f"delivery-{channel}"


def notification_workflow_id(notification_id: UUID) -> str:
    return f"notification:{notification_id}"


def snooze_workflow_id(notification_id: UUID, until: datetime) -> str:
    """One for each moment that a notification is to wake at: a snooze that was moved is another one."""
    return f"snooze:{notification_id}:{until.astimezone(UTC).isoformat()}"


def keyed_notification_id(idempotency_key: str) -> UUID:
    """The id that a key stands for, for ever.

    Because it is derived, a repeated call lands on the same workflow and the same primary key without
    anything having to remember the key, and the caller knows the id before anybody has answered.
    """
    return uuid5(_KEYED, idempotency_key)


def recipients_key(idempotency_key: str, user: str) -> str:
    """One recipient's own key in a call for several."""
    key = f"{idempotency_key}:{user}"
    if len(key) <= limits.KEY_CHARS:
        return key
    # Cut off, keys that differ in what is lost would stand for one notification.
    return f"{hashlib.sha256(idempotency_key.encode()).hexdigest()}:{user}"


def bulk_workflow_id(batch_id: UUID) -> str:
    return f"bulk:{batch_id}"


def keyed_batch_id(idempotency_key: str) -> UUID:
    """The batch that a key stands for; the same key may stand for a notification, too."""
    return uuid5(_KEYED_BATCH, idempotency_key)


def batch_notification_id(batch_id: UUID, user: str) -> UUID:
    """One recipient's notification of a batch, so that a page that is taken again adds nothing."""
    return uuid5(batch_id, user)


def delivery_id(notification_id: UUID, channel: Channel) -> UUID:
    return uuid5(notification_id, channel)


def anchor_workflow_id(anchor: str) -> str:
    return f"anchor:{anchor}"


def reminder_id(anchor: str, user: str, offset_seconds: int) -> UUID:
    return uuid5(_REMINDERS, f"{anchor}\n{user}\n{offset_seconds}")


def fired_notification_id(reminder: UUID, fires_at: datetime) -> UUID:
    """Of the notification that a reminder fires at that time: a moved reminder fires another one."""
    return uuid5(reminder, fires_at.astimezone(UTC).isoformat())


def recurrence_schedule_id(key: str) -> str:
    return f"{RECURRING}{key}"


def recurring_notification_id(key: str, occurrence: datetime, user: str) -> UUID:
    """Of what a person is told by one occurrence, an instant or what their clocks show: fired again, it is the same."""
    return uuid5(_RECURRENCES, f"{key}\n{occurrence.isoformat()}\n{user}")


def summary_notification_id(week: str, user: str) -> UUID:
    """Of what a person is told about a week: one, whatever became of their clocks meanwhile."""
    return uuid5(_SUMMARIES, f"{week}\n{user}")


def redrive_id(delivery: UUID, number: int) -> UUID:
    """Of the change that tries a delivery again for the `number`th time, so that two presses are one."""
    return uuid5(delivery, f"redrive:{number}")


def reconsider_workflow_id(user: str) -> str:
    """One per person, so that however often they change their mind, one goes through what waits for them."""
    return f"reconsider:{uuid5(_USERS, user)}"


def digest_workflow_id(digest_id: UUID) -> str:
    return f"digest:{digest_id}"


def own_digest_key(channel: Channel, closes_at: datetime) -> str:
    """What a person gathers for themselves on one channel until then; no sender's digest has such a key."""
    return f"{OWN_DIGEST}{channel}:{closes_at.astimezone(UTC).isoformat()}"


def digest_notification_id(digest_id: UUID) -> UUID:
    """Of the one notification that tells of a digest's entries."""
    return uuid5(digest_id, "notification")


def send_key(delivery: UUID, generation: int) -> str:
    """The provider's idempotency key of a delivery.

    The generation is kept while an outcome is unknown and renewed after a definite failure, because
    Courier stores and replays the first answer to a key, a 500 included.
    """
    return f"{delivery}:{generation}"
