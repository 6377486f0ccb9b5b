"""One client's conversation: a message in, the answer out. No socket here; the inbox does what is asked."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from identity.caller import CannotVerify, Identity, Unauthenticated
from identity.tokens import TokenVerifier
from notifications.contracts.errors import NotificationNotFound
from persistence.database import Database, DatabaseUnavailable
from persistence.inbox import InboxRepository, InboxState, Position
from persistence.reading import ReadingRepository
from ws_gateway import frames, messages
from ws_gateway.frames import CloseCode, ErrorCode, ServerFrame
from ws_gateway.limits import Allowance
from ws_gateway.messages import BadMessage

# More than this behind, a client is faster reloading over REST.
REPLAY_MOST = 300
_REMEMBERED_OPERATIONS = 128


class Closed(Exception):
    """The conversation is over; the socket closes with this code."""

    def __init__(self, code: CloseCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def end(conversation: asyncio.Future[None], code: CloseCode, reason: str) -> None:
    """Has a conversation end for this reason, unless it has one already."""
    if not conversation.done():
        conversation.set_exception(Closed(code, reason))


class Session:
    """`rewind` is told the position from which a resuming client wants to be given events."""

    def __init__(
        self,
        *,
        identity: Identity,
        database: Database,
        tokens: TokenVerifier,
        rewind: Callable[[Position], None],
        allowance: Allowance,
    ) -> None:
        self.identity = identity
        self._database = database
        self._tokens = tokens
        self._rewind = rewind
        self._allowance = allowance
        self._answered: OrderedDict[str, bytes] = OrderedDict()
        self.on_renewal: Callable[[], None] = lambda: None

    @property
    def expires_at(self) -> datetime:
        return self.identity.expires_at

    async def receive(self, frame: str) -> bytes:
        """The answer to a client's frame; bad ones and those beyond its allowance are answered too, and change nothing.

        Raises:
            Closed: the client may not go on.
        """
        left = self._allowance.spend()
        if left < -self._allowance.most:
            raise Closed(CloseCode.TOO_MANY, "Too many messages.")
        try:
            message = messages.parse(frame)
        except BadMessage as bad:
            return frames.encode(frames.error(bad.code, str(bad)), op_id=bad.op_id)
        if left < 0:
            return frames.encode(frames.error(ErrorCode.TOO_MANY, "Too many messages; wait."), op_id=message.op_id)
        if message.op_id is not None and message.op_id in self._answered:
            return self._answered[message.op_id]
        try:
            answer = frames.encode(await self._answer(message), op_id=message.op_id)
        except (DatabaseUnavailable, CannotVerify):
            problem = frames.error(ErrorCode.UNAVAILABLE, "Not possible right now; try again.")
            return frames.encode(problem, op_id=message.op_id)
        if message.op_id is not None:
            self._answered[message.op_id] = answer
            if len(self._answered) > _REMEMBERED_OPERATIONS:
                self._answered.popitem(last=False)
        return answer

    async def _answer(self, message: messages.ClientMessage) -> ServerFrame:
        match message:
            case messages.MarkRead():
                return await self._mark_read(message)
            case messages.MarkAllRead():
                return await self._mark_all_read(message)
            case messages.GetUnreadCount():
                state = await self._state()
                return frames.unread_count(state.unread_count, state.seq)
            case messages.Resume():
                position = Position(message.epoch, message.seq)
                async with self._database.statements() as transaction:
                    state, resumed = await where_to_begin(InboxRepository(transaction), self.identity.user_id, position)
                if resumed:
                    self._rewind(position)
                return frames.established(state, resumed=resumed)
            case messages.RefreshToken():
                return await self._refresh(message.token)
            case messages.Ping():
                return frames.pong()

    async def _mark_read(self, message: messages.MarkRead) -> ServerFrame:
        try:
            unread = await self._mark_each(message.ids)
        except NotificationNotFound:
            return frames.error(ErrorCode.NOT_FOUND, "There is no such notification.")
        return frames.marked_read(message.ids, unread)

    async def _mark_each(self, ids: list[UUID]) -> int:
        """Marks all of them or, when one is unknown, none; the unread count after it."""
        async with self._database.transaction() as transaction:
            change = await ReadingRepository(transaction).mark_read(self.identity.user_id, ids, is_read=True)
            if not change.found.issuperset(ids):
                raise NotificationNotFound
        return change.unread_count

    async def _mark_all_read(self, message: messages.MarkAllRead) -> ServerFrame:
        async with self._database.transaction() as transaction:
            change = await ReadingRepository(transaction).mark_all(
                self.identity.user_id, is_read=True, up_to_seq=message.up_to_seq
            )
        return frames.marked_all_read(change.changed, change.unread_count)

    async def _state(self) -> InboxState:
        async with self._database.statements() as transaction:
            return await InboxRepository(transaction).state(self.identity.user_id)

    async def _refresh(self, token: str) -> ServerFrame:
        try:
            identity = await self._tokens.verify(token)
        except Unauthenticated as error:
            raise Closed(CloseCode.TOKEN_EXPIRED, str(error)) from None
        if identity.user_id != self.identity.user_id:
            raise Closed(CloseCode.TOKEN_EXPIRED, "The token is another user's.")
        self.identity = identity
        self.on_renewal()
        return frames.token_refreshed(identity.expires_at)


async def where_to_begin(inbox: InboxRepository, user_id: str, position: Position | None) -> tuple[InboxState, bool]:
    """Where a user's stream stands, and whether a client's position can be gone on from."""
    state = await inbox.state(user_id)
    if position is None or not may_resume(position, state):
        return state, False
    return state, await inbox.has_events(user_id, after=position.seq, up_to=state.seq)


def may_resume(position: Position, state: InboxState) -> bool:
    """Whether everything after a client's position can be given to it, if it is still kept; all of it or nothing."""
    return position.epoch == state.epoch and 0 <= state.seq - position.seq <= REPLAY_MOST
