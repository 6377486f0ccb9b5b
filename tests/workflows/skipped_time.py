"""The real workflow on a server that skips time, with activities that do as they are told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from skipping_server import skipping_server
from temporalio import activity
from temporalio.client import Client, WorkflowHandle
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.worker import Worker

from notifications.contracts import names
from notifications.contracts.building import build_request
from notifications.contracts.changes import Change, ChangeAnswer, ChangeKind, ChannelEffect, Effect
from notifications.contracts.delivery import (
    AcceptResult,
    AdvanceInput,
    AskInput,
    ConcludeInput,
    Conclusion,
    Plan,
    PlannedDelivery,
    SendInput,
    SendResult,
)
from notifications.contracts.notification import AcceptedNotification, NotificationRequest
from notifications.contracts.vocabulary import Channel, DeliveryStatus, NotificationStatus, NotificationType
from workflows.notification import NotificationWorkflow

DEADLINE = timedelta(hours=2)

Attempt = Callable[[Channel, int], SendResult]


def sent(_: Channel, __: int) -> SendResult:
    return SendResult(status=DeliveryStatus.SENT)


def try_again(after: timedelta, reason: str = "provider_unavailable") -> ApplicationError:
    return ApplicationError("not now", type=reason, next_retry_delay=after, category=ApplicationErrorCategory.BENIGN)


@dataclass
class World:
    """What the activities answer, and what they were asked; times are the server's."""

    client: Client
    skip: Callable[[timedelta], Awaitable[None]]
    channels: tuple[Channel, ...] = ()
    attempt: Attempt = sent
    asks_first: bool = False
    """Nobody could say before whether it is still true."""
    answers: list[SendResult] = field(default_factory=list)
    """What asking comes to, one after another; an empty list is tried again."""
    wake_at: datetime | None = None
    """When what is to be sent is due."""
    at_once: tuple[Channel, ...] = ()
    """Those of the channels that do not wait."""
    interrupted: bool = False
    """Something is thought about before the wait is over."""
    existing_call: str | None = None
    refusal: ApplicationError | None = None
    asked: int = 0
    sends: list[tuple[Channel, int]] = field(default_factory=list)
    advanced: list[AdvanceInput] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    effect: Effect = Effect.STOPPED
    concluded: list[ConcludeInput] = field(default_factory=list)
    given_up: set[UUID] = field(default_factory=set)

    @activity.defn(name=names.ACCEPT_ACTIVITY)
    async def accept(self, request: NotificationRequest) -> AcceptResult:
        if self.refusal is not None:
            raise self.refusal
        return AcceptResult(call_id=self.existing_call or request.call_id, plan=self._plan(request.notification_id))

    @activity.defn(name=names.ADVANCE_ACTIVITY)
    async def advance(self, input: AdvanceInput) -> Plan:
        self.advanced.append(input)
        if not self.interrupted:
            self.wake_at = None
        self.interrupted = False
        return self._plan(input.notification_id)

    @activity.defn(name=names.CHANGE_ACTIVITY)
    async def change(self, change: Change) -> ChangeAnswer:
        self.changes.append(change)
        if change.kind is ChangeKind.RESCHEDULE:
            self.wake_at = change.scheduled_for
        if change.kind is ChangeKind.REDRIVE and change.channel is not None:
            self.channels, self.at_once, self.given_up = (*self.channels, change.channel), (change.channel,), set()
            self.interrupted = self.wake_at is not None
        if change.kind is ChangeKind.CANCEL and self.effect is Effect.STOPPED:
            self.channels, self.wake_at = (), None
        told = (
            ChannelEffect(channel=channel, effect=self.effect, status=DeliveryStatus.PENDING)
            for channel in (Channel.EMAIL,)
        )
        return ChangeAnswer(change_id=change.change_id, channels=tuple(told))

    def _plan(self, notification_id: UUID) -> Plan:
        planned = (
            PlannedDelivery(
                delivery_id=names.delivery_id(notification_id, channel),
                channel=channel,
                deadline_seconds=int(DEADLINE.total_seconds()),
                asks_first=self.asks_first,
            )
            for channel in (self.channels if self.wake_at is None else self.at_once)
        )
        status = NotificationStatus.PENDING if self.channels or self.wake_at else NotificationStatus.SENT
        waits_for = "" if self.wake_at is None else "scheduled"
        return Plan(status=status, deliveries=tuple(planned), wake_at=self.wake_at, waits_for=waits_for)

    @activity.defn(name=names.CONCLUDE_ACTIVITY)
    async def conclude(self, input: ConcludeInput) -> Conclusion:
        self.concluded.append(input)
        self.given_up |= {given_up.delivery_id for given_up in input.given_up}
        self.channels = tuple(
            channel
            for channel in self.channels
            if names.delivery_id(input.notification_id, channel) not in self.given_up
        )
        return Conclusion(status=NotificationStatus.FAILED if self.given_up else NotificationStatus.SENT)

    @activity.defn(name=names.SEND_ACTIVITY)
    async def send(self, _: SendInput) -> SendResult:
        info = activity.info()
        channel = Channel(info.task_queue.removeprefix("delivery-"))
        self.sends.append((channel, info.attempt))
        result = self.attempt(channel, info.attempt)
        self.channels = tuple(each for each in self.channels if each is not channel or not result.status.is_settled)
        return result

    @activity.defn(name=names.ASK_ACTIVITY)
    async def ask(self, _: AskInput) -> SendResult:
        self.asked += 1
        if not self.answers:
            raise try_again(timedelta(seconds=15), "precondition_unreachable")
        return self.answers.pop(0)

    def no_longer_true(self, _: Channel, __: int) -> SendResult:
        """As the activity does it: nothing of the notification is left to send."""
        self.channels, self.wake_at = (), None
        return SendResult(status=DeliveryStatus.SKIPPED, reason="no_longer_true")

    async def redrive(
        self, notification_id: UUID, channel: Channel
    ) -> WorkflowHandle[NotificationWorkflow, AcceptedNotification]:
        """As the client does, whether the notification's workflow runs or has ended."""
        change = Change(change_id=uuid4(), notification_id=notification_id, kind=ChangeKind.REDRIVE, channel=channel)
        request = NotificationRequest(
            notification_id=notification_id,
            call_id="earlier",
            fingerprint="earlier",
            user="42",
            notification_type=NotificationType.BOOKING,
            resumed=True,
        )
        return await self.client.start_workflow(
            NotificationWorkflow.run,
            request,
            id=names.notification_workflow_id(notification_id),
            task_queue=names.NOTIFICATION_QUEUE,
            start_signal=names.CHANGE_SIGNAL,
            start_signal_args=[change],
        )

    def served_by(self, workflow: type[NotificationWorkflow], *, remembers: bool = True) -> Worker:
        """What a worker remembers, the server keeps for it, be it gone for good."""
        return Worker(
            self.client,
            task_queue=names.NOTIFICATION_QUEUE,
            workflows=[workflow],  # in its sandbox, unlike in production
            activities=[self.accept, self.advance, self.change, self.conclude, self.ask],
            max_cached_workflows=1_000 if remembers else 0,
        )

    async def until_asked(self, times: int) -> None:
        async with asyncio.timeout(30):
            while self.asked < times:
                await self.skip(timedelta(seconds=15))

    async def start_ladder(self) -> WorkflowHandle[NotificationWorkflow, AcceptedNotification]:
        """One rung at once, which is no longer true, and another in hours."""
        self.channels, self.at_once = (Channel.EMAIL, Channel.SMS), (Channel.EMAIL,)
        self.wake_at, self.attempt = datetime.now(UTC) + timedelta(hours=9), self.no_longer_true
        return await self.start()

    async def start(self) -> WorkflowHandle[NotificationWorkflow, AcceptedNotification]:
        request = build_request(user="42", notification_type="booking", title="Hello", message="There.")
        return await self.client.start_workflow(
            NotificationWorkflow.run,
            request,
            id=names.notification_workflow_id(request.notification_id),
            task_queue=names.NOTIFICATION_QUEUE,
        )


@asynccontextmanager
async def skipped_time(workflow: type[NotificationWorkflow] | None = NotificationWorkflow) -> AsyncIterator[World]:
    """With a worker for `workflow`; None leaves it to the test to have one when it wants to."""
    async with await skipping_server() as server:
        world = World(server.client, server.sleep)
        async with (
            nullcontext() if workflow is None else world.served_by(workflow),
            Worker(server.client, task_queue=names.delivery_queue(Channel.EMAIL), activities=[world.send]),
            Worker(server.client, task_queue=names.delivery_queue(Channel.SMS), activities=[world.send]),
        ):
            yield world
