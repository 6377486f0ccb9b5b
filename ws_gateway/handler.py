"""The life of one socket: handshake, first frame, then reading and writing side by side. The only I/O."""

import asyncio
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit
from weakref import WeakKeyDictionary

import structlog
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from identity.caller import CannotVerify, Identity, TokenEnded, Unauthenticated
from identity.credentials import find_token, joined
from identity.revocations import Revocations
from identity.tokens import TokenVerifier
from observability import where
from persistence.database import Database, DatabaseUnavailable
from persistence.inbox import InboxRepository
from persistence.tickets import TicketRepository
from ws_gateway import frames
from ws_gateway.connections import Connection, ConnectionRegistry
from ws_gateway.feed import EventFeed
from ws_gateway.frames import CloseCode
from ws_gateway.session import Closed, Position, Session, may_resume

PATH = "/ws/notifications/"
HEALTH_PATH = "/healthz"

# Longer ones overflow some event loops' clocks.
_LONGEST_TIMER = 86_400.0
_UNAVAILABLE = "The service is temporarily unavailable."
_RETRY_SECONDS = "2"

Caller = Identity | Unauthenticated | CannotVerify

log = structlog.get_logger("gateway")


class Gateway:
    def __init__(
        self,
        *,
        database: Database,
        feed: EventFeed,
        registry: ConnectionRegistry,
        tokens: TokenVerifier,
        revocations: Revocations,
        allowed_origins: frozenset[str],
    ) -> None:
        self._database = database
        self._feed = feed
        self._registry = registry
        self._tokens = tokens
        self._revocations = revocations
        self._revocations.on_news = self._end_revoked
        self._allowed_origins = allowed_origins
        self._callers: WeakKeyDictionary[ServerConnection, Caller] = WeakKeyDictionary()
        """What each handshake told of its caller."""
        self._conversations: dict[Session, asyncio.Future[None]] = {}
        """Those under way, and what ends each."""

    async def check_handshake(self, connection: ServerConnection, request: Request) -> Response | None:
        """Refuses a handshake, or lets it through with its caller.

        A browser's script never learns the status of a refused handshake, so a browser is let in and its
        socket closed with a code that says why; everybody else gets the 401, or the 503.
        """
        path = urlsplit(request.path).path
        if path == HEALTH_PATH:
            return connection.respond(HTTPStatus.OK, "ok\n")
        if path.rstrip("/") != PATH.rstrip("/"):
            return connection.respond(HTTPStatus.NOT_FOUND, "not found\n")
        try:
            self._callers[connection] = await self._authenticate(request)
        except (Unauthenticated, CannotVerify) as error:
            if "Origin" not in request.headers:
                return _refusal(connection, error)
            self._callers[connection] = error
        return None

    async def converse(self, socket: ServerConnection) -> None:
        """Serves one socket until either side closes it."""
        try:
            await self._serve(socket, _let_in(self._callers[socket]), _asked_position(socket))
        except Closed as closed:
            await socket.close(closed.code, closed.reason)
        except DatabaseUnavailable:
            await socket.close(CloseCode.RESTART, _UNAVAILABLE)
        except ConnectionClosed:
            return

    async def _serve(self, socket: ServerConnection, caller: Identity, position: Position | None) -> None:
        async with self._database.transaction() as transaction:
            state = await InboxRepository(transaction).state(caller.user_id)
        resumed = position is not None and may_resume(position, state)
        connection = Connection(caller.user_id, position=position.seq if resumed and position else state.seq)
        connection.put(frames.encode(frames.established(state, resumed=resumed)))

        def rewind(seq: int) -> None:
            connection.position = seq
            self._feed.wake([caller.user_id])

        session = Session(identity=caller, database=self._database, tokens=self._tokens, rewind=rewind)
        ended = asyncio.get_running_loop().create_future()
        connection.on_overflow = lambda: _end(ended, CloseCode.TOO_SLOW, "Too slow; reconnect and resume.")
        self._end_in_time(session, ended)
        self._registry.add(connection)
        # What was committed since the state was read, or is to be replayed, is read for at once.
        self._feed.wake([caller.user_id])
        parts = [
            asyncio.create_task(self._read(socket, session, connection)),
            asyncio.create_task(_write(socket, connection)),
        ]
        try:
            await asyncio.wait([ended, *parts], return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._registry.remove(connection)
            _end(ended, CloseCode.RESTART, "")
            for part in parts:
                part.cancel()
            outcomes = await asyncio.gather(*parts, ended, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, Closed):
                raise outcome
            if isinstance(outcome, Exception) and not isinstance(outcome, ConnectionClosed):
                log.error("connection failed", error=where(outcome))

    def _end_in_time(self, session: Session, ended: asyncio.Future[None]) -> None:
        """Sees to it that the conversation is over when its token is, be it expired or revoked."""
        _end_at_expiry(session, ended)
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
            _end(ended, CloseCode.TOKEN_EXPIRED, "The token has been revoked.")

    async def _read(self, socket: ServerConnection, session: Session, connection: Connection) -> None:
        async for frame in socket:
            if not isinstance(frame, str):
                raise Closed(CloseCode.BAD_REQUEST, "Only text frames are understood.")
            connection.put(await session.receive(frame))
            # The change is committed; this gateway need not wait for its own hint.
            self._feed.wake([connection.user_id])

    async def _authenticate(self, request: Request) -> Identity:
        query = parse_qs(urlsplit(request.path).query)
        if "ticket" in query:
            return await self._take_ticket(query["ticket"][0])
        token = find_token(
            joined(request.headers.raw_items()),
            allowed_origins=self._allowed_origins,
            method="GET",
            query_token=query.get("token", [None])[0],
        )
        return await self._tokens.verify(token)

    async def _take_ticket(self, ticket: str) -> Identity:
        try:
            async with self._database.transaction() as transaction:
                holder = await TicketRepository(transaction).take(ticket)
        except DatabaseUnavailable:
            raise CannotVerify("The ticket cannot be checked right now.") from None
        if holder is None:
            raise Unauthenticated("The ticket is not valid, or was used before.")
        identity = Identity(
            user_id=holder.user_id,
            is_staff=holder.is_staff,
            expires_at=holder.token_expires_at,
            token_id=holder.token_id,
            issued_at=holder.token_issued_at,
        )
        await self._revocations.check(identity)
        return identity


async def _write(socket: ServerConnection, connection: Connection) -> None:
    while True:
        await socket.send(await connection.next_frame(), text=True)


def _refusal(connection: ServerConnection, error: Unauthenticated | CannotVerify) -> Response:
    if isinstance(error, CannotVerify):
        response = connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, f"{_UNAVAILABLE}\n")
        response.headers["Retry-After"] = _RETRY_SECONDS
        return response
    response = connection.respond(HTTPStatus.UNAUTHORIZED, f"{error}\n")
    response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _let_in(caller: Caller) -> Identity:
    match caller:
        case Identity():
            return caller
        case CannotVerify():
            raise Closed(CloseCode.RESTART, _UNAVAILABLE)
        case TokenEnded():
            raise Closed(CloseCode.TOKEN_EXPIRED, str(caller))
        case Unauthenticated():
            raise Closed(CloseCode.UNAUTHENTICATED, str(caller))


def _end(ended: asyncio.Future[None], code: CloseCode, reason: str) -> None:
    if not ended.done():
        ended.set_exception(Closed(code, reason))


def _end_at_expiry(session: Session, ended: asyncio.Future[None]) -> None:
    """Ends the conversation when the token does; one that was refreshed meanwhile is looked at again."""
    remaining = (session.expires_at - datetime.now(UTC)).total_seconds()
    if remaining <= 0:
        _end(ended, CloseCode.TOKEN_EXPIRED, "The token has expired.")
        return
    timer = asyncio.get_running_loop().call_later(min(remaining, _LONGEST_TIMER), _end_at_expiry, session, ended)
    # A timer left behind would keep the whole session in memory until the token's end.
    ended.add_done_callback(lambda _: timer.cancel())


def _asked_position(socket: ServerConnection) -> Position | None:
    """The position to resume from, in the handshake's query."""
    query = parse_qs(urlsplit(socket.request.path if socket.request else "").query)
    epoch, seq = query.get("epoch", [""])[0], query.get("seq", [""])[0]
    if not epoch and not seq:
        return None
    if not epoch or not seq.isdecimal() or len(seq) > 18:  # noqa: PLR2004 - what a bigint holds
        raise Closed(CloseCode.BAD_REQUEST, "To resume, give epoch and seq.")
    return Position(epoch, int(seq))
