"""What lies between a page and the service, on a bad day: answers late or refused, events late, sockets cut."""

import asyncio
from collections.abc import Callable
from random import Random

from playwright.async_api import BrowserContext, Error, Request, Route, WebSocketRoute

from deploy.local.launch import LaunchedStack

_CALLS = "**/api/v1/**"
_SOCKETS = "**/ws/notifications/**"
_LATEST_SECONDS = 0.25
_REFUSED = 0.15
_PROMPT = 0.4


class UnrulyNetwork:
    """Everything keeps its order within a socket; between sockets and calls nothing does."""

    def __init__(self, stack: LaunchedStack, random: Random) -> None:
        self.is_unruly = True
        self._stack = stack
        self._random = random
        self._sockets: list[WebSocketRoute] = []
        self._under_way: set[asyncio.Task[None]] = set()

    async def between(self, context: BrowserContext) -> None:
        await context.route(_CALLS, self._call)
        await context.route_web_socket(_SOCKETS, self._socket)

    async def cut(self) -> None:
        """One of the sockets that have ever been open, which may be gone by itself."""
        if self._sockets:
            socket = self._random.choice(self._sockets)
            self._sockets.remove(socket)
            try:
                await socket.close(code=1012)
            except Error:
                return

    async def _wait(self) -> None:
        if self.is_unruly and self._random.random() > _PROMPT:
            await asyncio.sleep(self._random.uniform(0, _LATEST_SECONDS))

    async def _call(self, route: Route) -> None:
        """Late on its way there, late on its way back; a change may be refused."""
        try:
            await self._wait()
            if self.is_unruly and is_change(route.request) and self._random.random() < _REFUSED:
                await route.fulfill(status=409, json={"detail": "Not today."})
                return
            response = await route.fetch()
            await self._wait()
            await route.fulfill(response=response)
        except Error:
            return  # the page has gone meanwhile

    def _socket(self, socket: WebSocketRoute) -> None:
        self._sockets.append(socket)
        server = socket.connect_to_server()
        late: asyncio.Queue[Callable[[], None]] = asyncio.Queue()
        server.on_message(lambda message: late.put_nowait(lambda: socket.send(message)))
        server.on_close(lambda code, _: late.put_nowait(lambda: self._end(socket, code)))
        pumping = asyncio.create_task(self._pump(late))
        self._under_way.add(pumping)
        pumping.add_done_callback(self._under_way.discard)

    async def _pump(self, late: "asyncio.Queue[Callable[[], None]]") -> None:
        while True:
            deliver = await late.get()
            await self._wait()
            try:
                deliver()
            except Error:
                return

    def _end(self, socket: WebSocketRoute, code: int | None) -> None:
        closing = asyncio.ensure_future(socket.close(code=code or 1011))
        self._under_way.add(closing)
        closing.add_done_callback(self._under_way.discard)

    def end(self) -> None:
        for task in self._under_way:
            task.cancel()


def is_change(request: Request) -> bool:
    return request.method in ("PATCH", "DELETE") or request.url.split("?")[0].endswith("mark_all_read/")
