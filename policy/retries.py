"""What to do after an attempt: how long to wait, with which key, or to give up.

Anchors: Courier stores and replays the first answer to an idempotency key, so the key is kept only while
the outcome is unknown; a vendor's Retry-After is obeyed to the second; what the vendor has judged final
is not asked again.
"""

from dataclasses import dataclass
from enum import StrEnum

from notifications.contracts.vocabulary import Channel

# A text or push that is minutes late has missed its moment, so those two try again sooner.
_FIRST_WAIT_SECONDS = {Channel.EMAIL: 2.0, Channel.SMS: 1.0, Channel.PUSH: 1.0}
_LONGEST_WAIT_SECONDS = {Channel.EMAIL: 300.0, Channel.SMS: 60.0, Channel.PUSH: 60.0}
# Wrong credentials are mended by a person: minutes, not seconds.
_MISCONFIGURED_WAIT_SECONDS = 60.0


class Outcome(StrEnum):
    """How one attempt ended. `started` is one that has not ended, or whose process died."""

    STARTED = "started"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    BUSY = "busy"
    UNKNOWN = "unknown"
    MISCONFIGURED = "misconfigured"


class Reason(StrEnum):
    """Why a delivery is waiting, was stopped or has failed, for people and for the wire."""

    PROVIDER_REJECTED = "provider_rejected"
    PROVIDER_UNAVAILABLE = "provider_unavailable"
    PROVIDER_SILENT = "provider_silent"
    PROVIDER_MISCONFIGURED = "provider_misconfigured"
    BOUNCED = "bounced"
    EXPIRED = "expired"
    ALREADY_READ = "already_read"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"
    IN_DOUBT = "in_doubt"
    DEADLINE = "deadline_exceeded"
    DIGESTED = "digested"


@dataclass(frozen=True, slots=True)
class Retry:
    after_seconds: float
    renew_key: bool
    reason: Reason


@dataclass(frozen=True, slots=True)
class GiveUp:
    reason: Reason


def after_attempt(
    outcome: Outcome,
    *,
    channel: Channel,
    attempt: int,
    retry_after_seconds: float | None = None,
    key_spent: bool | None = None,
    in_doubt: bool = False,
) -> Retry | GiveUp:
    """The next step after attempt number `attempt` (from 1) ended in anything but acceptance.

    `key_spent` is the provider's word on whether the key will go on failing, None when it cannot be told.
    `in_doubt` says that an earlier attempt under this key may have got through: then only a definite word
    renews the key, since a new one could send a second time.
    """
    wait = min(_FIRST_WAIT_SECONDS[channel] * 2 ** min(attempt - 1, 16), _LONGEST_WAIT_SECONDS[channel])
    match outcome:
        case Outcome.REJECTED:
            return GiveUp(Reason.PROVIDER_REJECTED)
        case Outcome.BUSY:
            renew_key = not in_doubt if key_spent is None else key_spent
            return Retry(retry_after_seconds or wait, renew_key=renew_key, reason=Reason.PROVIDER_UNAVAILABLE)
        case Outcome.MISCONFIGURED:
            return Retry(_MISCONFIGURED_WAIT_SECONDS, renew_key=not in_doubt, reason=Reason.PROVIDER_MISCONFIGURED)
        case _:
            return Retry(wait, renew_key=False, reason=Reason.PROVIDER_SILENT)
