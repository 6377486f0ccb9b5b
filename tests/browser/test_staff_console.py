"""The staff console in a real browser, on the whole running stack."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from chromium import window
from inbox_reader import Reader
from playwright.async_api import Browser, BrowserContext, Locator, Page, ViewportSize, expect

from deploy.local.launch import LaunchedStack

BASE = "/api/v1/drf/notifications/"
MARKUP = "<img src=x onerror='window.harmed = true'><b>Bold</b>"
WIDE: ViewportSize = {"width": 1440, "height": 900}


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    async with window(browser, viewport=WIDE, color_scheme="light") as context:
        yield context


@pytest.fixture
async def vendor(stack: LaunchedStack) -> AsyncIterator[httpx.AsyncClient]:
    """Staff at the service, and the sandbox's faults."""
    headers = {"Authorization": f"Bearer {stack.token('staff', staff=True)}"}
    async with httpx.AsyncClient(base_url=stack.url, timeout=20, headers=headers) as http:
        yield http


@pytest.fixture
async def ada(stack: LaunchedStack, context: BrowserContext, vendor: httpx.AsyncClient) -> Reader:
    """Somebody who can be reached by email."""
    reader = Reader(user=f"user-{uuid4().hex[:12]}", stack=stack, context=context, http=vendor)
    profile = {"name": "Ada Lovelace", "email": f"{reader.user}@example.org"}
    (await vendor.put(f"{BASE}recipients/{reader.user}/", json=profile)).raise_for_status()
    return reader


@pytest.fixture
async def page(stack: LaunchedStack, context: BrowserContext) -> AsyncIterator[Page]:
    """The console, signed in; whatever the browser complained about fails the test."""
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(address(stack))
    await expect(heading(page, "Notifications")).to_be_visible()
    yield page
    # A refusal that a test is about is told by the browser as well.
    assert [told for told in complaints if "Failed to load resource" not in told] == []


def address(stack: LaunchedStack) -> str:
    return f"{stack.url}/console/#token={stack.token('staff', staff=True)}"


def heading(page: Page, name: str) -> Locator:
    return page.get_by_role("heading", name=name, exact=True)


async def find(page: Page, **fields: str) -> None:
    for label, value in fields.items():
        await page.get_by_label(label.capitalize()).fill(value)
    await page.get_by_role("button", name="Find").click()


async def template(vendor: httpx.AsyncClient, key: str, channel: str, **fields: str) -> dict[str, Any]:
    words = {"subject_template": "Hello {{ name }}", "body_template": "Stored words for {{ name }}."}
    body = {"key": key, "notification_type": "system", "delivery_channel": channel, **words, **fields}
    response = await vendor.post(f"{BASE}notification-templates/", json=body)
    response.raise_for_status()
    made: dict[str, Any] = response.json()
    return made


async def refused(ada: Reader, vendor: httpx.AsyncClient, title: str) -> str:
    """A notification whose email the vendor has refused once, for good."""
    script = {"channel": "email", "script": [400]}
    (await vendor.put("/courier-sandbox/faults", json=script)).raise_for_status()
    notification = await ada.is_sent(title, "email")
    async with asyncio.timeout(20):
        while (await vendor.get(f"{BASE}notifications/{notification}/")).json()["status"] != "failed":
            await asyncio.sleep(0.05)
    return notification


async def test_the_token_leaves_the_address_and_stays_in_the_tab(page: Page, stack: LaunchedStack) -> None:
    assert page.url == f"{stack.url}/console/#/notifications"
    await page.reload()
    await expect(heading(page, "Notifications")).to_be_visible()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_label("Staff token")).to_be_focused()
    assert await page.evaluate("() => sessionStorage.length") == 0


async def test_somebody_who_is_not_staff_is_asked_for_another_token(
    stack: LaunchedStack, context: BrowserContext
) -> None:
    page = await context.new_page()
    await page.goto(f"{stack.url}/console/")
    await page.get_by_label("Staff token").fill(stack.token("somebody"))
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("status").first).to_have_text("This token is not a staff token. Paste another one.")
    await page.get_by_label("Staff token").fill(stack.token("staff", staff=True))
    await page.get_by_label("Staff token").press("Enter")
    await expect(heading(page, "Notifications")).to_be_visible()


async def test_a_notification_is_found_and_its_timeline_drawn(page: Page, ada: Reader) -> None:
    await ada.is_sent(f"The lotus room of {ada.user}", "email")
    await find(page, words=f"LOTUS room of {ada.user}")
    await page.get_by_role("link", name=f"The lotus room of {ada.user}").click()
    await expect(heading(page, f"The lotus room of {ada.user}")).to_be_focused()
    picture = page.get_by_role("img", name="Timeline")
    for moment in ("accepted", "in the inbox", "try 1", "sent", "delivered"):
        await expect(picture.get_by_text(moment, exact=True).first).to_be_attached()
    (await ada.http.post(f"{BASE}notifications/mark_all_read/", headers=own(ada))).raise_for_status()
    await expect(picture.get_by_text("read", exact=True)).to_be_attached()
    await page.get_by_text("moments, and why").click()
    await expect(page.locator(".moments")).to_contain_text("The provider took it over.")


async def test_what_waits_is_drawn_up_to_its_time(page: Page, ada: Reader) -> None:
    body = {
        "user": ada.user,
        "title": "For later",
        "message": "Not yet.",
        "notification_type": "system",
        "delivery_channels": ["in_app", "email"],
        "scheduled_for": "2039-05-01T12:00:00Z",
    }
    (await ada.http.post(f"{BASE}notifications/", json=body)).raise_for_status()
    await find(page, person=ada.user)
    await page.get_by_role("link", name="For later").click()
    picture = page.get_by_role("img", name="Timeline")
    await expect(picture.locator(".state.waiting")).to_have_count(1)
    await expect(picture.get_by_text("until 1 May")).to_be_attached()


async def test_a_failed_delivery_is_tried_again(page: Page, ada: Reader, vendor: httpx.AsyncClient) -> None:
    await refused(ada, vendor, "To be refused")
    await page.get_by_role("link", name="Failures").click()
    await find(page, person=ada.user)
    row = page.locator("tr", has_text=ada.user)
    await expect(row).to_contain_text("provider rejected")
    await row.get_by_role("button", name=f"Try again: email for {ada.user}").press("Enter")
    await expect(row.locator(".chip")).to_have_text("delivered")
    sent = (await vendor.get("/courier-sandbox/messages", params={"user": ada.user})).json()["results"]
    assert len(sent) == 1


async def test_one_channel_is_tried_again_from_the_notification(
    page: Page, ada: Reader, vendor: httpx.AsyncClient
) -> None:
    notification = await refused(ada, vendor, "Refused once")
    await page.goto(f"{ada.stack.url}/console/#/notifications/{notification}")
    await page.get_by_role("button", name="Try email again").click()
    await expect(page.get_by_role("img", name="Timeline").get_by_text("redriven", exact=True)).to_be_attached()
    await expect(page.locator(".detail tbody tr", has_text="email").locator(".chip")).to_have_text("delivered")


async def test_what_is_being_written_is_previewed_for_each_channel(page: Page, vendor: httpx.AsyncClient) -> None:
    key = f"console.{uuid4().hex[:10]}"
    await template(vendor, key, "email")
    await template(vendor, key, "sms", body_template="By text, {{ name }}.")
    await edit(page, key, "email")
    await page.get_by_label("Sample data").fill('{"name": "Ada"}')
    await page.get_by_label("Text", exact=True).fill("A draft for {{ name }}.")
    await expect(page.locator(".preview.email .body")).to_have_text("A draft for Ada.")
    await expect(page.locator(".preview.email .subject")).to_have_text("Subject Hello Ada")
    await expect(page.locator(".preview.sms .body")).to_have_text("By text, Ada.")
    await expect(page.locator(".preview.push")).to_contain_text("in the words of email")
    await page.get_by_label("Text", exact=True).fill("Who is {{ somebody }}?")
    await expect(page.locator(".preview.email .error")).to_have_text("The variable 'somebody' is missing.")


async def test_a_version_is_saved_and_a_stale_one_is_told_of(page: Page, vendor: httpx.AsyncClient) -> None:
    key = f"console.{uuid4().hex[:10]}"
    made = await template(vendor, key, "email")
    await edit(page, key, "email")
    await page.get_by_label("Text", exact=True).fill("Second words.")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Version 2 is in use.")).to_be_visible()
    path = f"{BASE}notification-templates/{made['id']}/"
    (await vendor.patch(path, json={"body_template": "Somebody else's words."})).raise_for_status()
    await page.get_by_label("Text", exact=True).fill("Third words.")
    await page.get_by_role("button", name="Save").click()
    conflict = page.get_by_role("alert")
    await expect(conflict).to_contain_text("somebody has changed it meanwhile")
    await expect(conflict).to_contain_text("Somebody else's words.")
    assert (await vendor.get(path)).json()["version"] == 3
    await conflict.get_by_role("button", name="Write mine over it").click()
    await expect(page.get_by_text("Version 4 is in use.")).to_be_visible()
    assert (await vendor.get(path)).json()["body_template"] == "Third words."


async def test_rates_and_failures_are_plotted(page: Page, ada: Reader, vendor: httpx.AsyncClient) -> None:
    await refused(ada, vendor, "Counted")
    await page.get_by_role("link", name="Rates").click()
    await expect(page.get_by_role("img", name="Sent per minute: in-app at most")).to_be_visible()
    await expect(page.get_by_role("img", name="Failed tries per minute")).to_be_visible()
    sent = page.get_by_role("row", name="in-app").get_by_role("cell").first
    assert int(await sent.inner_text()) >= 1


async def test_markup_in_a_title_is_shown_as_text(page: Page, ada: Reader) -> None:
    await ada.is_sent(MARKUP, message=f"{MARKUP}<script>window.harmed = true</script>")
    await find(page, person=ada.user)
    await page.get_by_role("link", name=MARKUP).click()
    await expect(heading(page, MARKUP)).to_be_visible()
    await expect(page.locator("#content").locator("img, h2 b, .message b, script")).to_have_count(0)
    assert await page.evaluate("() => window.harmed") is None


async def test_the_page_runs_nothing_but_its_own_files(stack: LaunchedStack, context: BrowserContext) -> None:
    page = await context.new_page()
    answer = await page.goto(f"{stack.url}/console/")
    assert answer
    policy = answer.headers["content-security-policy"]
    assert {"default-src 'none'", "script-src 'self'", "style-src 'self'"} <= set(policy.split("; "))
    blocked = "() => { try { document.body.innerHTML = '<b>no</b>'; return false } catch { return true } }"
    assert await page.evaluate(blocked)


async def test_the_keyboard_goes_everywhere(page: Page, ada: Reader) -> None:
    await ada.is_sent("Reached by keys")
    await page.keyboard.press("Tab")  # from the heading, into the search
    await expect(page.get_by_label("Words")).to_be_focused()
    await page.keyboard.press("Tab")
    await page.keyboard.type(ada.user)
    await page.keyboard.press("Enter")
    link = page.get_by_role("link", name="Reached by keys")
    await expect(link).to_be_visible()
    await link.focus()
    await page.keyboard.press("Enter")
    await expect(heading(page, "Reached by keys")).to_be_focused()


async def test_every_control_has_a_name(page: Page, ada: Reader) -> None:
    await ada.is_sent("Named", "email")
    for view in ("Failures", "Templates", "Rates", "Notifications"):
        await page.get_by_role("link", name=view, exact=True).click()
        await expect(page.locator("h1")).to_be_focused()
        assert await page.evaluate(NAMELESS) == []


NAMELESS = """() => [...document.querySelectorAll("button, a, input, select, textarea")]
  .filter((control) => !control.ariaLabel && !control.textContent.trim() && !control.labels?.length)
  .map((control) => control.outerHTML)"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_message_that_waited_and_was_tried_twice_is_drawn_by_day_and_by_night(
    demo_stack: LaunchedStack, browser: Browser, tmp_path: Path, scheme: Any
) -> None:
    headers = {"Authorization": f"Bearer {demo_stack.token('staff', staff=True)}"}
    async with (
        window(browser, viewport=WIDE, color_scheme=scheme) as context,
        httpx.AsyncClient(base_url=demo_stack.url, timeout=20, headers=headers) as http,
    ):
        notification = await told_by_text(http)
        page = await context.new_page()
        await page.goto(address(demo_stack))
        await page.goto(f"{demo_stack.url}/console/#/notifications/{notification}")
        picture = page.get_by_role("img", name="Timeline")
        delivered = picture.locator(".what").filter(has_text="delivered")
        await expect(delivered).to_have_count(2, timeout=30_000)
        anna = {"Authorization": f"Bearer {demo_stack.token('anna')}"}
        read = f"{BASE}notifications/{notification}/mark_as_read/"
        (await http.post(read, headers=anna)).raise_for_status()
        await expect(picture.get_by_text("read", exact=True)).to_be_attached()
        await expect(picture.locator(".state.waiting").last).to_be_attached()
        background = await page.evaluate("() => getComputedStyle(document.body).backgroundColor")
        assert background == {"light": "rgb(246, 243, 236)", "dark": "rgb(16, 25, 23)"}[scheme]
        await page.get_by_role("button", name="Find").click()
        await expect(page.locator(".list tbody tr").nth(8)).to_be_visible()
        keep = os.environ.get("UPDATE_SCREENSHOTS") == "1" and scheme == "light"
        await page.screenshot(path=(Path(__file__).parents[2] / "docs" if keep else tmp_path) / "console.png")


async def told_by_text(http: httpx.AsyncClient) -> str:
    """A notification for the demo's Anna, by email and, a little later, by SMS, which the vendor refuses once."""
    await http.put("/courier-sandbox/faults", json={"channel": "sms", "script": [500, 500]})
    body = {
        "user": "anna",
        "title": "Your room has moved",
        "message": "Morning flow with Mira is in the Garden room today, at the same time.",
        "notification_type": "booking",
        "delivery_channels": ["in_app", "email", "sms"],
        "escalation": {"sms": 2},
        "priority": "urgent",
        "related_object_type": "booking",
        "related_object_id": "2031",
    }
    response = await http.post(f"{BASE}notifications/", json=body)
    response.raise_for_status()
    return str(response.json()["id"])


async def edit(page: Page, key: str, channel: str) -> None:
    await page.get_by_role("link", name="Templates").click()
    await page.get_by_label("Key or name").fill(key)
    await page.locator(".templates a", has_text=channel).click()
    await expect(heading(page, key)).to_be_focused()


def own(reader: Reader) -> dict[str, str]:
    return {"Authorization": f"Bearer {reader.stack.token(reader.user)}"}
