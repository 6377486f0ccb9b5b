"""What the OpenAPI document promises of every answer, held against the answers that the tests get."""

import json
import re
from dataclasses import dataclass, field
from functools import cached_property, reduce
from typing import Any

import httpx
from jsonschema_rs import Draft202012Validator

Json = dict[str, Any]

_TELLING = {"location", "retry-after", "idempotency-replayed", "www-authenticate"}


@dataclass(frozen=True)
class Promises:
    document: Json
    _validators: dict[str, Draft202012Validator] = field(default_factory=dict)

    @classmethod
    async def of(cls, http: httpx.AsyncClient) -> "Promises":
        """The running stack's, asked for once."""
        url = str(http.base_url)
        if url not in _KNOWN:
            _KNOWN[url] = cls((await http.get("/openapi.json")).json())
        return _KNOWN[url]

    def hold(self, response: httpx.Response) -> None:
        """Fails when an operation answers what the document does not say."""
        operation = self.operation(response.request)
        if operation is None:
            return  # no such address, or a method that it lacks
        place = f"{operation['operationId']} {response.status_code}"
        assert str(response.status_code) in operation["responses"], f"{place} is not documented: {response.text}"
        promised = self.resolved(operation["responses"][str(response.status_code)])
        self._hold_headers(place, promised["headers"], response.headers)
        if "content" in promised:
            self.check(place, promised["content"]["application/json"]["schema"], response.json())
        else:
            assert response.content == b"", place

    def operation(self, request: httpx.Request) -> Json | None:
        path = f"{request.url.path.rstrip('/')}/"
        methods = next((methods for pattern, methods in self._paths if pattern.fullmatch(path)), {})
        found: Json | None = methods.get(request.method.lower())
        return found

    def resolved(self, node: Json) -> Json:
        found: Json = reduce(lambda at, name: at[name], node.get("$ref", "").split("/")[1:], self.document)
        return found if "$ref" in node else node

    def check(self, place: str, schema: Json, value: object) -> None:
        key = json.dumps(schema)
        if key not in self._validators:
            whole = {**schema, "components": self.document["components"]}
            self._validators[key] = Draft202012Validator(whole, validate_formats=True)
        broken = [f"{error.instance_path}: {error.message}" for error in self._validators[key].iter_errors(value)]
        assert not broken, f"{place}: {broken}"

    def _hold_headers(self, place: str, promised: Json, given: httpx.Headers) -> None:
        for name, header in ((name, self.resolved(header)) for name, header in promised.items()):
            assert name in given or not header.get("required"), f"{place} lacks {name}"
            if name in given:
                is_number = header["schema"]["type"] == "integer"
                self.check(f"{place} {name}", header["schema"], int(given[name]) if is_number else given[name])
        unsaid = {name for name in given if name in _TELLING} - {name.lower() for name in promised}
        assert not unsaid, f"{place} carries {unsaid}, which the document does not say"

    @cached_property
    def _paths(self) -> list[tuple[re.Pattern[str], Json]]:
        """Addresses with fewer variables first: `unread_count` is not an id."""
        paths = sorted(self.document["paths"].items(), key=lambda item: str(item[0]).count("{"))
        return [(re.compile(re.sub(r"\{\w+}", "[^/]+", path)), methods) for path, methods in paths]


_KNOWN: dict[str, Promises] = {}
