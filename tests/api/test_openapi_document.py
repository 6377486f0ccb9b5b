"""The OpenAPI document: complete, readable, and true to what each route depends on."""

import re
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from promises import Promises
from rest_door import BASE, UNKNOWN, Door
from starlette.responses import Response

from api.app import create_app
from api.dependencies import PathId, ServicesDep, Staff
from api.openapi.document import describe, operation_id
from api.schemas.fields import Shape, Text
from deploy.local.launch import LaunchedStack
from settings import Settings

DOCUMENT = create_app(
    Settings.model_validate({"database_url": "-", "jwt_secret": "-" * 32, "courier_auth_token": "-"})
).openapi()
PROMISES = Promises(DOCUMENT)
PLACES = {
    operation["operationId"]: (method.upper(), path)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}
OPERATIONS = {name: DOCUMENT["paths"][path][method.lower()] for name, (method, path) in PLACES.items()}
COUNT = sum(len(methods) for methods in DOCUMENT["paths"].values())
WITH_BODY = [name for name, each in OPERATIONS.items() if "requestBody" in each and "/webhooks/" not in PLACES[name][1]]


def contents(operation: dict[str, Any]) -> list[dict[str, Any]]:
    """Every body that goes in or comes out."""
    answers = [PROMISES.resolved(answer) for answer in operation["responses"].values()]
    return [
        each["content"]["application/json"]
        for each in [operation.get("requestBody", {}), *answers]
        if "content" in each
    ]


def test_every_operation_has_an_id_of_its_own() -> None:
    assert len(OPERATIONS) == COUNT


def test_no_shape_is_named_after_its_module() -> None:
    assert [name for name in DOCUMENT["components"]["schemas"] if not name.isalnum()] == []


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_reads_well(name: str) -> None:
    told = {tag["name"]: tag["description"] for tag in DOCUMENT["tags"]}
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", name)
    assert not re.search(r"(?i)api_v1|_(get|put|post|patch|delete)$", name)
    assert OPERATIONS[name]["summary"][0].isupper()
    assert [bool(told[tag]) for tag in OPERATIONS[name]["tags"]] == [True]


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_body_and_every_answer_has_an_example_that_its_schema_admits(name: str) -> None:
    for content in contents(OPERATIONS[name]):
        PROMISES.check(name, content["schema"], content["example"])


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_answer_has_its_headers(name: str) -> None:
    for status, answer in OPERATIONS[name]["responses"].items():
        names = PROMISES.resolved(answer)["headers"].keys()
        assert ("Retry-After" in names, "WWW-Authenticate" in names) == (status in ("429", "503"), status == "401")
        assert "X-Request-ID" in names


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_says_how_its_caller_proves_who_it_is(name: str) -> None:
    proof = {"get_liveness": [], "get_readiness": [], "receive_courier_report": ["courier"]}
    asked = [scheme for each in OPERATIONS[name]["security"] for scheme in each]
    assert asked == proof.get(name, ["bearer", "cookie"])


@pytest.mark.parametrize(
    ("name", "statuses"),
    [
        ("list_notifications", "200 400 401 404 414 429 431 500 503"),
        ("create_notification", "200 201 202 400 401 403 404 409 413 414 415 429 431 500 503"),
        ("get_notification", "200 401 404 414 429 431 500 503"),
        ("get_unread_count", "200 401 429 431 500 503"),
        ("mark_read", "200 400 401 413 415 429 431 500 503"),
        ("mark_as_read", "200 401 404 413 414 429 431 500 503"),
        ("replace_recipient", "200 201 400 401 403 413 414 415 429 431 500 503"),
        ("delete_recipient", "204 400 401 403 404 414 429 431 500 503"),
        ("receive_courier_report", "204 400 401 413 500 503"),
        ("get_liveness", "200"),
    ],
)
def test_an_operation_lists_the_statuses_that_it_may_answer(name: str, statuses: str) -> None:
    assert " ".join(OPERATIONS[name]["responses"]) == statuses


def test_a_creation_says_where_to_find_what_it_made_and_whether_it_was_made_before() -> None:
    answers = OPERATIONS["create_notification"]["responses"]
    assert "Idempotency-Key" in [each["name"] for each in OPERATIONS["create_notification"]["parameters"]]
    assert answers["201"]["headers"].keys() == {"X-Request-ID", "Location"}
    assert answers["200"]["headers"].keys() == {"X-Request-ID", "Location", "Idempotency-Replayed"}


def test_a_batch_lists_nothing_that_it_always_refuses() -> None:
    (single, many) = (
        DOCUMENT["components"]["schemas"][name]["properties"].keys() for name in ("NotificationCreate", "BulkCreate")
    )
    assert single - many == {"user", "digest", "supersede_key"}


class Body(Shape):
    word: Text


def documented(*, own: dict[int | str, dict[str, Any]]) -> dict[str, Any]:
    """The document of a route that nobody has prepared anything for."""
    app = FastAPI(generate_unique_id_function=operation_id)
    router = APIRouter(prefix="/things", tags=["things"])

    @router.post("/{id}/turn/", response_model=Body, responses=own)
    async def turn_thing(_: Staff, id: PathId, body: Body, services: ServicesDep) -> Response:
        raise NotImplementedError((id, body, services))

    app.include_router(router)
    describe(app)
    operation: dict[str, Any] = app.openapi()["paths"]["/things/{id}/turn/"]["post"]
    return operation


def test_a_new_route_is_documented_by_what_it_depends_on() -> None:
    operation = documented(own={})
    assert operation["operationId"] == "turn_thing"
    assert operation["security"] == [{"bearer": []}, {"cookie": []}]
    assert list(operation["responses"]) == [
        "200",
        "400",
        "401",
        "403",
        "404",
        "413",
        "414",
        "415",
        "429",
        "431",
        "500",
        "503",
    ]
    assert operation["requestBody"]["content"]["application/json"]["example"] == {"word": "text"}


def test_a_status_that_a_route_names_itself_is_answered_as_everywhere() -> None:
    assert documented(own={409: {}})["responses"]["409"] == {"$ref": "#/components/responses/Conflict"}


def test_a_refusal_of_a_routes_own_shape_keeps_it() -> None:
    schema = documented(own={409: {"model": Body}})["responses"]["409"]["content"]["application/json"]["schema"]
    assert schema == {"$ref": "#/components/schemas/Body"}


@pytest.mark.parametrize("name", WITH_BODY)
async def test_an_example_of_a_body_is_accepted(stack: LaunchedStack, http: httpx.AsyncClient, name: str) -> None:
    boss = f"staff-{uuid4().hex[:12]}"
    by = Door(http, boss, {"Authorization": f"Bearer {stack.token(boss, staff=True)}"})
    method, path = PLACES[name]
    body = OPERATIONS[name]["requestBody"]["content"]["application/json"]["example"]
    fresh = {"key": uuid4().hex} if "key" in body else {}  # a template's is taken but once
    response = await by.call(method, re.sub(r"{\w+}", UNKNOWN, path.removeprefix(f"{BASE}/")), json=body | fresh)
    assert response.status_code in ((200, 201, 404) if "{" in path else (200, 201, 202)), response.text


async def test_the_running_stack_serves_this_document(http: httpx.AsyncClient) -> None:
    assert (await http.get("/openapi.json")).json() == DOCUMENT


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (402, {"detail": "Pay first."}, {}),
        (200, {"unread_count": "many"}, {}),
        (200, {"unread_count": 1}, {"X-Request-ID": "two words"}),
        (200, {"unread_count": 1}, {"Location": "https://elsewhere.example/"}),
        (401, {"detail": "The token has expired."}, {}),
    ],
)
def test_an_answer_that_is_not_in_the_document_is_noticed(
    status: int, body: dict[str, Any], headers: dict[str, str]
) -> None:
    request = httpx.Request("GET", f"http://localhost{BASE}/notifications/unread_count/")
    response = httpx.Response(status, json=body, headers={"X-Request-ID": "1", **headers}, request=request)
    with pytest.raises(AssertionError, match="get_unread_count"):
        PROMISES.hold(response)
