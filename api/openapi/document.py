"""Completes FastAPI's document by what follows from what each route depends on.

So a new route is documented by being written. Only what follows from nothing, such as a conflict, a route names
itself, by its status alone: `responses={409: {}}`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from http import HTTPStatus
from inspect import getdoc, getmodule
from typing import Any, TypeVar, get_args

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts

from api.dependencies import Caller, ServicesDep, Staff
from api.openapi.components import HEADERS, JSON, REFUSALS, SCHEMAS, SECURITY_SCHEMES, Json, header
from api.openapi.examples import example_of
from api.openapi.tidying import tidy, tidy_parameter
from api.pagination import PageDep
from api.routes.webhooks import SignedBody

Fact = TypeVar("Fact")

INTRODUCTION = """\
Times are RFC 3339 in UTC. Every answer carries `X-Request-ID`. A creation that carries an `Idempotency-Key` may be
repeated until it is answered. The live side of this API is a WebSocket at `/ws/notifications/`.
"""
_PROVEN_BY: Mapping[object, tuple[str, ...]] = {Caller: ("bearer", "cookie"), SignedBody: ("courier",)}
_REFUSES: Mapping[object, tuple[int, ...]] = {
    Caller: (401, 429, 431),
    Staff: (403,),
    SignedBody: (401,),
    PageDep: (404,),
    ServicesDep: (500, 503),
}


def describe(app: FastAPI) -> None:
    """Has the app serve the completed document, made when it is first asked for."""
    generate = app.openapi

    @cache
    def completed() -> Json:
        return _completed(generate(), list(iter_route_contexts(app.routes)))

    app.openapi = completed  # type: ignore[method-assign] # FastAPI's own way of extending it


def operation_id(route: Any) -> str:
    """The endpoint's own name, by which generated clients call it."""
    return str(route.name)


def _completed(document: Json, contexts: Iterable[RouteContext]) -> Json:
    routes = [each for each in contexts if getattr(each, "include_in_schema", False)]
    generated = document["components"]["schemas"].items()
    schemas = tidy({name: each for name, each in generated if "ValidationError" not in name}) | SCHEMAS
    paths = tidy(document["paths"])
    for route in routes:
        for method in map(str.lower, route.methods or ()):
            operation = paths[route.path_format][method]
            asked = set(_asked(route.dependant))
            operation["security"] = [{name: []} for name in _facts(asked, _PROVEN_BY)]
            operation["parameters"] = [tidy_parameter(each) for each in operation.get("parameters", [])]
            _add_refusals(operation, {*_facts(asked, _REFUSES), *_refusals_of_input(operation, route, method)})
            _add_headers(operation, is_creation=method == "post" and _has_members(str(route.path_format), paths))
            schemas |= tidy(_shapes_within(operation))
            _add_examples(operation, schemas)
    tags = [{"name": name, "description": told} for name, told in _tags(routes).items()]
    shared = {"responses": dict(REFUSALS.values()), "headers": HEADERS, "securitySchemes": SECURITY_SCHEMES}
    return {**document, "tags": tags, "paths": paths, "components": {"schemas": schemas, **shared}}


def _asked(dependant: Dependant) -> Iterator[Callable[..., Any] | None]:
    """All that a route depends on, however far away."""
    for each in dependant.dependencies:
        yield each.call
        yield from _asked(each)


def _facts(asked: set[Callable[..., Any] | None], table: Mapping[object, tuple[Fact, ...]]) -> list[Fact]:
    """What a table knows of what was asked for; its keys are the `Annotated` names that routes use."""
    return [fact for name, facts in table.items() if get_args(name)[1].dependency in asked for fact in facts]


def _has_members(path: str, paths: Iterable[str]) -> bool:
    """Is there an address for each thing in this collection?"""
    return any(each.startswith(f"{path}{{") and each.count("/") == path.count("/") + 1 for each in paths)


def _add_refusals(operation: Json, statuses: set[int]) -> None:
    answers = operation["responses"]
    answers.pop("422", None)
    named = {int(status) for status, answer in answers.items() if "content" not in answer} & REFUSALS.keys()
    for status in statuses | named:
        answers[str(status)] = {"$ref": f"#/components/responses/{REFUSALS[status][0]}"}
    operation["responses"] = dict(sorted(answers.items()))


def _refusals_of_input(operation: Json, route: RouteContext, method: str) -> Iterator[int]:
    parameters = operation["parameters"]
    if parameters:
        yield 414
    if route.body_field:
        yield 415
    if "requestBody" in operation or any(each["in"] != "path" or _is_checked(each["schema"]) for each in parameters):
        yield 400
    puts_what_was_not_there = method != "post" and "201" in operation["responses"]
    if any(each["in"] == "path" for each in parameters) and not puts_what_was_not_there:
        yield 404
    if method in ("post", "put", "patch"):
        yield 413


def _is_checked(schema: Json) -> bool:
    """Of a path: it is refused, where others are only unknown."""
    return bool(schema.keys() - {"type", "description", "examples"})


def _add_headers(operation: Json, *, is_creation: bool) -> None:
    takes_key = any(each["name"] == "Idempotency-Key" for each in operation["parameters"])
    for status, answer in operation["responses"].items():
        if "$ref" in answer:
            continue
        if int(status) in REFUSALS:
            answer["headers"] = REFUSALS[int(status)][1]["headers"]
            continue
        made = ["Location"] if is_creation else []
        replayed = ["Idempotency-Replayed"] if takes_key and status in ("200", "202") else []
        answer["description"] = HTTPStatus(int(status)).phrase
        answer["headers"] = header("X-Request-ID", *made, *replayed)


def _shapes_within(operation: Json) -> Json:
    """Those that a route brings with the schema of a body that it reads itself."""
    content = operation.get("requestBody", {}).get("content", {}).get(JSON, {})
    shapes: Json = content.get("schema", {}).pop("$defs", {})
    return shapes


def _add_examples(operation: Json, schemas: Json) -> None:
    asked = operation.get("requestBody", {}).get("content", {}).get(JSON)
    answers = [answer["content"][JSON] for answer in operation["responses"].values() if "content" in answer]
    for content in [asked, *answers] if asked else answers:
        content.setdefault("example", example_of(content["schema"], schemas, full=content is not asked))


def _tags(routes: Iterable[RouteContext]) -> dict[str, str]:
    """Each tag with what the modules of its routes say of themselves."""
    told: dict[str, dict[str, None]] = {}
    for route in routes:
        sentence = (getdoc(getmodule(route.endpoint)) or "").partition("\n")[0]
        for tag in route.tags:
            told.setdefault(tag, {})[sentence] = None
    return {tag: "\n\n".join(sentences) for tag, sentences in told.items()}
