"""The collaborators of the routes, built once by `api.app`."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from api.throttling import Throttling
from identity.revocations import Revocations
from identity.tokens import TokenVerifier
from notifications.client import NotificationsClient
from persistence.database import Database
from persistence.searching import WordIndexer


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    database: Database
    client: NotificationsClient
    tokens: TokenVerifier
    revocations: Revocations
    throttling: Throttling
    allowed_origins: frozenset[str]
    courier_webhook_secret: str | None
    words: WordIndexer
    probes: Mapping[str, Callable[[], Awaitable[None]]]
    """What a request may need, by name; each probe raises when it is away."""
