"""Who may do what: every route from the side of its owner, of another, of staff and of nobody."""

from dataclasses import replace
from uuid import UUID, uuid4

import httpx
import pytest
from rest_door import BASE, UNKNOWN, Door, anybody, create, person, wanted

from deploy.local.launch import LaunchedStack
from notifications.contracts.names import delivery_id
from notifications.contracts.vocabulary import Channel

OWN, STAFF_ONLY = (200, 200, 200, 401), (403, 403, 200, 401)
# Statuses for owner, another person, staff, anybody.
ROUTES = {
    ("GET", "notifications/"): OWN,
    ("POST", "notifications/"): (403, 403, 201, 401),
    ("GET", "notifications/{id}/"): (200, 404, 200, 401),
    ("PUT", "notifications/{id}/"): (200, 404, 200, 401),
    ("PATCH", "notifications/{id}/"): (200, 404, 200, 401),
    ("DELETE", "notifications/{id}/"): (204, 404, 204, 401),
    ("POST", "notifications/{id}/mark_as_read/"): (200, 404, 404, 401),
    ("POST", "notifications/{id}/mark_as_unread/"): (200, 404, 404, 401),
    ("POST", "notifications/{id}/cancel/"): (403, 403, 409, 401),
    ("POST", "notifications/{id}/restore/"): (403, 403, 409, 401),
    ("POST", "notifications/{id}/reschedule/"): (403, 403, 409, 401),
    ("GET", "notifications/{id}/timeline/"): STAFF_ONLY,
    ("POST", "notifications/mark_read/"): OWN,
    ("POST", "notifications/mark_all_read/"): OWN,
    ("POST", "notifications/mark_seen/"): OWN,
    ("POST", "notifications/bulk_delete/"): OWN,
    ("GET", "notifications/unread_count/"): OWN,
    ("GET", "notifications/stats/"): OWN,
    ("GET", "notifications/grouped/"): OWN,
    ("GET", "notifications/bulk/"): STAFF_ONLY,
    ("POST", "notifications/bulk/"): (403, 403, 202, 401),
    ("GET", "notifications/bulk/{id}/"): STAFF_ONLY,
    ("POST", "notifications/bulk/{id}/cancel/"): STAFF_ONLY,
    ("GET", "notification-settings/"): OWN,
    ("POST", "notification-settings/"): (201, 201, 201, 401),
    ("POST", "notification-settings/bulk_update/"): OWN,
    ("POST", "notification-settings/reset_to_defaults/"): OWN,
    ("GET", "notification-settings/profile/"): OWN,
    ("PUT", "notification-settings/profile/"): OWN,
    ("PATCH", "notification-settings/profile/"): OWN,
    ("GET", "notification-settings/why/"): OWN,
    ("GET", "notification-settings/{id}/"): (200, 404, 404, 401),
    ("PUT", "notification-settings/{id}/"): (200, 404, 404, 401),
    ("PATCH", "notification-settings/{id}/"): (200, 404, 404, 401),
    ("DELETE", "notification-settings/{id}/"): (204, 404, 404, 401),
    ("GET", "notification-templates/"): STAFF_ONLY,
    ("POST", "notification-templates/"): (403, 403, 201, 401),
    ("GET", "notification-templates/{id}/"): STAFF_ONLY,
    ("PUT", "notification-templates/{id}/"): STAFF_ONLY,
    ("PATCH", "notification-templates/{id}/"): STAFF_ONLY,
    ("DELETE", "notification-templates/{id}/"): (403, 403, 204, 401),
    ("POST", "notification-templates/{id}/preview/"): STAFF_ONLY,
    ("GET", "notification-templates/{id}/versions/"): STAFF_ONLY,
    ("POST", "notification-templates/{id}/versions/{number}/restore/"): STAFF_ONLY,
    ("GET", "deliveries/"): STAFF_ONLY,
    ("GET", "deliveries/{id}/"): STAFF_ONLY,
    ("POST", "deliveries/{id}/redrive/"): (403, 403, 409, 401),
    ("POST", "deliveries/redrive/"): (403, 403, 202, 401),
    ("PUT", "recipients/{user}/"): STAFF_ONLY,
    ("PATCH", "recipients/{user}/"): STAFF_ONLY,
    ("GET", "recipients/{user}/"): STAFF_ONLY,
    ("DELETE", "recipients/{user}/"): (403, 403, 204, 401),
    ("GET", "recipients/{user}/why/"): STAFF_ONLY,
    ("POST", "related/cancel/"): STAFF_ONLY,
    ("POST", "related/reschedule/"): STAFF_ONLY,
    ("POST", "reminders/"): (403, 403, 201, 401),
    ("GET", "reminders/{anchor}/"): STAFF_ONLY,
    ("PATCH", "reminders/{anchor}/"): STAFF_ONLY,
    ("DELETE", "reminders/{anchor}/"): STAFF_ONLY,
    ("GET", "recurring/"): STAFF_ONLY,
    ("POST", "recurring/"): (403, 403, 201, 401),
    ("GET", "recurring/{key}/"): STAFF_ONLY,
    ("PATCH", "recurring/{key}/"): STAFF_ONLY,
    ("DELETE", "recurring/{key}/"): (403, 403, 204, 401),
    ("GET", "digests/"): STAFF_ONLY,
    ("GET", "digests/{id}/"): STAFF_ONLY,
    ("POST", "digests/{id}/flush/"): STAFF_ONLY,
    ("GET", "token-revocations/"): STAFF_ONLY,
    ("POST", "token-revocations/"): (403, 403, 201, 401),
    ("POST", "simulate/"): STAFF_ONLY,
    ("POST", "simulate/reminders/"): STAFF_ONLY,
    ("GET", "console/notifications/"): STAFF_ONLY,
    ("GET", "console/rates/"): STAFF_ONLY,
    ("GET", "maintenance/"): STAFF_ONLY,
    ("POST", "ws-ticket/"): (201, 201, 201, 401),
}
QUERIES = {
    "notification-settings/why/": {"notification_type": "booking"},
    "recipients/{user}/why/": {"notification_type": "booking"},
}
PUBLIC = {("POST", "webhooks/courier/")}
"""Those that answer to a signature instead of a token."""


def template(key: str) -> dict[str, str]:
    return {
        "key": key,
        "name": "A template",
        "notification_type": "system",
        "delivery_channel": "in_app",
        "subject_template": "Hello",
        "body_template": "Words.",
    }


def reminder(anchor: str) -> dict[str, object]:
    words = {"title": "Soon", "message": "Your session starts soon."}
    return {"user": "somebody", "anchor": anchor, "starts_at": "2039-05-01T10:00:00Z", "offsets": [1800], **words}


def batch() -> dict[str, object]:
    words = {"title": "Terms", "message": "New terms.", "scheduled_for": "2039-05-01T10:00:00Z"}
    return {"users": ["somebody"], "notification_type": "system", **words}


def recurrence(key: str) -> dict[str, object]:
    when = {"schedule": {"weekdays": ["monday"], "time": "09:00"}, "time_zone": "recipient"}
    return {"key": key, "user": "somebody", **when, "title": "Your week", "message": "Have a look."}


def body_of(method: str, path: str) -> object:
    """What a call must carry to be carried out."""
    bodies: dict[str, object] = {
        "notifications/": wanted("somebody"),
        "notifications/{id}/": {"is_read": True},
        "notifications/bulk/": batch(),
        "notifications/bulk_delete/": {"notification_ids": [UNKNOWN]},
        "notifications/{id}/reschedule/": {"scheduled_for": None},
        "notification-settings/": {"notification_type": "review"},
        "notification-settings/{id}/": {"email_enabled": True},
        "notification-settings/profile/": {"email_enabled": True},
        "notification-settings/bulk_update/": {"preferences": [{"notification_type": "review"}]},
        "notification-templates/": template(uuid4().hex),
        "notification-templates/{id}/": template(uuid4().hex),
        "notification-templates/{id}/preview/": {"data": {}},
        "recipients/{user}/": {"name": "Ada"},
        "related/cancel/": {"related_object_type": "booking", "related_object_id": uuid4().hex},
        "related/reschedule/": {
            "related_object_type": "booking",
            "related_object_id": uuid4().hex,
            "scheduled_for": None,
        },
        "reminders/": reminder(f"booking:{uuid4().hex}"),
        "simulate/": {"user": "somebody", "notification_type": "booking"},
        "simulate/reminders/": {"user": "somebody", "starts_at": "2039-05-01T10:00:00Z", "offsets": [1800]},
        "reminders/{anchor}/": {"starts_at": "2039-06-01T10:00:00Z"},
        "recurring/": recurrence(f"plan-{uuid4().hex}"),
        "recurring/{key}/": {"paused": True},
        "token-revocations/": {"jti": uuid4().hex},
    }
    return bodies.get(path) if method in ("POST", "PUT", "PATCH") else None


@pytest.fixture
def doors(stack: LaunchedStack, http: httpx.AsyncClient) -> dict[str, Door]:
    boss = f"staff-{uuid4().hex[:12]}"
    return {
        "owner": person(stack, http),
        "another": person(stack, http),
        "staff": Door(http, boss, {"Authorization": f"Bearer {stack.token(boss, staff=True)}"}),
        "nobody": anybody(http),
    }


@pytest.fixture
async def ids(doors: dict[str, Door]) -> dict[str, str]:
    """What belongs to the owner, a template and a batch, by what comes before the id in their addresses."""
    by, owner = doors["staff"], doors["owner"]
    await by.call("PUT", f"recipients/{owner.user}/", json={"name": "Ada"})
    setting = await owner.call("POST", "notification-settings/", json={"notification_type": "booking"})
    made = await by.call("POST", "notification-templates/", json=template(uuid4().hex))
    anchor = f"booking:{uuid4().hex}"
    await by.call("POST", "reminders/", json=reminder(anchor))
    waiting = await by.call("POST", "notifications/bulk/", json=batch(), headers={"Idempotency-Key": __name__})
    notification = (await create(by, owner.user))["id"]
    window = {"kind": "duration", "seconds": 3600}
    await create(by, owner.user, digest={"key": "workshop:7", "window": window})
    digests = await by.get("digests/", user=owner.user)
    return {
        "notifications": notification,
        "notifications/bulk": waiting.json()["id"],
        "deliveries": str(delivery_id(UUID(notification), Channel.IN_APP)),
        "digests": digests["results"][0]["id"],
        "notification-settings": setting.json()["id"],
        "notification-templates": made.json()["id"],
        "reminders": anchor,
    }


@pytest.mark.parametrize("who", ["owner", "another", "staff", "nobody"])
@pytest.mark.parametrize("route", ROUTES, ids=" ".join)
async def test_a_route_lets_in_whom_it_is_for(
    doors: dict[str, Door], ids: dict[str, str], route: tuple[str, str], who: str
) -> None:
    method, path = route
    key = f"plan-{uuid4().hex}"
    if "{key}" in path:
        await doors["staff"].call("POST", "recurring/", json=recurrence(key))
    names = {"user": doors["owner"].user, "anchor": ids["reminders"], "key": key, "number": 1}
    address = path.format(id=ids.get(path.split("/{id}")[0]), **names)
    response = await doors[who].call(method, address, json=body_of(method, path), params=QUERIES.get(path))
    assert response.status_code == ROUTES[route][list(doors).index(who)], response.text


async def test_every_route_is_tried_from_every_side(http: httpx.AsyncClient) -> None:
    paths = (await http.get("/openapi.json")).json()["paths"]
    listed = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    ours = {(method, path.removeprefix(f"{BASE}/")) for method, path in listed if path.startswith(BASE)}
    assert ours == ROUTES.keys() | PUBLIC


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_401_asks_for_a_bearer_token(http: httpx.AsyncClient, method: str, path: str) -> None:
    address = path.format(id="x", user="x", anchor="x", key="x", number="x")
    response = await anybody(http).call(method, address, json=body_of(method, path))
    assert (response.headers["WWW-Authenticate"], response.json()) == (
        "Bearer",
        {"detail": "Authentication credentials were not provided."},
    )


async def test_a_bad_token_is_401(http: httpx.AsyncClient) -> None:
    response = await Door(http, "", {"Authorization": "Bearer nonsense"}).call("GET", "notifications/")
    assert (response.status_code, response.json()) == (401, {"detail": "The token is not valid."})


async def test_403_has_drfs_shape(doors: dict[str, Door]) -> None:
    response = await doors["owner"].call("POST", "notifications/", json=wanted("somebody"))
    assert response.json() == {"detail": "You do not have permission to perform this action."}


async def test_a_token_in_the_query_is_no_credential_for_rest(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    response = await anybody(http).call("GET", "notifications/", params={"token": stack.token("somebody")})
    assert response.status_code == 401


def with_cookie(stack: LaunchedStack, http: httpx.AsyncClient, **headers: str) -> Door:
    mine = person(stack, http)
    return replace(mine, headers={"Cookie": f"notifications_token={stack.token(mine.user)}", **headers})


async def test_a_cookie_serves_a_write_from_a_page_of_ours(stack: LaunchedStack, http: httpx.AsyncClient) -> None:
    page = with_cookie(stack, http, Origin=stack.url)
    assert (await page.call("POST", "notifications/mark_all_read/")).status_code == 200


async def test_a_cookie_serves_a_pages_own_read_without_an_origin(
    stack: LaunchedStack, http: httpx.AsyncClient
) -> None:
    page = with_cookie(stack, http, **{"Sec-Fetch-Site": "same-origin"})
    assert (await page.call("GET", "notifications/")).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("POST", "notifications/mark_all_read/", {}),
        ("POST", "notifications/mark_all_read/", {"Sec-Fetch-Site": "same-origin"}),
        ("POST", "notifications/mark_all_read/", {"Origin": "https://evil.example"}),
        ("POST", "notifications/mark_all_read/", {"Origin": "null"}),
        ("GET", "notifications/", {}),
        ("GET", "notifications/", {"Sec-Fetch-Site": "cross-site"}),
        ("GET", "notifications/", {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"}),
    ],
)
async def test_a_cookie_is_nothing_from_any_other_page(
    stack: LaunchedStack, http: httpx.AsyncClient, method: str, path: str, headers: dict[str, str]
) -> None:
    assert (await with_cookie(stack, http, **headers).call(method, path)).status_code == 401
