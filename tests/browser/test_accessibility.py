"""What axe finds on the inbox, the demo page and the staff console, by day and by night, in each of their states."""

from collections.abc import AsyncIterator

import pytest
from axe_playwright_python.async_playwright import Axe
from chromium import window
from inbox_reader import Reader, somebody
from own_page import bare_page, own_page, tag
from playwright.async_api import Browser, BrowserContext, Page, ViewportSize, expect

from deploy.local.launch import LaunchedStack

SCHEMES = ("light", "dark")
SOCKETS = "**/ws/notifications/**"
NARROW: ViewportSize = {"width": 360, "height": 700}


@pytest.fixture(params=SCHEMES)
async def context(browser: Browser, request: pytest.FixtureRequest) -> AsyncIterator[BrowserContext]:
    async with window(browser, color_scheme=request.param) as context:
        yield context


@pytest.fixture
async def ada(stack: LaunchedStack, context: BrowserContext) -> AsyncIterator[Reader]:
    async with somebody(stack, context) as ada:
        yield ada


async def violations(page: Page) -> list[str]:
    """Each rule that is broken, and the elements that break it."""
    found = await Axe().run(page)
    return [
        f"{violation['id']}: {node['target']} {node.get('failureSummary', '')}"
        for violation in found.response["violations"]
        for node in violation["nodes"]
    ]


async def test_the_inbox_in_each_of_its_states(ada: Reader) -> None:
    page = await own_page(ada.context, ada.stack, tag(ada.stack, ada.user))
    await expect(page.get_by_text("Nothing yet.")).to_be_visible()
    assert await violations(page) == [], "empty"
    await ada.is_sent("By email, too", "email")
    await ada.is_sent("Already read")
    await page.get_by_role("button", name="Mark as read: Already read").click()
    await expect(page.locator(".chip")).to_be_visible()
    await page.locator(".title").first.focus()
    assert await violations(page) == [], "with a row in focus"
    await page.get_by_role("button", name="Delete: Already read").click()
    assert await violations(page) == [], "with a way back"
    await page.set_viewport_size(NARROW)
    assert await violations(page) == [], "narrow"
    await page.get_by_role("button", name="Settings").click()
    await expect(page.get_by_role("button", name="Save")).to_be_visible()
    assert await violations(page) == [], "settings"


async def test_the_bell_closed_and_open(ada: Reader) -> None:
    await ada.is_sent("Behind the bell")
    page = await own_page(ada.context, ada.stack, tag(ada.stack, ada.user, ""))
    await expect(page.locator(".badge")).to_have_text("1")
    assert await violations(page) == [], "closed"
    await page.locator(".bell").click()
    await expect(page.locator(".row")).to_be_visible()
    assert await violations(page) == [], "open"


async def test_the_inbox_that_cannot_be_read_or_not_live(ada: Reader) -> None:
    await ada.context.route_web_socket(SOCKETS, lambda socket: socket.close(code=1011))
    await ada.context.route("**/notifications/?cursor=**", lambda route: route.fulfill(status=503, json={}))
    page = await bare_page(ada.context, ada.stack, tag(ada.stack, ada.user))
    await expect(page.get_by_role("button", name="Try again")).to_be_visible()
    await expect(page.locator(".state")).to_have_attribute("data-state", "polling")
    assert await violations(page) == [], "polling in vain"
    await ada.context.set_offline(offline=True)
    await expect(page.locator(".state")).to_have_attribute("data-state", "offline", timeout=40_000)
    assert await violations(page) == [], "offline"


async def test_the_demo_page_with_and_without_a_person(demo_stack: LaunchedStack, context: BrowserContext) -> None:
    page = await context.new_page()
    await page.goto(demo_stack.url)
    await expect(page.get_by_role("button", name="Anna Lindqvist")).to_be_visible()
    assert await violations(page) == [], "whose inbox"
    await page.get_by_role("button", name="Anna Lindqvist").click()
    await expect(page.locator("#inbox .row").first).to_be_visible(timeout=60_000)
    await page.get_by_role("button", name="A second device").click()
    await expect(page.locator("#second-inbox .row").first).to_be_visible()
    assert await violations(page) == [], "two devices"


async def test_the_staff_console_view_by_view(ada: Reader) -> None:
    await ada.is_sent("For the console", "email")
    page = await ada.context.new_page()
    await page.goto(f"{ada.stack.url}/console/")
    await expect(page.get_by_label("Staff token")).to_be_visible()
    assert await violations(page) == [], "sign-in"
    await page.get_by_label("Staff token").fill(ada.stack.token("staff", staff=True))
    await page.get_by_role("button", name="Sign in").click()
    for view in ("Failures", "Templates", "Rates", "Notifications"):
        await page.get_by_role("link", name=view, exact=True).click()
        await expect(page.locator("h1")).to_be_focused()
        assert await violations(page) == [], view
    await page.get_by_role("link", name="For the console").first.click()
    await expect(page.get_by_role("img", name="Timeline")).to_be_visible()
    assert await violations(page) == [], "one notification"
