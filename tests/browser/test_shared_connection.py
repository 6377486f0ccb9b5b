"""One connection for all tabs of a user, none for anybody else, and what happens when it breaks."""

import asyncio
import time
from collections.abc import AsyncIterator
from uuid import uuid4

import jwt
import pytest
from chromium import window
from inbox_reader import Reader, somebody
from own_page import bare_page, own_page, tag
from playwright.async_api import Browser, BrowserContext, Locator, Page, WebSocket, WebSocketRoute, expect

from deploy.local.launch import LaunchedStack

SOCKETS = "**/ws/notifications/**"


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    async with window(browser) as context:
        yield context


@pytest.fixture
async def ada(stack: LaunchedStack, context: BrowserContext) -> AsyncIterator[Reader]:
    async with somebody(stack, context) as ada:
        yield ada


def somebody_else(reader: Reader) -> Reader:
    return Reader(user=f"bob-{uuid4().hex[:12]}", stack=reader.stack, context=reader.context, http=reader.http)


def sockets_of(context: BrowserContext) -> list[WebSocket]:
    """Those that the pages opened from now on open."""
    sockets: list[WebSocket] = []

    def remember(socket: WebSocket) -> None:
        sockets.append(socket)

    context.on("page", lambda page: page.on("websocket", remember))
    return sockets


def row(page: Page | Locator, title: str) -> Locator:
    return page.locator(".row", has_text=title)


def state(page: Page) -> Locator:
    return page.locator(".state")


async def has_state(page: Page, name: str) -> None:
    await expect(state(page)).to_have_attribute("data-state", name, timeout=40_000)


async def test_two_tabs_share_one_socket(ada: Reader) -> None:
    sockets = sockets_of(ada.context)
    tabs = [await own_page(ada.context, ada.stack, tag(ada.stack, ada.user)) for _ in range(3)]
    await ada.is_sent("Heard in every tab")
    for tab in tabs:
        await expect(row(tab, "Heard in every tab")).to_be_visible()
        await expect(tab.locator(".badge")).to_have_text("1")
    assert len(sockets) == 1


async def test_when_the_leading_tab_is_closed_another_one_goes_on_where_it_was(ada: Reader) -> None:
    sockets = sockets_of(ada.context)
    leader, follower = [await own_page(ada.context, ada.stack, tag(ada.stack, ada.user)) for _ in range(2)]
    await ada.is_sent("Before")
    await expect(row(follower, "Before")).to_be_visible()
    async with follower.expect_websocket() as opened:
        await leader.close()
        await ada.is_sent("In between")
    assert "seq=1" in (await opened.value).url
    await expect(row(follower, "In between")).to_have_count(1)
    assert len(sockets) == 2


async def test_two_users_in_one_browser_never_see_each_others(ada: Reader) -> None:
    bob = somebody_else(ada)
    page = await own_page(ada.context, ada.stack, tag(ada.stack, ada.user), tag(ada.stack, bob.user))
    inboxes = page.locator("notification-inbox")
    other_tab = await own_page(ada.context, ada.stack, tag(ada.stack, bob.user))
    await ada.is_sent("For Ada")
    await bob.is_sent("For Bob")
    for inbox, own in ((inboxes.first, "For Ada"), (inboxes.last, "For Bob"), (other_tab, "For Bob")):
        await expect(row(inbox, own)).to_be_visible()
        await expect(inbox.locator(".row")).to_have_count(1)
        await expect(inbox.locator(".badge")).to_have_text("1")


async def test_without_locks_each_tab_has_a_connection_of_its_own(ada: Reader) -> None:
    await ada.context.add_init_script("Object.defineProperty(navigator, 'locks', { value: undefined })")
    sockets = sockets_of(ada.context)
    tabs = [await own_page(ada.context, ada.stack, tag(ada.stack, ada.user)) for _ in range(2)]
    await ada.is_sent("Heard all the same")
    for tab in tabs:
        await expect(row(tab, "Heard all the same")).to_be_visible()
    assert len(sockets) == 2


async def test_what_was_missed_while_disconnected_arrives_after_reconnecting(ada: Reader) -> None:
    sockets: list[WebSocketRoute] = []
    may_return = asyncio.Event()

    async def pass_through(socket: WebSocketRoute) -> None:
        if sockets:
            await may_return.wait()
        sockets.append(socket)
        socket.connect_to_server()

    await ada.context.route_web_socket(SOCKETS, pass_through)
    page = await own_page(ada.context, ada.stack, tag(ada.stack, ada.user))
    await sockets[0].close(code=1012)
    await has_state(page, "reconnecting")
    await ada.is_sent("Meanwhile")
    await expect(row(page, "Meanwhile")).to_have_count(0)
    may_return.set()
    await expect(row(page, "Meanwhile")).to_be_visible()
    await has_state(page, "live")
    assert "seq=0" in sockets[1].url


async def test_an_event_lost_on_a_healthy_socket_is_asked_for_again(ada: Reader) -> None:
    dropped: list[str] = []

    def lose_the_first_event(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def deliver(message: str | bytes) -> None:
            if not dropped and "new_notification" in str(message):
                dropped.append(str(message))
            else:
                socket.send(message)

        server.on_message(deliver)

    await ada.context.route_web_socket(SOCKETS, lose_the_first_event)
    page = await own_page(ada.context, ada.stack, tag(ada.stack, ada.user))
    await ada.is_sent("Lost on the way")
    await ada.is_sent("After it")
    await expect(row(page, "Lost on the way")).to_have_count(1)
    await expect(page.locator(".row")).to_have_count(2)
    assert dropped


async def test_offline_is_said_and_what_was_missed_is_there_when_the_network_is_back(ada: Reader) -> None:
    sockets: list[WebSocketRoute] = []
    is_down = False

    async def pass_through(socket: WebSocketRoute) -> None:
        if is_down:
            await socket.close(code=1011)
            return
        sockets.append(socket)
        socket.connect_to_server()

    await ada.context.route_web_socket(SOCKETS, pass_through)
    page = await own_page(ada.context, ada.stack, tag(ada.stack, ada.user))
    is_down = True
    await ada.context.set_offline(offline=True)
    await sockets[0].close(code=1011)
    await has_state(page, "offline")
    await ada.is_sent("While you were out")
    is_down = False
    await ada.context.set_offline(offline=False)
    await expect(row(page, "While you were out")).to_be_visible()
    await has_state(page, "live")


async def test_without_any_socket_the_inbox_is_kept_over_rest(ada: Reader) -> None:
    await ada.context.route_web_socket(SOCKETS, lambda socket: socket.close(code=1011))
    await ada.is_sent("Already there")
    page = await bare_page(ada.context, ada.stack, tag(ada.stack, ada.user))
    await expect(row(page, "Already there")).to_be_visible()
    await has_state(page, "polling")
    await ada.is_sent("Later")
    await expect(row(page, "Later")).to_be_visible(timeout=40_000)
    await row(page, "Later").click()
    await expect(page.locator(".badge")).to_have_text("1")


async def test_a_refused_token_stops_every_tab_until_one_has_a_new_one(ada: Reader) -> None:
    sockets: list[WebSocketRoute] = []

    def pass_through(socket: WebSocketRoute) -> None:
        sockets.append(socket)
        socket.connect_to_server()

    await ada.context.route_web_socket(SOCKETS, pass_through)
    tabs = [await own_page(ada.context, ada.stack, tag(ada.stack, ada.user)) for _ in range(2)]
    await sockets[0].close(code=4001)
    for tab in tabs:
        await has_state(tab, "signed-out")
    await ada.is_sent("With a new token")
    await tabs[0].evaluate("() => dispatchEvent(new Event('online'))")
    assert len(sockets) == 1
    await renew(tabs[1], token_of(ada, seconds=3600))
    for tab in tabs:
        await has_state(tab, "live")
        await expect(row(tab, "With a new token")).to_be_visible()
    assert len(sockets) == 2


async def test_a_token_is_renewed_on_the_open_socket(ada: Reader) -> None:
    sockets = sockets_of(ada.context)
    page = await own_page(ada.context, ada.stack, tag(ada.stack, ada.user))
    async with sockets[0].expect_event("framereceived", lambda frame: "token_refreshed" in str(frame)):
        await renew(page, token_of(ada, seconds=3600))
    assert len(sockets) == 1
    assert "token=" not in sockets[0].url


async def test_a_token_that_ends_while_the_page_is_open_is_waited_for(ada: Reader) -> None:
    sockets = sockets_of(ada.context)
    page = await own_page(ada.context, ada.stack, tag(ada.stack, ada.user, token=token_of(ada, seconds=5)))
    await has_state(page, "signed-out")
    assert len(sockets) == 1
    await renew(page, token_of(ada, seconds=3600))
    await has_state(page, "live")


def token_of(reader: Reader, *, seconds: int) -> str:
    """Another one than those of the stack, which are good for a day."""
    claims = {"user_id": reader.user, "exp": int(time.time()) + seconds}
    return jwt.encode(claims, reader.stack.environment["JWT_SECRET"], algorithm="HS256")


async def renew(page: Page, token: str) -> None:
    await page.locator("notification-inbox").evaluate("(inbox, token) => inbox.setAttribute('token', token)", token)
