"""What happens to one delivery next: sent, waited for, or never sent; and why.

One function for every place that asks: acceptance, the end of a wait, the last check before a send, the
answer to "why", and the simulation. So what people are told is what is done.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from notifications.contracts.vocabulary import Channel, Priority
from policy.attention import Budget, needs_slot, slot_for
from policy.channels import Preferences, Rule, decide
from policy.digests import OwnDigest, own_closes_at
from policy.quiet_hours import QuietHours, deferred_until
from policy.retries import Reason
from policy.types import TypePolicy


class WaitReason(StrEnum):
    """What a delivery waits for."""

    SCHEDULED = "scheduled"
    UNLESS_READ = "unless_read"
    QUIET_HOURS = "quiet_hours"
    ATTENTION_BUDGET = "attention_budget"
    DIGEST = "digest"
    OWN_DIGEST = "own_digest"
    PRECONDITION = "precondition"


PREFERRED_WAITS = frozenset({WaitReason.QUIET_HOURS, WaitReason.ATTENTION_BUDGET})
"""Those that the person asked for. Who waits so is wanted now, and in line for a slot."""

# What was on its way counted as sent at the time of asking; it was sent seconds later.
_SLACK = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """All that decides about one delivery, as it is at one moment."""

    channel: Channel
    policy: TypePolicy
    preferences: Preferences
    has_address: bool
    priority: Priority
    quiet_hours: QuietHours = field(default_factory=QuietHours)
    scheduled_for: datetime | None = None
    expires_at: datetime | None = None
    published_at: datetime | None = None
    """When it entered the inbox; None while it waits, and without in_app."""
    read_at: datetime | None = None
    escalates_after_seconds: int | None = None
    """Sent only if the notification is still unread this long after it entered the inbox."""
    held_until: datetime | None = None
    """Nobody could say whether it is still true; they are not asked again before then."""
    budget: Budget | None = None
    """The attention that the person has left; None is without limit."""
    own_digest: OwnDigest = field(default_factory=OwnDigest)
    gathered_until: datetime | None = None
    """It is in the person's own digest, whose window closes then."""
    goes_alone: bool = False
    """It may not be gathered: a provider was asked already, or its sender is to be asked right before it goes."""
    is_digest: bool = False
    """It tells what the person's own digest has gathered, of which each was decided about when it closed."""


@dataclass(frozen=True, slots=True)
class Go:
    """Its moment has come; `rule` of `policy.channels` lets it."""

    rule: str


@dataclass(frozen=True, slots=True)
class Wait:
    until: datetime
    reason: WaitReason


@dataclass(frozen=True, slots=True)
class Skip:
    """It is never sent. `reason` is for people and for the wire."""

    reason: str


Step = Go | Wait | Skip


def next_step(situation: Situation, *, now: datetime) -> Step:
    """One delivery's next step. A wait that would outlast the expiry is no wait: expiry wins."""
    step = _next_step(situation, now=now)
    expires_at = situation.expires_at
    moment = max(step.until, now) if isinstance(step, Wait) else now
    if expires_at is not None and expires_at <= moment and not isinstance(step, Skip):
        return Skip(Reason.EXPIRED)
    return step


def first_steps(
    in_app: Situation,
    channels: Collection[Channel],
    *,
    has_address: Callable[[Channel], bool],
    escalation: Mapping[Channel, int],
    now: datetime,
) -> dict[Channel, Step]:
    """Every channel's first step, from how in-app stands: the others may wait for it to be read.

    They share one budget, which goes to those that are named first.
    """
    published = in_app.channel in channels and isinstance(next_step(in_app, now=now), Go)
    budget = in_app.budget
    steps: dict[Channel, Step] = {}
    for channel in channels:
        situation = replace(
            in_app,
            channel=channel,
            has_address=has_address(channel),
            published_at=now if published else None,
            escalates_after_seconds=escalation.get(channel),
            budget=budget,
        )
        steps[channel] = next_step(situation, now=now)
        budget = budget_after(situation, steps[channel], now=now)
    return steps


def still_holds(wait: Wait, step: Step) -> bool:
    """Whether what waits may go on waiting as it does, now that its step would be this one.

    When the wait is over is time enough to find out that it was read, or that its slot has moved away, be it
    beyond its expiry.
    """
    if wait.reason is WaitReason.DIGEST:
        return True  # its digest goes out when it goes out, and is decided about then
    is_in_line = wait.reason is WaitReason.ATTENTION_BUDGET
    match step:
        case Skip(Reason.ALREADY_READ):
            return True
        case Skip(Reason.EXPIRED):
            return is_in_line
        case Wait(until, wait.reason):
            return abs(until - wait.until) < _SLACK or (is_in_line and until > wait.until)
    return False


def budget_after(situation: Situation, step: Step, *, now: datetime) -> Budget | None:
    """What a delivery's step leaves of the budget for the next one of the same notification."""
    budget = situation.budget
    if budget is None or not needs_slot(situation.channel, situation.priority):
        return budget
    match step:
        case Go():
            return budget.after_sending(now)
        case Wait(reason=reason) if reason in PREFERRED_WAITS:
            return budget.after_queueing()
    return budget


def _next_step(situation: Situation, *, now: datetime) -> Step:
    if situation.scheduled_for is not None and situation.scheduled_for > now:
        # Everything else is asked when the time has come, by the answers that hold then.
        return Wait(situation.scheduled_for, WaitReason.SCHEDULED)
    wishes = situation.preferences
    decision = decide(
        situation.channel,
        policy=situation.policy,
        preferences=Preferences(opted_out=wishes.opted_out) if situation.is_digest else wishes,
        has_address=situation.has_address,
    )
    if not decision.use:
        return Skip(decision.rule)
    if situation.channel.is_external:
        return (
            _escalation(situation, now=now)
            or _gathered(situation, decision.rule, now=now)
            or _quiet(situation, now=now)
            or _attention(situation, now=now)
            or _held(situation, now=now)
            or Go(decision.rule)
        )
    return Go(decision.rule)


def _escalation(situation: Situation, *, now: datetime) -> Step | None:
    """Without a place in the inbox there is nothing to be read, and so nothing to wait for."""
    if situation.escalates_after_seconds is None or situation.published_at is None:
        return None
    if situation.read_at is not None:
        return Skip(Reason.ALREADY_READ)
    due = situation.published_at + timedelta(seconds=situation.escalates_after_seconds)
    return Wait(due, WaitReason.UNLESS_READ) if due > now else None


def _gathered(situation: Situation, rule: Rule, *, now: datetime) -> Step | None:
    """What may wait goes into the digest that the person wants; what would expire there goes by itself."""
    gathered_until = situation.gathered_until
    if gathered_until is not None and situation.read_at is not None:
        return Skip(Reason.ALREADY_READ)
    may_wait = situation.priority is not Priority.URGENT and rule is not Rule.TYPE_REQUIRES
    if not may_wait or not situation.own_digest.gathers or situation.is_digest or situation.goes_alone:
        return None
    if gathered_until is not None and gathered_until <= now:
        return Wait(gathered_until, WaitReason.OWN_DIGEST)  # it is being told
    until = own_closes_at(situation.own_digest, hours=situation.quiet_hours, now=now)
    expires_at = situation.expires_at
    return Wait(until, WaitReason.OWN_DIGEST) if expires_at is None or until < expires_at else None


def _quiet(situation: Situation, *, now: datetime) -> Wait | None:
    until = deferred_until(situation.channel, priority=situation.priority, hours=situation.quiet_hours, now=now)
    return None if until is None else Wait(until, WaitReason.QUIET_HOURS)


def _held(situation: Situation, *, now: datetime) -> Wait | None:
    if situation.held_until is None or situation.held_until <= now:
        return None
    return Wait(situation.held_until, WaitReason.PRECONDITION)


def _attention(situation: Situation, *, now: datetime) -> Wait | None:
    if situation.budget is None or not needs_slot(situation.channel, situation.priority):
        return None
    slot = slot_for(situation.budget, hours=situation.quiet_hours, now=now)
    return Wait(slot, WaitReason.ATTENTION_BUDGET) if slot > now else None
