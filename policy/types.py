"""The registry of notification types: everything that is particular to one is declared here, once."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from notifications.contracts.vocabulary import Channel, NotificationType, Priority

IN_APP, EMAIL, SMS, PUSH = Channel.IN_APP, Channel.EMAIL, Channel.SMS, Channel.PUSH

_MINUTE = 60
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR

# After this long a message is worth less than the surprise of its arrival.
_DEADLINES: Mapping[Channel, int] = {EMAIL: _DAY, SMS: 2 * _HOUR, PUSH: 2 * _HOUR}


@dataclass(frozen=True, slots=True, kw_only=True)
class TypePolicy:
    """What holds for every notification of one type.

    `default_channels` are used when the caller names none. A `required` channel ignores the user's
    switches; a `forbidden` one is never used, whoever asks. Deadlines are seconds from the moment a
    delivery is due until it is given up. A channel in `escalation` is used only if the notification is
    still unread that many seconds after it entered the inbox.
    """

    display: str
    default_channels: tuple[Channel, ...]
    required: frozenset[Channel] = frozenset()
    forbidden: frozenset[Channel] = frozenset()
    priority: Priority = Priority.NORMAL
    deadline_seconds: Mapping[Channel, int] = field(default_factory=lambda: _DEADLINES)
    escalation: Mapping[Channel, int] = field(default_factory=dict)
    retention_days: int = 365


_TYPES: Mapping[NotificationType, TypePolicy] = {
    NotificationType.BOOKING: TypePolicy(
        display="Booking",
        default_channels=(IN_APP, EMAIL, PUSH),
        priority=Priority.HIGH,
        retention_days=730,
    ),
    NotificationType.PAYMENT: TypePolicy(
        display="Payment",
        default_channels=(IN_APP, EMAIL),
        priority=Priority.HIGH,
        # A failed payout is still worth knowing three days later.
        deadline_seconds={**_DEADLINES, EMAIL: 3 * _DAY},
        retention_days=730,
    ),
    NotificationType.SESSION: TypePolicy(
        display="Session",
        default_channels=(IN_APP, PUSH),
        priority=Priority.URGENT,
        # "Your session has started" an hour late is noise.
        deadline_seconds={EMAIL: _HOUR, SMS: _HOUR // 2, PUSH: _HOUR // 2},
    ),
    NotificationType.REVIEW: TypePolicy(
        display="Review",
        default_channels=(IN_APP, EMAIL),
        # Nobody has asked to be woken by a text about five stars.
        forbidden=frozenset({SMS}),
        priority=Priority.LOW,
    ),
    NotificationType.SYSTEM: TypePolicy(
        display="System",
        default_channels=(IN_APP,),
        # The place where terms, outages and security are announced cannot be switched off.
        required=frozenset({IN_APP}),
    ),
    NotificationType.MESSAGE: TypePolicy(
        display="Message",
        default_channels=(IN_APP, PUSH),
        priority=Priority.HIGH,
        # Who reads it in the app, or after the push, is spared the text and the email.
        escalation={SMS: 5 * _MINUTE, EMAIL: 10 * _MINUTE},
    ),
    NotificationType.REMINDER: TypePolicy(
        display="Reminder",
        default_channels=(IN_APP, EMAIL, PUSH),
        priority=Priority.URGENT,
        deadline_seconds={EMAIL: 2 * _HOUR, SMS: _HOUR, PUSH: _HOUR},
        retention_days=90,
    ),
}


def policy_of(notification_type: NotificationType) -> TypePolicy:
    return _TYPES[notification_type]
