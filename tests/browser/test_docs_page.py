"""The API's own page in a real browser."""

from collections.abc import AsyncIterator

import pytest
from chromium import window
from playwright.async_api import Browser, Page, expect

from deploy.local.launch import LaunchedStack


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    async with window(browser) as context:
        yield await context.new_page()


async def test_the_docs_page_needs_nothing_of_any_other_origin(page: Page, stack: LaunchedStack) -> None:
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    await page.goto(f"{stack.url}/docs")
    await expect(page.get_by_text("The caller's inbox, newest first")).to_be_visible()
    assert [url for url in asked if not url.startswith((stack.url, "data:"))] == []
    assert complaints == []


async def test_a_browser_is_told_to_load_the_docs_page_from_one_origin_only(page: Page, stack: LaunchedStack) -> None:
    answer = await page.goto(f"{stack.url}/docs")
    assert answer
    assert "default-src 'self'" in answer.headers["content-security-policy"]
