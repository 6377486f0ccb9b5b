"""How a service of the marketplace speaks to the notification service: the SDK for stories, REST for the rest."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import httpx
import jwt

from demo.people import Person
from demo.settings import DemoSettings
from demo.stories import Story
from notifications import Notification, NotificationsClient, ServiceUnreachable

log = logging.getLogger("demo")

REST = "/api/v1/drf/notifications"
SESSION_TIME = timedelta(hours=12)
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 10.0

Answer = TypeVar("Answer")


def issue_token(settings: DemoSettings, user: str, *, staff: bool = False) -> str:
    named = {"aud": settings.jwt_audience, "iss": settings.jwt_issuer}
    claims = {"user_id": user, "is_staff": staff, "exp": datetime.now(UTC) + SESSION_TIME}
    claims |= {name: value for name, value in named.items() if value}
    return jwt.encode(claims, settings.jwt_secret.get_secret_value(), algorithm="HS256")


def user_of(settings: DemoSettings, token: str) -> str | None:
    """Whose token it is; None when it is nobody's, or no longer."""
    try:
        claims = jwt.decode(
            token,
            settings.jwt_secret.get_secret_value(),
            algorithms=["HS256"],
            audience=settings.jwt_audience,
            issuer=settings.jwt_issuer,
            options={"require": ["exp", "user_id"]},
        )
    except jwt.InvalidTokenError:
        return None
    return str(claims["user_id"])


class Marketplace:
    """Every call is safe to repeat: keyed, or the setting of a state.

    Raises:
        ServiceUnreachable: from every call, when the service is away or busy.
    """

    def __init__(self, settings: DemoSettings, http: httpx.AsyncClient) -> None:
        self._settings = settings
        self._http = http
        self._client: NotificationsClient | None = None

    async def tell(self, story: Story) -> Notification:
        """Sends one story."""
        if self._client is None:
            self._client = await NotificationsClient.connect(
                self._settings.temporal_address, namespace=self._settings.temporal_namespace
            )
        return await self._client.notify(
            user=story.user,
            title=story.title,
            message=story.message,
            notification_type=story.notification_type,
            delivery_channels=story.channels,
            related_object_type="booking" if story.booking_id else None,
            related_object_id=story.booking_id,
            group_key=f"booking:{story.booking_id}" if story.booking_id else None,
            metadata=story.metadata,
            notification_key=story.key,
        )

    async def introduce(self, person: Person) -> None:
        """Tells where the person can be reached, and what they want to hear of."""
        await self._call(
            "PUT",
            f"recipients/{person.user}/",
            issue_token(self._settings, "demo", staff=True),
            {
                "name": person.name,
                "email": person.email,
                "phone_number": person.phone,
                "push_tokens": list(person.push_tokens),
                "locale": person.locale,
                "time_zone": person.time_zone,
            },
        )
        for notification_type, switches in person.preferences.items():
            body = {"notification_type": notification_type, **switches}
            await self._call("POST", "notification-settings/", issue_token(self._settings, person.user), body)

    async def read(self, user: str, notification_ids: Iterable[UUID]) -> None:
        """Reads these notifications as their owner."""
        body = {"notification_ids": [str(each) for each in notification_ids], "is_read": True}
        await self._call("POST", "notifications/mark_read/", issue_token(self._settings, user), body)

    async def is_open(self) -> None:
        """Returns once the service says that all of it is there."""
        await self._request("GET", "/readyz")

    async def _call(self, method: str, path: str, token: str, body: dict[str, Any]) -> None:
        await self._request(method, f"{REST}/{path}", headers={"Authorization": f"Bearer {token}"}, json=body)

    async def _request(self, method: str, path: str, **options: Any) -> None:
        try:
            response = await self._http.request(method, path, **options)
        except httpx.TransportError as error:
            raise ServiceUnreachable(f"{self._http.base_url} does not answer.") from error
        if response.is_server_error or response.status_code == httpx.codes.TOO_MANY_REQUESTS:
            raise ServiceUnreachable(f"{method} {path} is answered with {response.status_code}.")
        response.raise_for_status()


async def patiently(attempt: Callable[[], Awaitable[Answer]]) -> Answer:
    """Repeats `attempt` until the service is there. What is wrong with the request itself is raised."""
    wait = FIRST_WAIT_SECONDS
    while True:
        try:
            return await attempt()
        except ServiceUnreachable:
            await asyncio.sleep(wait)
            wait = min(LONGEST_WAIT_SECONDS, wait * 2)
