"""The client for a blocking process, such as a Django view.

One background thread runs an event loop with one connection, started at the first call. A process that
forks afterwards (gunicorn with preload, Celery prefork) gets its own thread and connection: neither
survives a fork.
"""

import asyncio
import os
import threading
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar, Unpack

from notifications.accepting import Notification
from notifications.client import NotificationsClient
from notifications.contracts import limits
from notifications.contracts.errors import ServiceUnreachable
from notifications.options import NotifyOptions

Result = TypeVar("Result")

# Connecting, then twice the time that one acceptance may take; many recipients take longer.
_CALL_SECONDS = 5 + 2 * limits.ACCEPT_SECONDS
_SECONDS_PER_RECIPIENT = 0.5


class BlockingNotificationsClient:
    """`NotificationsClient` behind plain functions; safe to share between threads."""

    def __init__(self, address: str | None = None, *, namespace: str | None = None) -> None:
        self._address = address
        self._namespace = namespace
        self._lock = threading.Lock()
        self._pid = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: NotificationsClient | None = None

    def notify(self, *, user: object, notification_type: str, **options: Unpack[NotifyOptions]) -> Notification:
        """See `NotificationsClient.notify`."""

        async def call() -> Notification:
            return await (await self._connected()).notify(user=user, notification_type=notification_type, **options)

        return self._run(call(), _CALL_SECONDS)

    def notify_many(
        self, *, users: Iterable[object], notification_type: str, **options: Unpack[NotifyOptions]
    ) -> list[Notification]:
        """See `NotificationsClient.notify_many`."""
        audience = list(users)

        async def call() -> list[Notification]:
            client = await self._connected()
            return await client.notify_many(users=audience, notification_type=notification_type, **options)

        return self._run(call(), _CALL_SECONDS + _SECONDS_PER_RECIPIENT * len(audience))

    async def _connected(self) -> NotificationsClient:
        if self._client is None:
            # Read here and not at import: a service may set its environment late.
            address = self._address or os.environ.get("TEMPORAL_ADDRESS", "127.0.0.1:7233")
            namespace = self._namespace or os.environ.get("TEMPORAL_NAMESPACE", "default")
            self._client = await NotificationsClient.connect(address, namespace=namespace)
        return self._client

    def _run(self, call: Coroutine[Any, Any, Result], seconds: float) -> Result:
        future = asyncio.run_coroutine_threadsafe(call, self._running_loop())
        try:
            return future.result(seconds)
        except TimeoutError as error:
            future.cancel()
            raise ServiceUnreachable("The notification service did not answer; repeat with the same key.") from error

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None or self._pid != os.getpid():
                self._pid, self._client = os.getpid(), None
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, name="notifications", daemon=True).start()
            return self._loop
