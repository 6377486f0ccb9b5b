"""A marketplace whose time is skipped: people, what they are told and when, seen through the API."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, time, timedelta
from typing import Any, TypeVar
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx
from skipping import Clock, skipping

from deploy.local.launch import LaunchedStack
from notifications.contracts import names
from notifications.contracts.summaries import SummaryProgress
from notifications.contracts.vocabulary import Weekday

BERLIN = ZoneInfo("Europe/Berlin")
NIGHTS = {day.value: [{"start": "22:00", "end": "07:00"}] for day in Weekday}
SOON = timedelta(seconds=30)
"""So long the product may take, in which time goes on as anywhere."""
_DEADLINE_SECONDS = 20

Found = dict[str, Any]
Seen = TypeVar("Seen")


class Market:
    def __init__(self, stack: LaunchedStack, clock: Clock, http: httpx.AsyncClient) -> None:
        self._stack, self._clock, self._http = stack, clock, http

    async def now(self) -> datetime:
        return await self._clock.set()

    async def skip_to(self, moment: datetime) -> None:
        await self._clock.skip_to(moment)

    async def skip(self, **passed: float) -> None:
        await self.skip_to(await self.now() + timedelta(**passed))

    async def call(
        self, method: str, path: str, body: object = None, *, by: str | None = None, conflict: bool = False
    ) -> Any:
        """By somebody, or else by staff."""
        await self._clock.set()  # a token begins now
        token = self._stack.token(by or "staff", staff=by is None)
        response = await self._http.request(method, path, json=body, headers={"Authorization": f"Bearer {token}"})
        assert response.status_code == 409 if conflict else response.is_success, response.text
        return response.json() if response.content else None

    async def person(self, **profile: object) -> str:
        """Somebody new who can be reached on every channel."""
        user = f"person-{uuid4().hex[:12]}"
        addresses = {"email": f"{user}@example.org", "phone_number": "+15005550006", "push_tokens": [uuid4().hex]}
        await self.call("PUT", f"recipients/{user}/", addresses)
        await self.wants(user, **profile)
        return user

    async def wants(self, user: str, **profile: object) -> None:
        await self.call("PATCH", "notification-settings/profile/", profile, by=user)

    async def tell(self, user: str, **fields: Any) -> str:
        """The notification's id."""
        said = {"title": "Hello", "message": "There.", "delivery_channels": ["in_app", "email"], "escalation": {}}
        body = {"user": user, "notification_type": "payment", **said, **_on_the_wire(fields)}
        return str((await self.call("POST", "notifications/", body))["id"])

    async def remind(self, anchor: str, **fields: Any) -> list[Found]:
        said = {"title": "Soon", "message": "Bring a mat.", "delivery_channels": ["in_app", "email"], "escalation": {}}
        answer = await self.call("POST", "reminders/", {"anchor": anchor, **said, **_on_the_wire(fields)})
        return list(answer["reminders"])

    async def reminders(self, anchor: str, **having: str) -> list[Found]:
        found = (await self.call("GET", f"reminders/{anchor}/"))["reminders"]
        return [each for each in found if having.items() <= each.items()]

    async def change(self, notification: str, what: str, *, conflict: bool = False, **fields: Any) -> dict[str, str]:
        """What came of it on each channel."""
        path = f"notifications/{notification}/{what}/"
        answer = await self.call("POST", path, _on_the_wire(fields), conflict=conflict)
        return {told["channel"]: told["effect"] for told in answer["channels"]}

    async def delivery(
        self, notification: str, channel: str = "email", *, once: Callable[[Found], bool] = lambda _: True
    ) -> Found:
        """As soon as it is so."""

        async def found() -> Found:
            detail = await self.call("GET", f"notifications/{notification}/")
            (delivery,) = [each for each in detail["deliveries"] if each["channel"] == channel]
            return dict(delivery)

        return await _once(found, once)

    async def sent_at(self, notification: str, channel: str = "email") -> datetime:
        found = await self.delivery(notification, channel, once=lambda found: found["sent_at"] is not None)
        return datetime.fromisoformat(found["sent_at"])

    async def waits(self, notification: str, reason: str, until: datetime, *, channel: str = "email") -> None:
        """Returns as soon as it does."""
        moment = until.isoformat().replace("+00:00", "Z")
        await self.delivery(
            notification, channel, once=lambda found: (found["reason"], found["next_attempt_at"]) == (reason, moment)
        )

    async def skipped(self, notification: str, channel: str = "email") -> str:
        """Why."""
        found = await self.delivery(notification, channel, once=lambda found: found["status"] == "skipped")
        return str(found["reason"])

    async def sum_up(self) -> int:
        """A round of weekly summaries, as the schedule starts one; how many were begun."""
        progress = await self._clock.run(names.SUMMARIES_WORKFLOW, names.BULK_QUEUE, SummaryProgress)
        return progress.begun

    async def inbox(self, user: str, *, once: Callable[[list[Found]], bool] = lambda _: True) -> list[Found]:
        """The newest first, as soon as it is so."""

        async def found() -> list[Found]:
            return list((await self.call("GET", "notifications/", by=user))["results"])

        return await _once(found, once)

    async def emails(self, user: str) -> list[str]:
        """The titles of those that the provider has, the first one first."""
        async with httpx.AsyncClient(base_url=self._stack.url) as http:
            found = await http.get("/courier-sandbox/messages", params={"user": user, "channel": "email"})
        return [message["title"] for message in reversed(found.json()["results"])]

    async def vendor_fails(self, channel: str, statuses: list[int]) -> None:
        """With the next calls."""
        script = [{"status": status} for status in statuses]
        async with httpx.AsyncClient(base_url=self._stack.url) as http:
            told = await http.put("/courier-sandbox/faults", json={"channel": channel, "script": script})
        assert told.is_success


@asynccontextmanager
async def market(stack: LaunchedStack) -> AsyncIterator[Market]:
    async with skipping(stack) as (clock, http):
        yield Market(stack, clock, http)


def at(moment: datetime, due: datetime) -> bool:
    """Whether it was on time: not early, and late by no more than what needs to be done."""
    return due <= moment < due + SOON


def wall(day: datetime, clock: str, zone: ZoneInfo = BERLIN, *, days: int = 0) -> datetime:
    """When the clocks of a zone show a time on, or so many days after, the day that an instant is in there."""
    date = day.astimezone(zone).date() + timedelta(days=days)
    return datetime.combine(date, time.fromisoformat(clock), zone).astimezone(UTC)


def next_change(zone: ZoneInfo, after: datetime, *, forward: bool) -> datetime:
    """When its clocks are put forward, or back, two days later at the soonest."""
    hour = after.replace(minute=0, second=0, microsecond=0) + timedelta(days=2)
    while True:
        hour, before = hour + timedelta(hours=1), hour.astimezone(zone).utcoffset() or timedelta(0)
        now = hour.astimezone(zone).utcoffset() or timedelta(0)
        if now > before if forward else now < before:
            return hour


async def _once(find: Callable[[], Awaitable[Seen]], is_so: Callable[[Seen], bool]) -> Seen:
    until = asyncio.get_running_loop().time() + _DEADLINE_SECONDS
    while not is_so(seen := await find()):
        assert asyncio.get_running_loop().time() < until, f"still {seen}"
        await asyncio.sleep(0.02)
    return seen


def _on_the_wire(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in fields.items()}
