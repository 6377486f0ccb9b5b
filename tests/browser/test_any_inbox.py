"""Whatever is done in whatever order, on a bad network: in the end each inbox on a page shows what the service has.

`RANDOM_INBOXES=40 make test ARGS=tests/browser/test_any_inbox.py`, as in `make test-long`, takes that many days.
"""

import asyncio
import os
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from chromium import window
from inbox_reader import API, Reader
from own_page import own_page, tag
from playwright.async_api import Browser, Locator
from unruly_network import UnrulyNetwork

from deploy.local.launch import LaunchedStack
from notifications import NotificationsClient

INBOXES = int(os.environ.get("RANDOM_INBOXES", "3"))
STEPS = 60
TYPES = ("session", "booking")
SETTLED_SECONDS = 20

# What a reader can do, done to a row chosen by a number; the buttons are those of the row, in their order.
CLICK = """(inbox, [number, what]) => {
  const root = inbox.shadowRoot;
  const rows = [...root.querySelectorAll(".row")];
  const row = rows[number % rows.length];
  const button = (index) => row?.querySelectorAll(".actions > button")[index]?.click();
  if (what === "open") row?.querySelector(".title").click();
  if (what === "mark") button(0);
  if (what === "archive") button(1);
  if (what === "delete") button(2);
  if (what === "undo" && !root.querySelector(".toast button").hidden) root.querySelector(".toast button").click();
  if (what === "mark all") root.querySelector("[part=mark-all]").click();
  const select = row?.querySelector("select");
  if (what === "snooze" && select) {
    select.value = "week";
    select.dispatchEvent(new Event("change"));
  }
}"""
CHOOSE = """(inbox, [name, value]) => inbox.shadowRoot.querySelector(`input[name=${name}][value="${value}"]`).click()"""
SHOWN = """(inbox) => ({
  seq: inbox.client.seq,
  count: inbox.unreadCount,
  isBusy: inbox.shadowRoot.querySelector(".list").ariaBusy !== "false",
  show: inbox.shadowRoot.querySelector("input[name=show]:checked").value,
  type: inbox.shadowRoot.querySelector("input[name=type]:checked").value,
  rows: [...inbox.shadowRoot.querySelectorAll(".row")].map((row) => [
    row.dataset.id, !row.classList.contains("unread"),
  ]),
})"""
ACTIONS = ("open", "mark", "mark", "archive", "delete", "undo", "mark all", "snooze")
VIEWS = ("all", "all", "unread", "archived")
QUERIES = {"all": {}, "unread": {"is_read": "false"}, "archived": {"archived": "true"}}

Shown = dict[str, Any]


class Day:
    """A person with three inboxes on two pages, one of them with a connection of its own, and a phone."""

    def __init__(self, reader: Reader, client: NotificationsClient, random: Random) -> None:
        self.reader, self.client, self.random = reader, client, random
        self.network = UnrulyNetwork(reader.stack, random)
        self.inboxes: list[Locator] = []
        self.made: list[str] = []

    async def begin(self) -> None:
        for _ in range(6):
            await self.create()
        stack, user = self.reader.stack, self.reader.user
        await self.network.between(self.reader.context)
        page = await own_page(self.reader.context, stack, tag(stack, user), tag(stack, user, "inline unshared"))
        other = await own_page(self.reader.context, stack, tag(stack, user))
        self.inboxes = [*await page.locator("notification-inbox").all(), other.locator("notification-inbox")]

    async def step(self) -> None:
        inbox = self.random.choice(self.inboxes)
        number = self.random.randrange(100)
        match self.random.choices(("act", "phone", "create", "choose", "cut"), weights=(10, 5, 4, 2, 1))[0]:
            case "act":
                await inbox.evaluate(CLICK, [number, self.random.choice(ACTIONS)])
            case "phone":
                await self.on_the_phone()
            case "create":
                await self.create()
            case "choose":
                await inbox.evaluate(CHOOSE, ["show", self.random.choice(VIEWS)])
                await inbox.evaluate(CHOOSE, ["type", self.random.choice(("", "", *TYPES))])
            case "cut":
                await self.network.cut()

    async def create(self) -> None:
        made = await self.client.notify(
            user=self.reader.user,
            title=f"Number {len(self.made)}",
            message="Words.",
            notification_type=self.random.choice(TYPES),
            delivery_channels=["in_app"],
        )
        self.made.append(str(made.id))

    async def on_the_phone(self) -> None:
        one = f"{self.random.choice(self.made)}/"
        later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        method, path, body = self.random.choice(
            [
                ("PATCH", one, {"is_read": True}),
                ("PATCH", one, {"is_read": False}),
                ("PATCH", one, {"is_archived": True}),
                ("PATCH", one, {"is_archived": False}),
                ("PATCH", one, {"snoozed_until": later}),
                ("PATCH", one, {"snoozed_until": None}),
                ("DELETE", one, None),
                ("POST", "mark_all_read/", None),
                ("POST", f"mark_all_read/?up_to_seq={self.random.randrange(await self.seq() + 1)}", None),
                ("POST", "mark_read/", {"is_read": False}),
            ]
        )
        response = await self.call(method, path, body)
        assert response.status_code in (200, 204, 404, 409), response.text

    async def call(self, method: str, path: str, body: object = None) -> httpx.Response:
        bearer = {"Authorization": f"Bearer {self.reader.stack.token(self.reader.user)}"}
        return await self.reader.http.request(method, API + path, json=body, headers=bearer)

    async def seq(self) -> int:
        address = self.reader.stack.environment["DATABASE_URL"].replace("+psycopg", "")
        async with await psycopg.AsyncConnection.connect(address) as connection:
            cursor = await connection.execute("SELECT last_seq FROM inboxes WHERE user_id = %s", [self.reader.user])
            row = await cursor.fetchone()
        return int(row[0]) if row else 0

    async def end(self) -> None:
        """What could still be undone is done, and what is late arrives."""
        self.network.is_unruly = False
        for inbox in self.inboxes:
            await inbox.evaluate("() => dispatchEvent(new Event('pagehide'))")
        for inbox in self.inboxes:
            await self.shows_what_is_there(inbox)

    async def shows_what_is_there(self, inbox: Locator) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + SETTLED_SECONDS
        while True:
            shown = await inbox.evaluate(SHOWN)
            expected = await self.expected(shown["show"], shown["type"])
            if self.comparable(shown) == expected:
                return
            assert loop.time() < deadline, f"shown {self.comparable(shown)}, expected {expected}: {shown}"
            await asyncio.sleep(0.1)

    def comparable(self, shown: Shown) -> Shown:
        """In the list of the unread, those that were read there stay until it is read again."""
        rows = [row for row in shown["rows"] if shown["show"] != "unread" or not row[1]]
        return {"seq": shown["seq"], "count": shown["count"], "isBusy": shown["isBusy"], "rows": rows}

    async def expected(self, show: str, kind: str) -> Shown:
        query = httpx.QueryParams({"page_size": 100, **QUERIES[show], **({"notification_type": kind} if kind else {})})
        page = (await self.call("GET", f"?{query}")).json()
        count = await self.reader.unread_count()
        rows = [[item["id"], item["is_read"]] for item in page["results"]]
        return {"seq": await self.seq(), "count": count, "isBusy": False, "rows": rows}


@pytest.mark.parametrize("seed", range(INBOXES))
async def test_after_any_day_every_inbox_shows_what_the_service_has(
    stack: LaunchedStack, client: NotificationsClient, browser: Browser, seed: int
) -> None:
    async with window(browser) as context, httpx.AsyncClient(base_url=stack.url, timeout=20) as http:
        reader = Reader(user=f"any-{uuid4().hex[:12]}", stack=stack, context=context, http=http)
        day = Day(reader, client, Random(seed))  # noqa: S311 - repeatable, not secret
        await day.begin()
        for _ in range(STEPS):
            await day.step()
            await asyncio.sleep(day.random.choice((0, 0, 0.02, 0.1)))
        try:
            await day.end()
        finally:
            day.network.end()
