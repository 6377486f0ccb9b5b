"""The real activities on the real database, driven as the workflows drive them, while time passes as it is told to.

Time passes by moving one person's rows, and what the driver waits for, into the past. So the clock is real, and
so are the comparisons with it in Python and in SQL.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar
from uuid import UUID, uuid4

from sqlalchemy import DateTime, Row, select, text, update
from temporalio.exceptions import ApplicationError

from activities.asking import Preconditions
from activities.changing import ChangeActivities
from activities.delivery import DeliveryActivities
from activities.digests import DigestActivities
from activities.notification import NotificationActivities
from activities.reconsidering import ReconsiderActivities
from notifications.contracts.building import build_request
from notifications.contracts.changes import Change, ChangeAnswer, Effect
from notifications.contracts.delivery import AdvanceInput, ConcludeInput, Plan, SendInput
from notifications.contracts.digests import DigestInput
from notifications.contracts.notification import NotificationRequest
from notifications.contracts.reconsidering import ReconsiderInput
from notifications.contracts.vocabulary import Weekday
from persistence.database import Database, DatabaseUnavailable, Transaction
from persistence.models import Attempt, AttentionSlot, Delivery, Digest, Notification, PreferenceProfile
from persistence.profiles import ProfileRepository
from persistence.waiting import WaitingRepository, Waking
from policy.retries import Reason
from providers.provider import DeliveryProvider

Act = Callable[[], Coroutine[Any, Any, None]]
Input = TypeVar("Input")
Result = TypeVar("Result")

MINUTE = timedelta(minutes=1)
MINUTES_OF_DAY, MINUTES_OF_WEEK = 24 * 60, 7 * 24 * 60
_OWN = {
    Notification: "user_id = :user",
    Delivery: "notification_id IN (SELECT id FROM notifications WHERE user_id = :user)",
    Attempt: "delivery_id IN (SELECT delivery.id FROM deliveries AS delivery JOIN notifications AS notification"
    " ON notification.id = notification_id WHERE user_id = :user)",
    AttentionSlot: "user_id = :user",
    Digest: "user_id = :user",
}
_TRIES = 10
_REACHED = {Effect.STOPPED, Effect.CHANGED, Effect.IN_DOUBT}
_INTO_THE_PAST = [
    text(
        f"UPDATE {model.__tablename__} SET "  # noqa: S608 - names from the models
        + ", ".join(
            f"{column.name} = {column.name} - :passed"
            for column in model.__table__.columns
            if isinstance(column.type, DateTime)
        )
        + f" WHERE {whose}"
    )
    for model, whose in _OWN.items()
]

# The key says when it closes.
_KEYS_OF_WINDOWS = text(
    "UPDATE digests SET key = split_part(key, ':', 1) || ':' || split_part(key, ':', 2) || ':'"
    " || to_char(closes_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS+00:00')"
    " WHERE user_id = :user AND closed_at IS NULL"
)


class World:
    """One person, and the workflows of their notifications. `elapsed` is how much time has been told to pass."""

    def __init__(self, url: str, *, pool_size: int = 2) -> None:
        waking = Waking(reconsider=self._hear_of, wake=self._hear, watch=self._watch)
        self.database = Database(url, pool_size=pool_size, before_commit=waking.before_commit)
        self._notifications = NotificationActivities(database=self.database)
        self._changes = ChangeActivities(database=self.database)
        self._reconsidering = ReconsiderActivities(database=self.database, wake=self._hear)
        self._digests = DigestActivities(database=self.database, start=self._start_of_digest, watch=self._never)

    def begin(self, provider: DeliveryProvider) -> None:
        """With somebody new."""
        self.user = f"driven-{uuid4().hex[:12]}"
        self.elapsed = timedelta(0)
        self.quiet: Sequence[tuple[int, int]] = ()
        """Spans on this world's wall: the minute of the week, and how many minutes it lasts."""
        self.plans: dict[UUID, Plan] = {}
        """Of the notifications whose workflow runs."""
        self.sends: dict[UUID, datetime] = {}
        """When each delivery that is being sent is to be tried."""
        self.windows: dict[UUID, datetime] = {}
        """When each digest's workflow looks whether it may close."""
        self.told_at: int | None = None
        """The minute of this world's day at which what may wait is told together."""
        self.digests: set[UUID] = set()
        self.telling: Callable[[NotificationRequest, Sequence[UUID]], None] = lambda _, __: None
        """Hears of each digest before it is told, and which notifications are in it."""
        self._notification_of: dict[UUID, UUID] = {}
        self.signals: list[UUID] = []
        self.starts: list[str] = []
        preconditions = Preconditions(database=self.database, asker=None, patience_seconds=0)
        self._deliveries = DeliveryActivities(database=self.database, provider=provider, preconditions=preconditions)

    @property
    def now(self) -> datetime:
        """The clock of this world."""
        return datetime.now(UTC) + self.elapsed

    def on_the_wall(self, instant: datetime) -> datetime:
        """An instant of this world as the product's clock shows it."""
        return instant - self.elapsed

    async def notify(self, **options: Any) -> UUID:
        request = build_request(user=self.user, title="Hello", message="There.", **options)
        accepted = await self._run(self._notifications.accept, request)
        self._take(request.notification_id, accepted.plan)
        return request.notification_id

    async def change(self, change: Change) -> ChangeAnswer | None:
        """None when its workflow has ended."""
        if change.notification_id not in self.plans:
            return None
        answer = await self._run(self._changes.change, change)
        reached = {each.channel for each in answer.channels if each.effect in _REACHED}
        for planned in self.plans[change.notification_id].deliveries:
            if planned.channel in reached:
                self.sends.pop(planned.delivery_id, None)
        self.signals.append(change.notification_id)
        return answer

    async def write(self, act: Callable[[Transaction], Awaitable[Result]]) -> Result:
        """What somebody does through the API."""

        async def write(_: None) -> Result:
            async with self.database.transaction() as transaction:
                return await act(transaction)

        return await self._run(write, None)

    async def be_quiet(self, spans: Sequence[tuple[int, int]]) -> None:
        self.quiet = spans
        await self.write(lambda t: ProfileRepository(t, user_id=self.user).put({"quiet_hours": self._hours()}))

    async def be_told_daily(self, minute: int | None) -> None:
        """At this minute of the day, or of each by itself."""
        self.told_at = minute
        await self.write(lambda t: ProfileRepository(t, user_id=self.user).put(self._own_digest()))

    async def settle(self) -> None:
        """Everything that is due now is done, one after another."""
        while await self._do_one_thing():
            pass

    async def settle_at_once(self) -> None:
        """The same, with everything that is due at one moment done together."""
        while due := self._due():
            await asyncio.gather(*(act() for act in due))

    async def pass_time(self, passed: timedelta, *, at_once: bool = False) -> None:
        """In minutes. `at_once` finds the workers away all the while."""
        until = self.elapsed + passed
        while self.elapsed < until:
            step = until - self.elapsed
            next_due = min(self._waits(), default=None)
            if next_due is not None and not at_once:
                # Just after it: rows are moved by whole minutes, for the clock of the quiet hours.
                step = min(step, max(MINUTE, -((datetime.now(UTC) - next_due) // MINUTE) * MINUTE))
            await self._into_the_past(step)
            await self.settle()

    async def pass_unseen(self, passed: timedelta) -> None:
        """In minutes, and nobody does anything about it yet."""
        await self._into_the_past(passed)

    async def _run(self, step: Callable[[Input], Awaitable[Result]], input: Input) -> Result:
        """As Temporal does, once more when the database is away, which on a busy machine it may seem to be."""
        for _ in range(_TRIES):
            with suppress(DatabaseUnavailable):
                return await step(input)
        return await step(input)

    async def restless(self) -> list[UUID]:
        """What waits although it should wait differently."""
        page = await self.write(lambda t: WaitingRepository(t).restless(self.user, now=datetime.now(UTC)))
        return list(page.notifications)

    async def published_at(self, notification_id: UUID) -> datetime | None:
        column = select(Notification.published_at).where(Notification.id == notification_id)
        at = await self.write(lambda t: t.connection.scalar(column))
        return at and at + self.elapsed

    async def deliveries(self) -> Sequence[Row[Any]]:
        every = select(Delivery.__table__).join(Notification).where(Notification.user_id == self.user)
        return (await self.write(lambda t: t.connection.execute(every))).all()

    async def _do_one_thing(self) -> bool:
        due = self._due()
        if due:
            await due[0]()
        return bool(due)

    def _due(self) -> list[Act]:
        """What is to be done at this moment; what was told goes before what is planned."""
        now = datetime.now(UTC)
        told: list[Act] = [partial(self._reconsider, user) for user in dict.fromkeys(self.starts)]
        told += [partial(self._advance, each) for each in dict.fromkeys(self.signals)]
        due: list[Act] = [
            partial(self._advance, each)
            for each, plan in self.plans.items()
            if plan.wake_at is not None and plan.wake_at <= now
        ]
        due += [partial(self.close, each) for each, at in self.windows.items() if at <= now]
        due += [partial(self._send, each) for each, at in self.sends.items() if at <= now]
        return told or due or [partial(self._conclude, each) for each in self.plans if self._has_ended(each)]

    async def close(self, digest_id: UUID) -> None:
        """Its workflow looks whether it may."""
        plan = await self._run(self._digests.close, DigestInput(digest_id=digest_id, user=self.user))
        if plan.wake_at is None:
            del self.windows[digest_id]
        else:
            self.windows[digest_id] = plan.wake_at

    async def _start_of_digest(self, request: NotificationRequest) -> None:
        await self.tell(request)

    async def tell(self, request: NotificationRequest) -> None:
        """Starts the notification that tells of a digest, as Temporal would."""
        if request.notification_id not in self.digests:
            self.digests.add(request.notification_id)
            entries = select(Delivery.notification_id).where(
                Delivery.digest_id == UUID(request.call_id), Delivery.reason == Reason.DIGESTED
            )
            self.telling(request, (await self.write(lambda t: t.connection.scalars(entries))).all())
            accepted = await self._run(self._notifications.accept, request)
            self._take(request.notification_id, accepted.plan)

    async def _conclude(self, notification_id: UUID) -> None:
        del self.plans[notification_id]
        await self._run(self._notifications.conclude, ConcludeInput(notification_id=notification_id, given_up=()))

    async def _reconsider(self, user: str) -> None:
        self.starts = [each for each in self.starts if each != user]
        after = None
        while True:
            page = await self._run(self._reconsidering.reconsider, ReconsiderInput(user=user, after=after))
            if page.after is None:
                return
            after = page.after

    async def _advance(self, notification_id: UUID) -> None:
        self.signals = [each for each in self.signals if each != notification_id]
        if notification_id in self.plans:
            plan = await self._run(self._notifications.advance, AdvanceInput(notification_id=notification_id))
            self._take(notification_id, plan)

    def _take(self, notification_id: UUID, plan: Plan) -> None:
        self.plans[notification_id] = plan
        for planned in plan.deliveries:
            self._notification_of[planned.delivery_id] = notification_id
            self.sends.setdefault(planned.delivery_id, datetime.now(UTC))

    async def _send(self, delivery_id: UUID) -> None:
        try:
            result = await self._run(self._deliveries.send, SendInput(delivery_id=delivery_id))
        except ApplicationError as error:
            self.sends[delivery_id] = datetime.now(UTC) + (error.next_retry_delay or timedelta(0))
            return
        self.sends.pop(delivery_id, None)
        if not result.status.is_settled:
            self.signals.append(self._notification_of[delivery_id])

    def _has_ended(self, notification_id: UUID) -> bool:
        plan = self.plans[notification_id]
        return plan.wake_at is None and not any(each.delivery_id in self.sends for each in plan.deliveries)

    def _waits(self) -> list[datetime]:
        wakes = [plan.wake_at for plan in self.plans.values() if plan.wake_at is not None]
        return [*wakes, *self.sends.values(), *self.windows.values()]

    async def _into_the_past(self, passed: timedelta) -> None:
        self.elapsed += passed
        self.plans = {
            each: Plan(
                status=plan.status,
                deliveries=plan.deliveries,
                wake_at=plan.wake_at and plan.wake_at - passed,
                waits_for=plan.waits_for,
            )
            for each, plan in self.plans.items()
        }
        self.sends = {each: at - passed for each, at in self.sends.items()}
        self.windows = {each: at - passed for each, at in self.windows.items()}
        moved = update(PreferenceProfile).where(PreferenceProfile.user_id == self.user)

        async def move(transaction: Transaction) -> None:
            for statement in _INTO_THE_PAST:
                await transaction.connection.execute(statement, {"user": self.user, "passed": passed})
            await transaction.connection.execute(moved.values(quiet_hours=self._hours(), **self._own_digest()))
            await transaction.connection.execute(_KEYS_OF_WINDOWS, {"user": self.user})

        await self.write(move)

    def _own_digest(self) -> dict[str, str]:
        if self.told_at is None:
            return {"digest": "off"}
        return {"digest": "daily", "digest_time": _clock(self.told_at - self.elapsed // MINUTE)}

    def _hours(self) -> dict[str, list[dict[str, str]]]:
        """The quiet hours on the product's wall, where it is another time."""
        hours: dict[str, list[dict[str, str]]] = {}
        for begin, length in self.quiet:
            start = (begin - self.elapsed // MINUTE) % MINUTES_OF_WEEK
            day, end = list(Weekday)[start // MINUTES_OF_DAY].value, start + length
            hours.setdefault(day, []).append({"start": _clock(start), "end": _clock(end)})
        return hours

    async def _hear_of(self, user: str) -> None:
        self.starts.append(user)

    async def _watch(self, digest_id: UUID, _: str) -> None:
        self.windows[digest_id] = datetime.now(UTC)

    async def _never(self, digest_id: UUID, /, *, is_due: bool) -> None:
        raise NotImplementedError("No sender gathers anything here.")

    async def _hear(self, notification_id: UUID) -> None:
        self.signals.append(notification_id)


def _clock(minute: int) -> str:
    hour, minute = divmod(minute % MINUTES_OF_DAY, 60)
    return f"{hour:02}:{minute:02}"
