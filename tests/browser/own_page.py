"""A page of somebody's own on the stack's origin, with the element in it and a token in the element's hand."""

from html import escape

from playwright.async_api import BrowserContext, Page, Route, expect

from deploy.local.launch import LaunchedStack

_PAGE = """<!doctype html>
<html lang="en">
  <head><meta charset="utf-8" /><title>Somebody's page</title>
    <style>body {{ background: light-dark(#fff, #111) }}</style><meta name="color-scheme" content="light dark" />
    <script type="module" src="/notification-inbox.js"></script></head>
  <body><main><h1>Somebody's page</h1>{tags}</main></body>
</html>"""


def tag(stack: LaunchedStack, user: str, attributes: str = "inline", *, token: str | None = None) -> str:
    return f'<notification-inbox token="{escape(token or stack.token(user))}" {attributes}></notification-inbox>'


async def own_page(context: BrowserContext, stack: LaunchedStack, *tags: str) -> Page:
    """Open, and each of its elements live."""
    page = await bare_page(context, stack, *tags)
    for number in range(len(tags)):
        state = page.locator("notification-inbox").nth(number).locator(".state")
        await expect(state).to_have_attribute("data-state", "live")
    return page


async def bare_page(context: BrowserContext, stack: LaunchedStack, *tags: str) -> Page:
    async def answer(route: Route) -> None:
        await route.fulfill(content_type="text/html", body=_PAGE.format(tags="".join(tags)))

    page = await context.new_page()
    await page.route("**/own-page.html", answer)
    await page.goto(f"{stack.url}/own-page.html")
    return page
