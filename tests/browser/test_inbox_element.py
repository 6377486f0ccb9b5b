"""The element in a page of somebody's own: what it shows, what it does, and what it takes back."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from chromium import window
from deep_inbox import fill
from inbox_reader import API, Reader, somebody
from own_page import own_page, tag
from playwright.async_api import Browser, BrowserContext, Locator, Page, Route, expect

from deploy.local.launch import LaunchedStack

ENTRIES = 5_000
SETTINGS = "/api/v1/drf/notifications/notification-settings/"


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    async with window(browser) as context:
        yield context


@pytest.fixture
async def ada(stack: LaunchedStack, context: BrowserContext) -> AsyncIterator[Reader]:
    async with somebody(stack, context) as ada:
        yield ada


async def opened(ada: Reader, attributes: str = "inline") -> Page:
    return await own_page(ada.context, ada.stack, tag(ada.stack, ada.user, attributes))


def row(page: Page, title: str) -> Locator:
    return page.locator(".row", has_text=title)


def action(page: Page, name: str, title: str) -> Locator:
    return page.get_by_role("button", name=f"{name}: {title}")


def toast(page: Page) -> Locator:
    return page.locator(".toast span")


async def refuse(page: Page, method: str) -> None:
    """From now on the service says no to this method, whatever it is asked."""

    async def answer(route: Route) -> None:
        if route.request.method == method:
            await route.fulfill(status=409, json={"detail": "Not today."})
        else:
            await route.continue_()

    await page.route("**/api/v1/**", answer)


async def ask(ada: Reader, path: str, method: str = "GET", body: object = None) -> httpx.Response:
    bearer = {"Authorization": f"Bearer {ada.stack.token(ada.user)}"}
    return await ada.http.request(method, path, json=body, headers=bearer)


async def test_an_inbox_of_five_thousand_scrolls_to_its_end_with_few_elements(ada: Reader) -> None:
    fill(ada.stack, ada.user, ENTRIES)
    page = await opened(ada)
    await expect(row(page, f"Number {ENTRIES}")).to_be_visible()
    await expect(page.locator(".badge")).to_have_text(str(ENTRIES))
    most, gaps = await page.locator("notification-inbox").evaluate(SCROLL_DOWN)
    await expect(page.get_by_role("heading", name="Number 1", exact=True)).to_be_visible()
    assert most < 300, "rows on the page at once"
    assert gaps == 0, "times that somebody who scrolls saw nothing where rows belong"
    await page.locator(".scroller").evaluate("scroller => { scroller.scrollTop = 0 }")
    await expect(row(page, f"Number {ENTRIES}")).to_be_in_viewport()


# A screenful per frame. Where there is list, there must be rows: a gap is a screen without any.
SCROLL_DOWN = """async (inbox) => {
  const scroller = inbox.shadowRoot.querySelector(".scroller");
  const frame = () => new Promise(requestAnimationFrame);
  const isLast = () => [...inbox.shadowRoot.querySelectorAll(".title")].at(-1)?.textContent === "Number 1";
  let most = 0;
  let gaps = 0;
  while (!(isLast() && scroller.scrollTop + scroller.clientHeight > scroller.scrollHeight - 2)) {
    scroller.scrollTop += scroller.clientHeight / 2;
    await frame();
    await frame();
    const rows = [...inbox.shadowRoot.querySelectorAll(".row")];
    const { top, bottom } = scroller.getBoundingClientRect();
    const isOnScreen = (row) => row.getBoundingClientRect().bottom > top && row.getBoundingClientRect().top < bottom;
    most = Math.max(most, rows.length);
    if (!rows.some(isOnScreen)) gaps += 1;
  }
  return [most, gaps];
}"""


async def test_a_read_mark_that_is_refused_is_taken_back(ada: Reader) -> None:
    await ada.is_sent("Still unread")
    page = await opened(ada)
    await refuse(page, "PATCH")
    await action(page, "Mark as read", "Still unread").click()
    await expect(toast(page)).to_have_text("That could not be saved. Not today.")
    await expect(page.locator(".row.unread")).to_have_count(1)
    await expect(page.locator(".badge")).to_have_text("1")


@pytest.mark.parametrize("name", ["Archive", "Snooze"])
async def test_what_may_not_leave_the_inbox_comes_back_to_its_place(ada: Reader, name: str) -> None:
    for title in ("Oldest", "Middle", "Newest"):
        await ada.is_sent(title)
    page = await opened(ada)
    await expect(page.locator(".row")).to_have_count(3)
    await refuse(page, "PATCH")
    if name == "Archive":
        await action(page, "Archive", "Middle").click()
    else:
        await page.get_by_label("Snooze: Middle").select_option("hour")
    await expect(toast(page)).to_contain_text("Not today.")
    await expect(page.locator(".title")).to_have_text(["Newest", "Middle", "Oldest"])


async def test_a_deletion_is_undone_before_anything_has_happened(ada: Reader) -> None:
    kept = await ada.is_sent("Kept after all")
    page = await opened(ada)
    await action(page, "Delete", "Kept after all").click()
    await expect(page.get_by_text("Nothing yet.")).to_be_visible()
    await page.get_by_role("button", name="Undo").click()
    await expect(row(page, "Kept after all")).to_be_visible()
    assert (await ask(ada, f"{API}{kept}/")).status_code == 200


async def test_a_deletion_is_done_when_the_page_is_left(ada: Reader) -> None:
    gone = await ada.is_sent("Gone")
    page = await opened(ada)
    await action(page, "Delete", "Gone").click()
    await page.goto("about:blank")
    async with asyncio.timeout(15):
        while (await ask(ada, f"{API}{gone}/")).status_code != 404:
            await asyncio.sleep(0.05)


async def test_a_deletion_that_is_refused_is_taken_back(ada: Reader) -> None:
    await ada.is_sent("Cannot go")
    await ada.is_sent("Another")
    page = await opened(ada)
    await refuse(page, "DELETE")
    await action(page, "Delete", "Cannot go").click()
    await action(page, "Archive", "Another").click()
    await expect(row(page, "Cannot go")).to_be_visible()
    await expect(toast(page)).to_contain_text("Not today.")


async def test_the_archive_is_a_place_to_come_back_from(ada: Reader) -> None:
    await ada.is_sent("Put away")
    page = await opened(ada)
    await action(page, "Archive", "Put away").click()
    await expect(page.locator(".badge")).to_be_hidden()
    await page.get_by_text("Archive", exact=True).first.click()
    await action(page, "Back to the inbox", "Put away").click()
    await page.get_by_text("All", exact=True).click()
    await expect(row(page, "Put away")).to_be_visible()
    await expect(page.locator(".badge")).to_have_text("1")


async def test_what_is_snoozed_can_be_called_back_at_once(ada: Reader) -> None:
    await ada.is_sent("Not now")
    page = await opened(ada)
    await page.get_by_label("Snooze: Not now").select_option("week")
    await expect(page.locator(".badge")).to_be_hidden()
    await page.get_by_role("button", name="Undo").click()
    await expect(row(page, "Not now")).to_be_visible()
    await expect(page.locator(".badge")).to_have_text("1")


async def test_a_switch_of_the_settings_holds_and_a_refused_one_goes_back(ada: Reader) -> None:
    page = await opened(ada)
    await page.get_by_role("button", name="Settings").click()
    switch = page.get_by_role("checkbox", name="Bookings: Email")
    async with page.expect_response("**/bulk_update/"):
        await switch.uncheck()
    stored = (await ask(ada, f"{SETTINGS}?effective=true")).json()["results"]
    assert {each["notification_type"]: each["email_enabled"] for each in stored}["booking"] is False
    await refuse(page, "POST")
    await switch.click()
    await expect(toast(page)).to_contain_text("Not today.")
    await expect(switch).not_to_be_checked()


async def test_quiet_hours_digest_limit_and_weekly_summary_are_kept_in_the_profile(ada: Reader) -> None:
    page = await opened(ada)
    await page.get_by_role("button", name="Settings").click()
    await page.get_by_label("Monday, from").fill("22:00")
    await page.get_by_label("Monday, until").fill("07:00")
    await page.get_by_label("Time zone").fill("Europe/Stockholm")
    await page.get_by_label("Gather what can wait").select_option("Daily")
    await page.get_by_label("Once a day, at").fill("18:30")
    await page.get_by_label("Messages in a day at most").fill("5")
    await page.get_by_label("a summary of what I have not read").check()
    await page.get_by_role("button", name="Save").click()
    await expect(toast(page)).to_have_text("Saved")
    profile = (await ask(ada, f"{SETTINGS}profile/")).json()
    assert profile["quiet_hours"] == {"monday": [{"start": "22:00", "end": "07:00"}]}
    assert (profile["digest"], profile["digest_time"]) == ("daily", "18:30")
    assert profile["daily_limit"] == 5
    assert profile["weekly_summary"] is True
    assert profile["time_zone"] == "Europe/Stockholm"


async def test_a_day_has_as_many_quiet_hours_as_are_wanted(ada: Reader) -> None:
    noon, evening = {"start": "12:00", "end": "13:00"}, {"start": "21:00", "end": "23:00"}
    night = {"start": "00:00", "end": "07:00"}
    await ask(ada, f"{SETTINGS}profile/", "PATCH", {"quiet_hours": {"monday": [night, noon], "friday": [noon]}})
    page = await opened(ada)
    await page.get_by_role("button", name="Settings").click()
    begin, end = page.get_by_label("Monday, from"), page.get_by_label("Monday, until")
    await expect(begin).to_have_count(2)
    await expect(begin.nth(1)).to_have_value("12:00")
    await page.get_by_role("button", name="Monday, other hours as well").click()
    await expect(begin.nth(2)).to_be_focused()
    await begin.nth(2).fill("21:00")
    for field in (begin.first, end.first, page.get_by_label("Friday, from"), page.get_by_label("Friday, until")):
        await field.fill("")
    save = page.get_by_role("button", name="Save")
    await save.click()
    await expect(end.nth(2)).to_be_focused()  # half a span is none: it is asked for
    await end.nth(2).fill("23:00")
    await save.click()
    await expect(toast(page)).to_have_text("Saved")
    assert (await ask(ada, f"{SETTINGS}profile/")).json()["quiet_hours"] == {"monday": [noon, evening]}


async def test_the_keyboard_does_everything(ada: Reader) -> None:
    for title in ("Third", "Second", "First"):
        await ada.is_sent(title)
    page = await opened(ada, "")
    bell = page.locator(".bell")
    await expect(bell).to_have_accessible_name("Notifications, 3 unread")
    await bell.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Notifications")).to_be_focused()
    await expect(page.locator(".row")).to_have_count(3)
    await page.locator(".title").first.focus()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.locator(".row:not(.unread) .title")).to_have_text("Second")
    await page.keyboard.press("Delete")
    await expect(page.get_by_role("button", name="Third", exact=True)).to_be_focused()
    await page.keyboard.press("Control+z")
    await expect(page.locator(".row")).to_have_count(3)
    await page.keyboard.press("Escape")
    await expect(bell).to_be_focused()
    await expect(page.locator(".panel")).to_be_hidden()


async def test_a_page_gives_its_own_words_and_language(ada: Reader) -> None:
    await ada.is_sent("Hej")
    strings = """{"title": "Aviseringar", "today": "I dag", "unreadCount": "{count} olästa"}"""
    page = await opened(ada, f"inline lang='sv' strings='{strings}'")
    await expect(page.get_by_role("heading", name="Aviseringar")).to_be_visible()
    await expect(page.get_by_role("heading", name="I dag")).to_be_visible()
    await expect(page.get_by_text("1 olästa")).to_be_visible()
    await expect(page.get_by_role("button", name="Mark all read")).to_be_visible()


async def test_a_page_hears_of_what_happens_and_may_prevent_the_reading(ada: Reader) -> None:
    page = await opened(ada)
    await page.evaluate(
        """() => {
          window.heard = [];
          for (const type of ["inbox-count", "inbox-notification", "inbox-select"])
            addEventListener(type, (event) => {
              heard.push([type, event.detail.title ?? event.detail]);
              event.preventDefault();
            });
        }"""
    )
    await ada.is_sent("Told")
    await row(page, "Told").click()
    heard = await page.evaluate("() => window.heard")
    assert sorted(heard, key=str) == [["inbox-count", 1], ["inbox-notification", "Told"], ["inbox-select", "Told"]]
    await expect(page.locator(".row.unread")).to_have_count(1)


async def test_a_page_styles_it_by_variables_and_parts(ada: Reader) -> None:
    await ada.is_sent("Painted")
    page = await opened(ada)
    await page.add_style_tag(
        content="notification-inbox { --inbox-background: rgb(1, 2, 3) } ::part(title) { color: rgb(4, 5, 6) }"
    )
    await expect(page.locator(".panel")).to_have_css("background-color", "rgb(1, 2, 3)")
    await expect(page.locator(".title")).to_have_css("color", "rgb(4, 5, 6)")


async def test_what_cannot_be_read_is_said_and_read_again_on_request(ada: Reader) -> None:
    await ada.is_sent("Readable in the end")
    is_broken = True

    async def answer(route: Route) -> None:
        await (route.fulfill(status=503, json={"detail": "Away."}) if is_broken else route.continue_())

    await ada.context.route("**/notifications/?cursor=**", answer)
    page = await opened(ada)
    await expect(page.get_by_text("The notifications could not be read. Away.")).to_be_visible()
    is_broken = False
    await page.get_by_role("button", name="Try again").click()
    await expect(row(page, "Readable in the end")).to_be_visible()
