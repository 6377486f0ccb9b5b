"""What people ask for: a route's calls, each with its token and with what its answer must contain."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import jwt
import psycopg

from bench.http_driver import NOTIFICATIONS
from deploy.local.launch import LaunchedStack

# A few people stand for many, so the limit on each is out of the way; their calls are counted all the same.
ENVIRONMENT = {"RATE_LIMIT_USER_PER_MINUTE": "1000000"}
_TOKEN_SECONDS = 24 * 3600
_MARKED_AT_ONCE = 5

Calls = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Person:
    token: str
    unread: Sequence[str]
    """Ids of a few that this person has not read."""


def people_of(stack: LaunchedStack, names: Sequence[str]) -> list[Person]:
    unread = "SELECT id FROM notifications WHERE user_id = %s AND read_at IS NULL ORDER BY listed_at DESC LIMIT %s"
    with psycopg.connect(stack.environment["DATABASE_URL"].replace("+psycopg", "")) as connection:
        return [
            Person(_token(stack, name), [str(row[0]) for row in connection.execute(unread, (name, _MARKED_AT_ONCE))])
            for name in names
        ]


def _token(stack: LaunchedStack, user: str) -> str:
    """As djangorestframework-simplejwt issues it."""
    now = int(time.time())
    claims = {"token_type": "access", "exp": now + _TOKEN_SECONDS, "iat": now, "jti": uuid4().hex, "user_id": user}
    return jwt.encode(claims, stack.environment["JWT_SECRET"], algorithm="HS256")


def get(people: Sequence[Person], path: str, expect: str) -> Calls:
    return [
        {"method": "GET", "path": NOTIFICATIONS + path, "token": person.token, "expect": expect} for person in people
    ]


def mark_read(people: Sequence[Person]) -> Calls:
    """Read, and in the next round unread again: each call changes every row that it names."""
    return [
        {
            "method": "POST",
            "path": f"{NOTIFICATIONS}mark_read/",
            "token": person.token,
            "content": {"notification_ids": person.unread, "is_read": is_read},
            "expect": f'"updated_count":{len(person.unread)}',
        }
        for is_read in (True, False)
        for person in people
    ]


ROUTES: dict[str, Callable[[Sequence[Person]], Calls]] = {
    "list": lambda people: get(people, "", '"results":[{'),
    "unread_count": lambda people: get(people, "unread_count/", '"unread_count":'),
    "mark_read": mark_read,
    "stats": lambda people: get(people, "stats/", '"recent_notifications":[{'),
}
