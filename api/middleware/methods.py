"""What every address takes: HEAD wherever there is GET, OPTIONS as Django REST Framework describes it, else 405.

The routes of one address stand apart, and a route's `{id}` matches the words beside it, too. Asked for a method
that an address lacks, they would answer for one another: 404 for `GET notifications/mark_read/`, or an `Allow`
with the first route's methods alone.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from fastapi.routing import RouteContext, iter_route_contexts
from starlette.routing import BaseRoute, compile_path
from starlette.types import ASGIApp, Receive, Scope, Send

from api.responses import json_response

_ORDER = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")


@dataclass(frozen=True, slots=True)
class Address:
    """A path, what its first route says of it, and what may be done there, in the order of `Allow`."""

    path: str
    name: str
    description: str
    methods: tuple[str, ...]

    @property
    def allow(self) -> dict[str, str]:
        return {"Allow": ", ".join(self.methods)}


class AddressBook:
    """The addresses of an application. A word of an address goes before a parameter in the same place."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        together: dict[str, list[RouteContext]] = {}
        for route in iter_route_contexts(routes):
            if route.path and route.methods:
                together.setdefault(route.path, []).append(route)
        addresses = [_address(path, same) for path, same in together.items()]
        self._fixed = {each.path: each for each in addresses if "{" not in each.path}
        self._patterns: list[tuple[re.Pattern[str], Address]] = [
            (compile_path(each.path)[0], each)
            for each in sorted(addresses, key=lambda each: each.path.count("{"))
            if "{" in each.path
        ]

    def find(self, path: str) -> Address | None:
        if address := self._fixed.get(path):
            return address
        return next((address for pattern, address in self._patterns if pattern.match(path)), None)


class MethodMiddleware:
    def __init__(self, app: ASGIApp, *, routes: Sequence[BaseRoute]) -> None:
        self._app = app
        self._book = AddressBook(routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        address = self._book.find(scope["path"]) if scope["type"] == "http" else None
        if address is None:
            await self._app(scope, receive, send)
        elif scope["method"] not in address.methods:
            told = {"detail": f'Method "{scope["method"]}" not allowed.'}
            await json_response(told, 405, headers=address.allow)(scope, receive, send)
        elif scope["method"] == "OPTIONS":
            await json_response(_description(address), headers=address.allow)(scope, receive, send)
        elif scope["method"] == "HEAD":
            # The server leaves out the body: it knows the request as it came.
            await self._app({**scope, "method": "GET"}, receive, send)
        else:
            await self._app(scope, receive, send)


def _address(path: str, routes: Sequence[RouteContext]) -> Address:
    methods = {method for route in routes for method in route.methods or ()} | {"OPTIONS"}
    if "GET" in methods:
        methods.add("HEAD")
    name = getattr(routes[0], "summary", None) or path
    description = getattr(routes[0], "description", None) or ""
    return Address(path, name, description, tuple(sorted(methods, key=_ORDER.index)))


def _description(address: Address) -> dict[str, object]:
    media_types = ["application/json"]
    return {"name": address.name, "description": address.description, "renders": media_types, "parses": media_types}
