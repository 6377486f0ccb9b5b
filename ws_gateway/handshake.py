"""Who gets a socket: a handshake's caller, or the answer that refuses it. And what is asked over plain HTTP."""

from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit
from weakref import WeakKeyDictionary

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from identity.caller import CannotVerify, Identity, TokenEnded, Unauthenticated
from identity.credentials import find_token, joined
from identity.revocations import Revocations
from identity.tokens import TokenVerifier
from persistence.database import Database, DatabaseUnavailable
from persistence.inbox import Position
from persistence.tickets import TicketRepository
from ws_gateway.draining import Draining
from ws_gateway.frames import CloseCode
from ws_gateway.limits import Limits, Turns
from ws_gateway.metrics import CONTENT_TYPE, Metrics
from ws_gateway.session import Closed

PATH = "/ws/notifications/"

UNAVAILABLE = "The service is temporarily unavailable."
_RETRY_SECONDS = "2"

Caller = Identity | Unauthenticated | CannotVerify


class Handshakes:
    """Refuses a handshake, or keeps what it told of its caller until the socket is open."""

    def __init__(
        self,
        *,
        database: Database,
        turns: Turns,
        tokens: TokenVerifier,
        revocations: Revocations,
        allowed_origins: frozenset[str],
        limits: Limits,
        metrics: Metrics,
        draining: Draining,
    ) -> None:
        self._database = database
        self._turns = turns
        self._tokens = tokens
        self._revocations = revocations
        self._allowed_origins = allowed_origins
        self._limits = limits
        self._metrics = metrics
        self._draining = draining
        self._callers: WeakKeyDictionary[ServerConnection, Caller] = WeakKeyDictionary()

    async def check(self, connection: ServerConnection, request: Request) -> Response | None:
        """The answer to a request that gets no socket.

        A browser's script never learns the status of a refused handshake, so a browser without a good token is let
        in and its socket closed with a code that says why; everybody else gets the 401, or the 503.
        """
        path = urlsplit(request.path).path
        if path.rstrip("/") != PATH.rstrip("/"):
            return self._page(connection, path)
        if self._draining.begun:
            return self._unavailable(connection, "draining")
        if len(connection.server.all_connections) >= self._limits.connections:
            return self._unavailable(connection, "full")
        try:
            self._callers[connection] = await self._authenticate(request)
        except (Unauthenticated, CannotVerify) as error:
            if "Origin" not in request.headers:
                return self._refusal(connection, error)
            self._callers[connection] = error
        return None

    def caller(self, socket: ServerConnection) -> Identity:
        """Whose socket it is.

        Raises:
            Closed: nobody's who may have one.
        """
        match self._callers[socket]:
            case Identity() as identity:
                return identity
            case CannotVerify():
                raise Closed(CloseCode.RESTART, UNAVAILABLE)
            case TokenEnded() as ended:
                raise Closed(CloseCode.TOKEN_EXPIRED, str(ended))
            case Unauthenticated() as unknown:
                raise Closed(CloseCode.UNAUTHENTICATED, str(unknown))

    def _page(self, connection: ServerConnection, path: str) -> Response:
        match path:
            case "/healthz":
                return connection.respond(HTTPStatus.OK, "ok\n")
            case "/readyz" if self._draining.begun:
                return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "draining\n")
            case "/readyz":
                return connection.respond(HTTPStatus.OK, "ok\n")
            case "/metrics":
                response = connection.respond(HTTPStatus.OK, self._metrics.page())
                del response.headers["Content-Type"]
                response.headers["Content-Type"] = CONTENT_TYPE
                return response
            case _:
                return connection.respond(HTTPStatus.NOT_FOUND, "not found\n")

    def _refusal(self, connection: ServerConnection, error: Unauthenticated | CannotVerify) -> Response:
        if isinstance(error, CannotVerify):
            return self._unavailable(connection, "unavailable")
        self._metrics.refused("unauthenticated")
        response = connection.respond(HTTPStatus.UNAUTHORIZED, f"{error}\n")
        response.headers["WWW-Authenticate"] = "Bearer"
        return response

    def _unavailable(self, connection: ServerConnection, reason: str) -> Response:
        self._metrics.refused(reason)
        response = connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, f"{UNAVAILABLE}\n")
        response.headers["Retry-After"] = _RETRY_SECONDS
        return response

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
            async with self._turns.taken(), self._database.transaction() as transaction:
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


def asked_position(socket: ServerConnection) -> Position | None:
    """The position to resume from, in the handshake's query.

    Raises:
        Closed: half of one.
    """
    query = parse_qs(urlsplit(socket.request.path if socket.request else "").query)
    epoch, seq = query.get("epoch", [""])[0], query.get("seq", [""])[0]
    if not epoch and not seq:
        return None
    if not epoch or not seq.isdecimal() or len(seq) > 18:  # noqa: PLR2004 - what a bigint holds
        raise Closed(CloseCode.BAD_REQUEST, "To resume, give epoch and seq.")
    return Position(epoch, int(seq))
