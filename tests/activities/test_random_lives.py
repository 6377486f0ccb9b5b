"""Whatever happens in whatever order, nothing is sent that should not be, and nothing is lost.

`RANDOM_LIVES=1000 make test ARGS=tests/activities/test_random_lives.py` tries more of them.
"""

import asyncio
import os
from collections.abc import Coroutine
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from driven_world import MINUTES_OF_DAY, MINUTES_OF_WEEK, World
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from strict_vendor import Life, StrictVendor

from deploy.local.launch import LaunchedStack
from notifications.contracts.changes import Change, ChangeKind
from notifications.contracts.vocabulary import EXTERNAL_CHANNELS, Channel, DeliveryStatus, NotificationType, Priority
from persistence.preferences import SettingRepository
from persistence.profiles import ProfileRepository
from persistence.reading import ReadingRepository
from persistence.recipients import RecipientRepository
from persistence.treatment import TreatmentRepository
from policy.channels import Rule
from policy.retries import Reason
from policy.types import policy_of

LIVES = int(os.environ.get("RANDOM_LIVES", "12"))
STEPS = 25
ADDRESSES = {"email": "driven@example.org", "phone_number": "+15005550006", "push_tokens": ["token"]}
HOUR = timedelta(hours=1)

CHANNELS = st.lists(st.sampled_from(Channel), min_size=2, max_size=4, unique=True)
LIMITS = st.sampled_from([None, 1, 1, 2, 4])
SPANS = st.lists(st.tuples(st.integers(-10 * 60, 10 * 60), st.integers(30, 20 * 60)), max_size=2)
# Minutes from now to the time of day at which what may wait is told.
TOLD = st.sampled_from([None, None, 10, 4 * 60, 20 * 60])
PRIORITIES = st.sampled_from([None, Priority.LOW, Priority.NORMAL, Priority.HIGH, Priority.URGENT])
FAULTS = st.lists(st.sampled_from(["busy", "silent", "lost", "rejected"]), min_size=1, max_size=3)


class RandomLife(RuleBasedStateMachine):
    loop: asyncio.AbstractEventLoop
    world: World

    def __init__(self) -> None:
        super().__init__()
        self.vendor = StrictVendor(self.world)
        self.world.begin(self.vendor)
        self.world.telling = self.vendor.hear_of_digest
        self.is_broken = False

    def live(self, act: Coroutine[Any, Any, object]) -> None:
        """Does something, and then what follows from it."""
        try:
            self.loop.run_until_complete(self._live(act))
        except BaseException:
            self.is_broken = True
            raise

    async def _live(self, act: Coroutine[Any, Any, object]) -> None:
        await act
        await self.world.settle()
        assert await self.world.restless() == [], "goes on waiting although it should not"

    def one(self, which: int) -> UUID | None:
        lives = list(self.vendor.lives)
        return lives[which % len(lives)] if lives else None

    @initialize(limit=LIMITS, spans=SPANS, told=TOLD)
    def be_known(self, limit: int | None, spans: list[tuple[int, int]], told: int | None) -> None:
        self.live(self.world.write(lambda t: RecipientRepository(t).put(self.world.user, ADDRESSES)))
        self.want_so_many_a_day(limit)
        self.be_quiet(spans)
        self.be_told_daily(told)

    @rule(
        number=st.integers(1, 3),
        kind=st.sampled_from(NotificationType),
        channels=CHANNELS,
        priority=PRIORITIES,
        hours=st.sampled_from([None, None, 1, 30]),
        worth=st.sampled_from([None, None, None, 2, 40]),
        escalation=st.sampled_from([None, {}, {"email": 3600, "sms": 600}]),
    )
    def create(
        self,
        *,
        number: int,
        kind: NotificationType,
        channels: list[Channel],
        priority: Priority | None,
        hours: int | None,
        worth: int | None,
        escalation: dict[Channel, int] | None,
    ) -> None:
        due = self.world.now + (hours or 0) * HOUR
        expires_at = None if worth is None else due + worth * HOUR
        life = Life(
            kind=kind,
            priority=priority or policy_of(kind).priority,
            channels=tuple(channels),
            due=due,
            expires_at=expires_at,
            escalation=dict(policy_of(kind).escalation if escalation is None else escalation),
        )

        async def notify() -> None:
            made = await self.world.notify(
                notification_type=kind,
                delivery_channels=channels,
                priority=priority,
                scheduled_for=None if hours is None else self.world.on_the_wall(due),
                expires_at=expires_at and self.world.on_the_wall(expires_at),
                escalation=escalation,
            )
            self.vendor.lives[made] = replace(life, stopped=set())

        for _ in range(number):
            self.live(notify())

    @rule(which=st.integers(0), kind=st.sampled_from([ChangeKind.CANCEL, ChangeKind.CANCEL, ChangeKind.RESTORE]))
    def cancel_or_restore(self, which: int, kind: ChangeKind) -> None:
        if notification := self.one(which):
            self.live(self.change(Change.of(notification, kind), self.world.now))

    @rule(which=st.integers(0), hours=st.sampled_from([None, 1, 5, 30]))
    def move(self, which: int, hours: int | None) -> None:
        if notification := self.one(which):
            due = self.world.now + (hours or 0) * HOUR
            scheduled_for = None if hours is None else self.world.on_the_wall(due)
            self.live(self.change(Change.of(notification, ChangeKind.RESCHEDULE, scheduled_for=scheduled_for), due))

    async def change(self, change: Change, due: datetime) -> None:
        answer = await self.world.change(change)
        if answer is not None:
            self.vendor.lives[change.notification_id].learn(change.kind, answer, due)

    @rule(which=st.integers(0), is_read=st.booleans())
    def read(self, which: int, *, is_read: bool) -> None:
        async def mark(notification: UUID) -> None:
            if await self.world.published_at(notification):
                await self.world.write(
                    lambda t: ReadingRepository(t).mark_read(self.world.user, [notification], is_read=is_read)
                )
                self.vendor.lives[notification].is_read = is_read

        if notification := self.one(which):
            self.live(mark(notification))

    @rule(which=st.integers(0))
    def delete(self, which: int) -> None:
        async def delete(notification: UUID) -> None:
            await self.world.write(lambda t: TreatmentRepository(t).delete(self.world.user, [notification]))
            self.vendor.lives[notification].is_deleted = True

        if notification := self.one(which):
            self.live(delete(notification))

    @rule(kind=st.sampled_from(NotificationType), channel=st.sampled_from(Channel), on=st.booleans())
    def switch(self, kind: NotificationType, channel: Channel, *, on: bool) -> None:
        async def put() -> None:
            switches = {f"{channel}_enabled": on}
            await self.world.write(lambda t: SettingRepository(t, user_id=self.world.user).put(kind, switches))
            self.vendor.wants.by_type[kind, channel] = on

        self.live(put())

    @rule(channel=st.sampled_from(Channel), on=st.sampled_from([True, False, None]))
    def switch_for_all_types(self, channel: Channel, *, on: bool | None) -> None:
        self.live(self.put({f"{channel}_enabled": on}))

    @rule(channels=st.sets(st.sampled_from(EXTERNAL_CHANNELS), max_size=1))
    def opt_out(self, channels: set[Channel]) -> None:
        self.live(self.put({"opted_out_channels": sorted(channels)}))

    @rule(limit=LIMITS)
    def want_so_many_a_day(self, limit: int | None) -> None:
        async def want() -> None:
            self.vendor.limit(limit)
            await self.put({"daily_limit": limit})

        self.live(want())

    async def put(self, values: dict[str, Any]) -> None:
        await self.world.write(lambda t: ProfileRepository(t, user_id=self.world.user).put(values))
        self.vendor.wants.profile |= values

    @rule(spans=SPANS)
    def be_quiet(self, spans: list[tuple[int, int]]) -> None:
        now = self.world.now
        minute = (now.weekday() * 24 + now.hour) * 60 + now.minute
        self.live(self.world.be_quiet([((minute + begin) % MINUTES_OF_WEEK, length) for begin, length in spans]))

    @rule(told=TOLD)
    def be_told_daily(self, told: int | None) -> None:
        now = self.world.now
        self.vendor.wants.digest_since = now
        minute = None if told is None else (now.hour * 60 + now.minute + told) % MINUTES_OF_DAY
        self.live(self.world.be_told_daily(minute))

    @rule(name=st.sampled_from(sorted(ADDRESSES)), known=st.booleans())
    def move_house(self, name: str, *, known: bool) -> None:
        nowhere: object = [] if name == "push_tokens" else None
        values = {name: ADDRESSES[name] if known else nowhere}
        self.live(self.world.write(lambda t: RecipientRepository(t).put(self.world.user, values)))

    @rule(faults=FAULTS)
    def break_the_vendor(self, faults: list[str]) -> None:
        self.vendor.script += faults

    @rule(minutes=st.sampled_from([5, 60, 12 * 60, 26 * 60]), at_once=st.booleans())
    def wait(self, minutes: int, *, at_once: bool) -> None:
        self.live(self.world.pass_time(timedelta(minutes=minutes), at_once=at_once))

    def teardown(self) -> None:
        if not self.is_broken:
            self.live(self.come_to_an_end())

    async def come_to_an_end(self) -> None:
        """With nothing to wait for but time, nothing is left waiting, and all that was sent got through."""
        self.vendor.script.clear()
        self.vendor.limit(None)
        await self.put({"daily_limit": None})
        await self.world.be_quiet([])
        await self.world.pass_time(timedelta(days=4))
        assert self.world.plans == {}, "a workflow waits for ever"
        for row in await self.world.deliveries():
            assert DeliveryStatus(row.status).is_settled, f"{row.channel} was lost: {row.status} {row.reason}"
            if row.status == DeliveryStatus.SENT:
                assert row.id in self.vendor.accepted.values(), "said to be sent and was not"
            elif row.reason == Reason.DIGESTED:
                assert row.id in self.vendor.digested, "said to be told and was not"
            elif row.channel in EXTERNAL_CHANNELS:
                assert row.reason in ENDS, f"{row.channel} ended without a reason: {row.status} {row.reason}"


ENDS = {*Rule, Reason.EXPIRED, Reason.ALREADY_READ, Reason.CANCELLED, Reason.IN_DOUBT, Reason.PROVIDER_REJECTED}


def test_no_life_is_sent_what_it_should_not_be_and_none_loses_anything(stack: LaunchedStack) -> None:
    loop, world = asyncio.new_event_loop(), World(stack.environment["DATABASE_URL"])
    lives = settings(
        max_examples=LIVES, stateful_step_count=STEPS, deadline=None, suppress_health_check=list(HealthCheck)
    )
    try:
        run_state_machine_as_test(type("AnyLife", (RandomLife,), {"loop": loop, "world": world}), settings=lives)
    finally:
        loop.run_until_complete(world.database.close())
        loop.close()
