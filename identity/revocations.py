"""What has been revoked: this process's copy, so that checking costs two look-ups in memory and no query.

Revocations are few and written by staff; tokens are checked with every call. So each process reads what is
new twice a second, one look at the end of an index, instead of asking with each call. Each revocation has a
position, in the order of commits, and none is missed because a reader goes on from the last one it has seen.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from identity.caller import CannotVerify, Identity, TokenEnded
from identity.sharing import Shared

_POLL_SECONDS = 0.5
_TRUSTED_SECONDS = 2.0
# A caller waits no longer for a database that hangs; the reading itself goes on, for all who wait.
_PATIENCE_SECONDS = 2.0
# What has expired leaves memory then.
_WHOLE_SECONDS = 600.0

log = structlog.get_logger("identity")


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """One token, by its `jti`; or all of a user's that were issued before a moment."""

    seq: int
    token_id: str | None = None
    user_id: str | None = None
    issued_before: datetime | None = None


Read = Callable[[int], Awaitable[Sequence[Revocation]]]
"""Some of the revocations after a position, in order, and none only if there are none; raises CannotVerify."""


class Revocations:
    """A copy that is never trusted when it is older than two seconds.

    Then it is read before anybody is let in, and while it cannot be read nobody is: a revoked token does not
    come back to life because the database is away, and what callers want is in that database, too. Sockets
    that are open stay open meanwhile; the first reading afterwards ends those whose token was revoked.
    """

    def __init__(self, read: Read, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._read = read
        self._clock = clock
        self._tokens: set[str] = set()
        self._users: dict[str, datetime] = {}
        self._position = 0
        self._read_at = self._whole_at = float("-inf")
        self._refresh = Shared(self._read_on)
        self.on_news: Callable[[], None] = lambda: None
        """Called when something has been revoked."""

    def cover(self, identity: Identity) -> bool:
        """Whether the token behind an identity is among them. One without `iat` counts as issued before."""
        if identity.token_id in self._tokens:
            return True
        before = self._users.get(identity.user_id)
        return before is not None and (identity.issued_at is None or identity.issued_at < before)

    async def check(self, identity: Identity) -> None:
        """Raises TokenEnded when the token was revoked, CannotVerify when that cannot be told."""
        if self._clock() - self._read_at > _TRUSTED_SECONDS:
            try:
                async with asyncio.timeout(_PATIENCE_SECONDS):
                    await self._refresh()
            except TimeoutError:
                raise CannotVerify("What has been revoked takes too long to read.") from None
        if self.cover(identity):
            raise TokenEnded("The token has been revoked.")

    def learn(self, revocations: Iterable[Revocation]) -> None:
        """Takes in what this process has just stored, instead of reading it in its turn."""
        _enter(revocations, self._tokens, self._users)
        self.on_news()

    async def run(self) -> None:
        """Keeps the copy current until cancelled; outages are waited out."""
        is_away = False
        while True:
            try:
                await self._refresh()
            except CannotVerify:
                if not is_away:
                    log.warning("cannot read revocations")
                is_away = True
            else:
                is_away = False
            await asyncio.sleep(_POLL_SECONDS)

    async def _read_on(self) -> None:
        started = self._clock()
        whole = started - self._whole_at > _WHOLE_SECONDS
        # The server that answers after an outage may be another one, whose last positions were other revocations.
        self._whole_at = started if whole else self._whole_at
        position = 0 if whole else self._position
        found: list[Revocation] = []
        try:
            while page := await self._read(position):
                found += page
                position = page[-1].seq
        except CannotVerify:
            self._whole_at = float("-inf")
            raise
        if whole:
            self._tokens, self._users = set(), {}
        _enter(found, self._tokens, self._users)
        self._position, self._read_at = position, started
        if found:
            self.on_news()


def _enter(revocations: Iterable[Revocation], tokens: set[str], users: dict[str, datetime]) -> None:
    for revocation in revocations:
        if revocation.token_id is not None:
            tokens.add(revocation.token_id)
        if revocation.user_id is not None and revocation.issued_before is not None:
            users[revocation.user_id] = max(
                revocation.issued_before, users.get(revocation.user_id, revocation.issued_before)
            )
