"""The life of one socket: first frame, then reading and writing side by side, until either side has enough."""

import asyncio
from collections.abc import Collection
from contextlib import suppress
from datetime import UTC, datetime

import structlog
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from identity.caller import Identity
from identity.revocations import Revocations
from identity.tokens import TokenVerifier
from observability import where
from persistence.database import Database, DatabaseUnavailable
from persistence.inbox import InboxRepository, InboxState, Position
from ws_gateway import frames
from ws_gateway.connections import Connection, ConnectionRegistry, Eviction
from ws_gateway.feed import EventFeed
from ws_gateway.frames import CloseCode
from ws_gateway.handshake import UNAVAILABLE, Handshakes, asked_position
from ws_gateway.limits import Allowance, Limits, NoSeat, Seats, Turns
from ws_gateway.metrics import Metrics
from ws_gateway.session import Closed, Session, end, where_to_begin

# Longer ones overflow some event loops' clocks.
_LONGEST_TIMER = 86_400.0
# RFC 6455 §7.4.1: no close frame at all.
_CUT_OFF = 1006
_EVICTIONS = {
    Eviction.SLOW: (CloseCode.TOO_SLOW, "Too slow; reconnect and resume."),
    Eviction.ASTRAY: (CloseCode.FAILED, "Cannot go on from here; reconnect and resume."),
}

log = structlog.get_logger("gateway")


class Gateway:
    def __init__(
        self,
        *,
        database: Database,
        turns: Turns,
        feed: EventFeed,
        registry: ConnectionRegistry,
        handshakes: Handshakes,
        tokens: TokenVerifier,
        revocations: Revocations,
        limits: Limits,
        metrics: Metrics,
    ) -> None:
        self._database = database
        self._turns = turns
        self._feed = feed
        self._registry = registry
        self._handshakes = handshakes
        self._tokens = tokens
        self._revocations = revocations
        self._revocations.on_news = self._end_revoked
        self._limits = limits
        self._metrics = metrics
        self._seats = Seats(limits.connections_per_user)
        self._conversations: dict[Session, asyncio.Future[None]] = {}
        """Those under way, and what ends each."""

    async def converse(self, socket: ServerConnection) -> None:
        """Serves one socket until either side closes it."""
        try:
            caller, position = self._handshakes.caller(socket), asked_position(socket)
            self._seats.take(caller.user_id)
            try:
                closed = await self._serve(socket, caller, position)
            finally:
                self._seats.give_back(caller.user_id)
            if closed.code == CloseCode.TOO_MANY:
                self._metrics.evicted("messages")
            await _close(socket, closed.code, closed.reason)
        except Closed as refused:
            await _close(socket, refused.code, refused.reason)
        except NoSeat:
            self._metrics.evicted("connections")
            await _close(socket, CloseCode.TOO_MANY, "Too many connections.")
        except DatabaseUnavailable:
            await _close(socket, CloseCode.RESTART, UNAVAILABLE)
        except ConnectionClosed:
            return
        finally:
            said = socket.protocol.close_sent
            self._metrics.closed(said.code if said else _CUT_OFF)

    def conversations(self) -> list[asyncio.Future[None]]:
        """What ends each of those under way."""
        return list(self._conversations.values())

    async def _serve(self, socket: ServerConnection, caller: Identity, position: Position | None) -> Closed:
        """Why the conversation is over.

        Returned and not raised: where several exceptions are held, one that is raised holds them and itself, and with
        them the connection, until a garbage collection that is rare here.
        """
        state, resumed = await self._where_to_begin(caller, position)
        connection = Connection(caller.user_id, position if resumed and position else state.position)
        connection.put(frames.encode(frames.established(state, resumed=resumed)))

        def rewind(to: Position) -> None:
            connection.rewind(to)
            self._feed.wake([caller.user_id])

        session = Session(
            identity=caller,
            database=self._database,
            tokens=self._tokens,
            rewind=rewind,
            allowance=Allowance(self._limits.messages_per_second),
        )
        ended = asyncio.get_running_loop().create_future()
        connection.evict = lambda reason: self._evict(ended, reason)
        self._end_in_time(session, ended)
        self._registry.add(connection)
        # What was committed since the state was read, or is to be replayed, is read for at once.
        self._feed.wake([caller.user_id])
        parts = [
            asyncio.create_task(self._read(socket, session, connection)),
            asyncio.create_task(self._write(socket, connection)),
        ]
        try:
            await asyncio.wait([ended, *parts], return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._registry.remove(connection)
            end(ended, CloseCode.RESTART, "")
            for part in parts:
                part.cancel()
            outcomes = await asyncio.gather(*parts, ended, return_exceptions=True)
        return _first_reason(outcomes)

    async def _where_to_begin(self, caller: Identity, position: Position | None) -> tuple[InboxState, bool]:
        async with self._turns.taken(), self._database.statements() as transaction:
            return await where_to_begin(InboxRepository(transaction), caller.user_id, position)

    def _evict(self, ended: asyncio.Future[None], reason: Eviction) -> None:
        if not ended.done():
            self._metrics.evicted(reason)
        end(ended, *_EVICTIONS[reason])

    def _end_in_time(self, session: Session, ended: asyncio.Future[None]) -> None:
        """Sees to it that the conversation is over when its token is, be it expired or revoked."""
        expiry = _Expiry(session, ended)
        expiry.look()
        self._conversations[session] = ended
        ended.add_done_callback(lambda _: self._conversations.pop(session))
        # Its token may have been revoked while the inbox was read.
        self._end_if_revoked(session, ended)

    def _end_revoked(self) -> None:
        # All of them are looked at: two look-ups each, and only when staff have revoked something.
        for session, ended in self._conversations.items():
            self._end_if_revoked(session, ended)

    def _end_if_revoked(self, session: Session, ended: asyncio.Future[None]) -> None:
        if self._revocations.cover(session.identity):
            end(ended, CloseCode.TOKEN_EXPIRED, "The token has been revoked.")

    async def _read(self, socket: ServerConnection, session: Session, connection: Connection) -> None:
        async for frame in socket:
            if not isinstance(frame, str):
                raise Closed(CloseCode.BAD_REQUEST, "Only text frames are understood.")
            connection.put(await session.receive(frame))
            # The change is committed; this gateway need not wait for its own hint.
            self._feed.wake([connection.user_id])

    async def _write(self, socket: ServerConnection, connection: Connection) -> None:
        while True:
            outgoing = await connection.next_frame()
            await socket.send(outgoing.frame, text=True)
            if outgoing.committed_at is not None:
                self._metrics.written(outgoing.committed_at)


async def _close(socket: ServerConnection, code: CloseCode, reason: str) -> None:
    """Closes, reading on meanwhile: the client's answer to the close is behind whatever it has sent before."""
    closing = asyncio.create_task(socket.close(code, reason))
    with suppress(ConnectionClosed):
        while True:
            await socket.recv(decode=False)
    await closing


def _first_reason(outcomes: Collection[object]) -> Closed:
    faults = [each for each in outcomes if isinstance(each, Exception) and not isinstance(each, ConnectionClosed)]
    for fault in faults:
        if not isinstance(fault, Closed):
            log.error("connection failed", error=where(fault))
            return Closed(CloseCode.FAILED, "Something went wrong here; reconnect and resume.")
    return next(fault for fault in faults if isinstance(fault, Closed))


class _Expiry:
    """Ends a conversation when its token does, whichever token that is by then."""

    def __init__(self, session: Session, ended: asyncio.Future[None]) -> None:
        self._session, self._ended = session, ended
        self._timer: asyncio.TimerHandle | None = None
        session.on_renewal = self.look
        # A timer left behind would keep the whole session in memory until the token's end.
        ended.add_done_callback(lambda _: self._leave())

    def look(self) -> None:
        """To be called at first, and whenever the token is another."""
        self._cancel()
        remaining = (self._session.expires_at - datetime.now(UTC)).total_seconds()
        if remaining <= 0:
            end(self._ended, CloseCode.TOKEN_EXPIRED, "The token has expired.")
            return
        self._timer = asyncio.get_running_loop().call_later(min(remaining, _LONGEST_TIMER), self.look)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _leave(self) -> None:
        self._cancel()
        self._session.on_renewal = lambda: None
