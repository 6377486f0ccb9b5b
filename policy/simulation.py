"""What will become of a notification, channel by channel, if nothing changes but that it is read, or is not.

It is walked through as its workflow will: at each moment `next_step` is asked as it will be asked then.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from notifications.contracts.vocabulary import Channel
from policy.attention import Budget, needs_slot, slots
from policy.planning import PREFERRED_WAITS, Go, Situation, Step, Wait, WaitReason, next_step

# Nothing waits so often, unless it is quiet for ever.
_MOST_RUNGS = 50


@dataclass(frozen=True, slots=True)
class Reading:
    """When the person reads it: at an instant, or so long after it entered their inbox. Neither is never."""

    at: datetime | None = None
    after_seconds: int | None = None

    def instant(self, published_at: datetime | None) -> datetime | None:
        """None also where there is nothing to be read."""
        if published_at is None:
            return None
        if self.after_seconds is not None:
            return published_at + timedelta(seconds=self.after_seconds)
        return self.at and max(self.at, published_at)


@dataclass(frozen=True, slots=True)
class Rung:
    """What is decided about one channel at one moment."""

    at: datetime
    step: Step


@dataclass(slots=True)
class Ladder:
    """The rungs of each channel, in time."""

    rungs: dict[Channel, list[Rung]]
    published_at: datetime | None = None
    read_at: datetime | None = None
    spent: list[datetime] = field(default_factory=list)
    """When it takes a slot of its person's attention."""


def ladder(
    in_app: Situation,
    channels: Sequence[Channel],
    *,
    has_address: Callable[[Channel], bool],
    escalation: Mapping[Channel, int],
    reading: Reading,
    now: datetime,
) -> Ladder:
    """Of a notification that comes in at `now`; `in_app` is how the inbox finds it then."""
    walk = Ladder({channel: [] for channel in channels})
    in_turn = sorted(channels, key=lambda channel: channel.is_external)
    due = dict.fromkeys(in_turn, now)
    ahead = _slots_ahead(in_app, now)
    for _ in range(_MOST_RUNGS):
        if not due:
            break
        channel = min(due, key=lambda each: (due[each], in_turn.index(each)))
        moment = due.pop(channel)
        situation = replace(
            in_app,
            channel=channel,
            has_address=has_address(channel),
            published_at=walk.published_at,
            read_at=walk.read_at if walk.read_at is not None and walk.read_at <= moment else None,
            escalates_after_seconds=escalation.get(channel),
            gathered_until=moment if _was_gathered(walk.rungs[channel]) else None,
            goes_alone=in_app.goes_alone or _was_gathered(walk.rungs[channel]),
            budget=in_app.budget and _budget(in_app.budget, ahead, walk, channel, moment),
        )
        step = next_step(situation, now=moment)
        walk.rungs[channel].append(Rung(moment, step))
        match step:
            case Wait(until):
                due[channel] = until
            case Go() if channel is Channel.IN_APP:
                walk.published_at, walk.read_at = moment, reading.instant(moment)
            case Go() if needs_slot(channel, in_app.priority):
                walk.spent.append(moment)
    return walk


def _slots_ahead(in_app: Situation, now: datetime) -> Sequence[datetime]:
    """When those that wait in line already will go."""
    budget = in_app.budget
    if budget is None or not budget.ahead:
        return ()
    return slots(replace(budget, ahead=budget.ahead - 1), hours=in_app.quiet_hours, now=now)


def _budget(start: Budget, ahead: Sequence[datetime], walk: Ladder, channel: Channel, moment: datetime) -> Budget:
    """What one channel finds at a moment: others have gone, its own notification's among them, or stand before it."""
    named_before = list(walk.rungs)[: list(walk.rungs).index(channel)]
    return Budget(
        limit=start.limit,
        spent=(*start.spent, *walk.spent, *(slot for slot in ahead if slot <= moment)),
        ahead=sum(slot > moment for slot in ahead) + sum(map(_is_in_line, (walk.rungs[each] for each in named_before))),
    )


def _was_gathered(rungs: Sequence[Rung]) -> bool:
    """Its digest has come: what goes on from here is the one message that tells it, and it is gathered once."""
    return any(isinstance(rung.step, Wait) and rung.step.reason is WaitReason.OWN_DIGEST for rung in rungs)


def _is_in_line(rungs: Sequence[Rung]) -> bool:
    return bool(rungs) and isinstance(rungs[-1].step, Wait) and rungs[-1].step.reason in PREFERRED_WAITS
