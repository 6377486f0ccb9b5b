"""What another device does in the very moment: each is one of the races that `test_any_inbox` finds in random days."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from chromium import window
from inbox_reader import API, Reader, somebody
from own_page import own_page, tag
from playwright.async_api import Browser, Locator, Page, Route, WebSocketRoute, expect

from deploy.local.launch import LaunchedStack

SOCKETS = "**/ws/notifications/**"


@pytest.fixture
async def ada(stack: LaunchedStack, browser: Browser) -> AsyncIterator[Reader]:
    async with window(browser) as context, somebody(stack, context) as ada:
        yield ada


async def opened(ada: Reader) -> Page:
    return await own_page(ada.context, ada.stack, tag(ada.stack, ada.user))


async def on_the_phone(ada: Reader, method: str, path: str, body: object = None) -> None:
    bearer = {"Authorization": f"Bearer {ada.stack.token(ada.user)}"}
    (await ada.http.request(method, API + path, json=body, headers=bearer)).raise_for_status()


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name)


def unread(page: Page) -> Locator:
    return page.locator(".row.unread")


async def test_a_refused_mark_leaves_what_was_marked_elsewhere_meanwhile(ada: Reader) -> None:
    one = await ada.is_sent("Read on the phone")
    page = await opened(ada)
    may_answer = asyncio.Event()

    async def refuse(route: Route) -> None:
        if route.request.method == "PATCH":
            await may_answer.wait()
            await route.fulfill(status=409, json={"detail": "Not today."})
        else:
            await route.continue_()

    await page.route("**/api/v1/**", refuse)
    await button(page, "Mark as read: Read on the phone").click()
    await on_the_phone(ada, "PATCH", f"{one}/", {"is_read": True})
    await expect(page.locator(".badge")).to_be_hidden()
    may_answer.set()
    await expect(page.locator(".toast")).to_contain_text("Not today.")
    await expect(unread(page)).to_have_count(0)


async def test_marking_all_leaves_what_has_not_reached_the_page(ada: Reader) -> None:
    held: list[Callable[[], None]] = []
    is_late = False

    def pass_on(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def deliver(message: str | bytes) -> None:
            if is_late:
                held.append(lambda: socket.send(message))
            else:
                socket.send(message)

        server.on_message(deliver)

    await ada.context.route_web_socket(SOCKETS, pass_on)
    await ada.is_sent("On the page")
    page = await opened(ada)
    await expect(unread(page)).to_have_count(1)
    is_late = True
    await ada.is_sent("On its way")
    async with page.expect_response("**/mark_all_read/**"):
        await button(page, "Mark all read").click()
    assert await ada.unread_count() == 1
    is_late = False
    for deliver in held:
        deliver()
    await expect(unread(page).locator(".title")).to_have_text(["On its way"])


async def test_what_is_in_the_archive_stays_unread_when_all_of_the_inbox_is_read(ada: Reader) -> None:
    one = await ada.is_sent("Put away")
    await on_the_phone(ada, "PATCH", f"{one}/", {"is_archived": True})
    await ada.is_sent("In the inbox")
    page = await opened(ada)
    await page.get_by_text("Archive", exact=True).first.click()
    await expect(unread(page).locator(".title")).to_have_text(["Put away"])
    await on_the_phone(ada, "POST", "mark_all_read/")
    await expect(page.locator(".badge")).to_be_hidden()
    await expect(unread(page)).to_have_count(1)


async def test_what_was_deleted_elsewhere_does_not_come_back(ada: Reader) -> None:
    one = await ada.is_sent("Gone for good")
    await ada.is_sent("Still here")
    page = await opened(ada)
    await button(page, "Delete: Gone for good").click()
    await on_the_phone(ada, "DELETE", f"{one}/")
    await expect(page.locator(".badge")).to_have_text("1")
    await button(page, "Undo").click()
    await expect(page.locator(".title")).to_have_text(["Still here"])


async def test_what_comes_back_is_as_it_has_become(ada: Reader) -> None:
    one = await ada.is_sent("Read meanwhile")
    page = await opened(ada)
    await button(page, "Delete: Read meanwhile").click()
    await on_the_phone(ada, "PATCH", f"{one}/", {"is_read": True})
    await expect(page.locator(".badge")).to_be_hidden()
    await button(page, "Undo").click()
    await expect(page.locator(".row:not(.unread)")).to_have_count(1)
