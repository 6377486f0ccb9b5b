"""The inbox page in a real browser, on the whole running stack."""

import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Literal

import pytest
from chromium import window
from inbox_reader import Reader, somebody
from playwright.async_api import (
    Browser,
    BrowserContext,
    Locator,
    Page,
    WebSocketRoute,
    expect,
)

from deploy.local.launch import LaunchedStack

# As the product's description prints it; only the address follows the stack's port.
SNIPPET = """
// Connect to WebSocket
const ws = new WebSocket('ws://localhost:8000/ws/notifications/');

// Listen for new notifications
ws.onmessage = (event) => {
  const data = JSON.parse(event.data);
  
  if (data.type === 'new_notification') {
    // Show notification to user
    showNotification(data.notification);
  } else if (data.type === 'unread_count') {
    // Update badge count
    updateBadge(data.count);
  }
};

// Mark notification as read
ws.send(JSON.stringify({
  type: 'mark_read',
  notification_id: notificationId
}));
"""  # noqa: W293 - verbatim


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    async with window(browser, color_scheme="light") as context:
        yield context


@pytest.fixture
async def reader(demo_stack: LaunchedStack, context: BrowserContext) -> AsyncIterator[Reader]:
    async with somebody(demo_stack, context) as reader:
        await context.add_cookies(
            [
                {
                    "name": "notifications_token",
                    "value": demo_stack.token(reader.user),
                    "url": demo_stack.url,
                    "httpOnly": True,
                    "sameSite": "Strict",
                }
            ]
        )
        yield reader


@pytest.fixture
def screenshot_path(tmp_path: Path) -> Callable[[str], Path]:
    """Where a picture goes: into `docs/` only when somebody asked for new ones."""
    folder = Path(__file__).parents[2] / "docs" if os.environ.get("UPDATE_SCREENSHOTS") == "1" else tmp_path
    return folder.joinpath


def row(page: Page, title: str) -> Locator:
    return page.locator("#inbox .row", has=page.get_by_role("heading", name=title, exact=True))


def badge(page: Page) -> Locator:
    return page.locator("#bell .badge")


@pytest.mark.parametrize(("scheme", "picture"), [("light", "inbox.png"), ("dark", "inbox-dark.png")])
async def test_a_picked_person_sees_their_inbox(
    demo_stack: LaunchedStack,
    browser: Browser,
    screenshot_path: Callable[[str], Path],
    scheme: Literal["light", "dark"],
    picture: str,
) -> None:
    async with window(browser, color_scheme=scheme) as context:
        page = await context.new_page()
        await page.goto(demo_stack.url)
        await page.get_by_role("button", name="Anna Lindqvist").click()
        await expect(page.get_by_role("heading", name="Anna")).to_be_visible()
        await expect(page.locator("#inbox .state")).to_have_text("Live")
        # The sample data may still be on its way in, its oldest are read last of all, and receipts take their time.
        await expect(page.locator("#inbox .row:not(.unread)").first).to_be_attached(timeout=60_000)
        asked = row(page, "How was it with Amara?")
        await asked.scroll_into_view_if_needed()
        await expect(asked.locator(".chip")).to_have_text("Email delivered", timeout=60_000)
        await page.locator("#inbox .scroller").evaluate("scroller => { scroller.scrollTop = 0 }")
        await page.screenshot(path=screenshot_path(picture))


async def test_the_badge_is_the_exact_number_of_unread_ones(reader: Reader) -> None:
    for number in range(3):
        await reader.is_sent(f"Before {number}")
    page = await reader.open_inbox()
    await expect(page.locator("#inbox .row")).to_have_count(3)
    await expect(badge(page)).to_have_text("3")
    await row(page, "Before 1").click()
    await expect(badge(page)).to_have_text("2")
    await expect(page.get_by_role("button", name="Notifications, 2 unread")).to_be_visible()
    assert await reader.unread_count() == 2


async def test_a_new_notification_appears_without_a_reload(reader: Reader) -> None:
    page = await reader.open_inbox()
    await page.evaluate("() => { window.sameDocument = true }")
    await reader.is_sent("The room is open")
    await expect(row(page, "The room is open")).to_be_visible()
    await expect(badge(page)).to_have_text("1")
    assert await page.evaluate("() => window.sameDocument")


async def test_the_status_of_a_delivery_is_shown_with_its_reason(reader: Reader) -> None:
    page = await reader.open_inbox()
    await reader.is_sent("For somebody without a mailbox", "email")
    await expect(row(page, "For somebody without a mailbox").locator(".chip")).to_have_text(
        "Email skipped · no address known"
    )


async def test_what_one_tab_marks_read_the_other_tab_shows_read(reader: Reader) -> None:
    await reader.is_sent("Read me")
    await reader.is_sent("Not me")
    one, other = await reader.open_inbox(), await reader.open_inbox()
    await row(one, "Read me").get_by_role("button", name="Mark as read").click()
    await expect(row(other, "Read me").get_by_role("button", name="Mark as unread")).to_be_attached()
    await expect(row(other, "Not me").get_by_role("button", name="Mark as read")).to_be_attached()
    await expect(badge(other)).to_have_text("1")
    await one.locator("#inbox").get_by_role("button", name="Mark all read").click()
    await expect(badge(other)).to_be_hidden()
    await expect(other.locator("#inbox .row.unread")).to_have_count(0)


async def test_a_second_device_on_the_page_follows_by_a_socket_of_its_own(reader: Reader) -> None:
    page = await reader.open_inbox()
    async with page.expect_websocket():
        await page.get_by_role("button", name="A second device").click()
    await reader.is_sent("On both")
    await row(page, "On both").click()
    second = page.locator("#second-inbox .row", has_text="On both")
    await expect(second.get_by_role("button", name="Mark as unread")).to_be_attached()


async def test_the_filters_ask_the_service(reader: Reader) -> None:
    await reader.is_sent("First")
    await reader.is_sent("Second")
    page = await reader.open_inbox()
    await row(page, "First").click()
    inbox = page.locator("#inbox")
    await inbox.get_by_text("Unread", exact=True).click()
    await expect(inbox.locator(".row")).to_have_count(1)
    await inbox.get_by_text("Payments", exact=True).click()
    await expect(inbox.get_by_text("Nothing here with this filter.")).to_be_visible()


async def test_the_example_of_the_description_runs_as_it_is_printed(reader: Reader) -> None:
    await reader.is_sent("Older")
    newest = await reader.is_sent("Newest")
    page = await reader.open_inbox()
    assert await page.evaluate("() => window.notificationId") == newest
    console = await reader.context.new_cdp_session(page)
    answer = await console.send(
        "Runtime.evaluate",
        {"expression": SNIPPET.replace("localhost:8000", _host(reader.stack))},
    )
    assert "exceptionDetails" not in answer
    await expect(row(page, "Newest").get_by_role("button", name="Mark as unread")).to_be_attached()
    await expect(badge(page)).to_have_text("1")
    await reader.is_sent("Heard by both sockets")
    await expect(row(page, "Heard by both sockets")).to_have_count(1)
    await expect(badge(page)).to_have_text("2")


async def test_markup_in_a_notification_is_shown_as_text(reader: Reader) -> None:
    markup = "<img src=x onerror='window.harmed = true'><b>Bold</b>"
    page = await reader.open_inbox()
    await reader.is_sent(markup, message=f"{markup}<script>window.harmed = true</script>")
    await expect(row(page, markup)).to_be_visible()
    await expect(page.locator("#inbox .row").locator("img, b, script")).to_have_count(0)
    assert await page.evaluate("() => window.harmed") is None


async def test_the_page_runs_nothing_but_its_own_files(demo_stack: LaunchedStack, context: BrowserContext) -> None:
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    answer = await page.goto(demo_stack.url)
    assert answer
    await expect(page.get_by_role("button", name="Anna Lindqvist")).to_be_visible()
    policy = set(answer.headers["content-security-policy"].split("; "))
    assert {"default-src 'self'", "require-trusted-types-for 'script'"} <= policy
    blocked = "() => { try { document.body.innerHTML = '<b>no</b>'; return false } catch { return true } }"
    assert await page.evaluate(blocked)
    assert [text for text in complaints if "Content Security Policy" in text] == []


async def test_an_ended_session_asks_for_a_person_again(reader: Reader) -> None:
    sockets: list[WebSocketRoute] = []

    def pass_through(socket: WebSocketRoute) -> None:
        sockets.append(socket)
        socket.connect_to_server()

    await reader.context.route_web_socket("**/ws/notifications/**", pass_through)
    page = await reader.open_inbox()
    await sockets[0].close(code=4003)
    await expect(page.get_by_text("Your session has ended.")).to_be_visible()
    await expect(page.get_by_role("button", name="Anna Lindqvist")).to_be_visible()
    assert len(sockets) == 1


def _host(stack: LaunchedStack) -> str:
    return stack.url.removeprefix("http://")
