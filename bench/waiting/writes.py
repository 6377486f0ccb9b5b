"""What Temporal writes for one notification, by its own account, flow by flow."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from bench.accept import ENVIRONMENT
from bench.driver import Driver
from bench.table import section, table
from deploy.local.launch import LaunchedStack, launched
from notifications import NotificationsClient

TIMES = 20
ENTRIES = 10
_WAIT = 2
"""Seconds that an escalation or a schedule waits: longer than everything is accepted in."""
_SETTLE_SECONDS = 1.0
_USER = "written-about"
_WRITE = re.compile(
    r'^persistence_requests\{namespace="default",operation="(?:Create|Update)WorkflowExecution".* (\S+)$'
)

Flow = Callable[[NotificationsClient], Awaitable[None]]


async def _notify(client: NotificationsClient, *channels: str, **options: Any) -> Any:
    return await client.notify(
        user=_USER,
        notification_type="booking",
        title="Booking confirmed",
        message="See you on Tuesday.",
        delivery_channels=["in_app", *channels],
        **{"escalation": {}, **options},
    )


async def _scheduled(client: NotificationsClient) -> None:
    await _notify(client, "email", scheduled_for=datetime.now(UTC) + timedelta(seconds=_WAIT))


async def _read_in_time(client: NotificationsClient, *, http: httpx.AsyncClient) -> None:
    notification = await _notify(client, "email", escalation={"email": _WAIT})
    path = f"/api/v1/drf/notifications/notifications/{notification.id}/mark_as_read/"
    (await http.post(path)).raise_for_status()


async def _reminded(client: NotificationsClient) -> None:
    await client.remind(
        anchor=f"booking:{uuid4().hex}",
        starts_at=datetime.now(UTC) + timedelta(seconds=_WAIT),
        offsets=[0],
        users=[_USER],
        title="It starts",
        message="Bring a mat.",
        delivery_channels=["in_app"],
    )


async def _digested(client: NotificationsClient) -> None:
    key = uuid4().hex
    window = {"kind": "count", "count": ENTRIES, "at_most_seconds": 60}
    for _ in range(ENTRIES):
        await _notify(client, "email", escalation=None, digest={"key": key, "window": window})


def _flows(http: httpx.AsyncClient) -> dict[str, tuple[Flow, str]]:
    """By name: what one does, and what a bare workflow of the same steps needs."""
    unread = partial(_notify, escalation={"email": _WAIT})
    return {
        "in-app": (partial(_notify), "2 + 1"),
        "in-app, e-mail": (lambda client: _notify(client, "email"), "7"),
        "in-app, e-mail, SMS, push": (lambda client: _notify(client, "email", "sms", "push"), "10 + 1"),
        "scheduled, in-app and e-mail": (_scheduled, "9 + 1"),
        "e-mail unless read: unread": (lambda client: unread(client, "email"), "9 + 1"),
        "e-mail unless read: read": (partial(_read_in_time, http=http), "5 + 1"),
        "a reminder and what it fires, in-app": (_reminded, ""),
        f"a digest of {ENTRIES}, in-app and e-mail": (_digested, ""),
    }


def writes(state: Path) -> str:
    with ExitStack() as resources:
        stack = resources.enter_context(launched(state, environment=ENVIRONMENT))
        product = resources.enter_context(Driver("product_driver", stack.environment))
        counted = asyncio.run(_count(stack, lambda: asyncio.to_thread(product.ask, "drain")))
    return section(
        "What Temporal writes",
        f"Creations and updates of workflow executions, by the server's own count, for each of {TIMES}, until every "
        "workflow has ended. Beside them what a bare workflow of the same steps needs; `+ 1` for an update that starts "
        "the workflow and answers, where that was counted for a start alone.",
        table(["flow", "writes", "bare"], counted),
    )


async def _count(stack: LaunchedStack, drain: Callable[[], Awaitable[object]]) -> list[tuple[str, str, str]]:
    metrics = f"http://127.0.0.1:{stack.listing['ports']['temporal_metrics']}/metrics"
    client = await NotificationsClient.connect(stack.temporal_address)
    rows = []
    async with _caller(stack, "staff", staff=True) as staff, _caller(stack, _USER) as owner:
        person = {"email": "written@example.com", "phone_number": "+15005550006", "push_tokens": ["token"]}
        answer = await staff.put(f"/api/v1/drf/notifications/recipients/{_USER}/", json=person)
        answer.raise_for_status()
        for name, (flow, bare) in _flows(owner).items():
            await flow(client)
            before = await _settled(metrics, drain)
            for _ in range(TIMES):
                await flow(client)
            rows.append((name, f"{(await _settled(metrics, drain) - before) / TIMES:.1f}", bare))
    return rows


async def _settled(metrics: str, drain: Callable[[], Awaitable[object]]) -> float:
    """The count once nothing runs and nothing is written any more; the server's own list of what runs lags."""
    before = -1.0
    while (count := await _written(metrics)) != before:
        before = count
        await asyncio.sleep(_SETTLE_SECONDS)
        await drain()
    return count


def _caller(stack: LaunchedStack, user: str, *, staff: bool = False) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {stack.token(user, staff=staff)}"}
    return httpx.AsyncClient(base_url=stack.url, headers=headers, timeout=30)


async def _written(metrics: str) -> float:
    async with httpx.AsyncClient() as http:
        lines = (await http.get(metrics)).text.splitlines()
    return sum(float(found[1]) for line in lines if (found := _WRITE.match(line)))
