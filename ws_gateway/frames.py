"""What the gateway says to a client, as JSON text frames, and how it ends a connection; see `docs/protocol.md`.

Fields are only ever added, so a client passes over those that it does not know.
"""

from datetime import UTC, datetime
from enum import IntEnum, StrEnum
from typing import Annotated, Any, Literal, NotRequired
from uuid import UUID

import orjson
from pydantic import Field, TypeAdapter, WithJsonSchema
from typing_extensions import TypedDict

from notifications.contracts.vocabulary import Channel, DeliveryStatus, NotificationType
from persistence.events import utc
from persistence.inbox import InboxState

Count = Annotated[int, Field(ge=0)]
Seq = Annotated[int, Field(ge=0)]
Id = Annotated[str, WithJsonSchema({"type": "string", "format": "uuid"})]
Instant = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time", "pattern": "Z$"})]


class CloseCode(IntEnum):
    """4001 and 4003: do not come back with the same token. The others but 4009: come back and resume."""

    FAILED = 1011
    RESTART = 1012
    UNAUTHENTICATED = 4001
    TOKEN_EXPIRED = 4003
    TOO_SLOW = 4008
    BAD_REQUEST = 4009
    TOO_MANY = 4029


class ErrorCode(StrEnum):
    BAD_JSON = "bad_json"
    UNKNOWN_TYPE = "unknown_type"
    INVALID = "invalid"
    NOT_FOUND = "not_found"
    TOO_MANY = "too_many"
    UNAVAILABLE = "unavailable"


class _Answer(TypedDict):
    op_id: NotRequired[Annotated[str, Field(description="That of the message which this answers.")]]


class ConnectionEstablished(_Answer):
    """The first frame, and the answer to `resume`: `seq` and `unread_count` are the stream's as it stands.

    When `resumed`, the events after the client's own position follow; else it reloads and goes on from `seq`.
    """

    type: Literal["connection_established"]
    unread_count: Count
    epoch: Id
    seq: Seq
    resumed: bool
    server_time: Instant


class UnreadCount(_Answer):
    """The exact count as of `seq`; only the newest is sent to a client that reads slowly."""

    type: Literal["unread_count"]
    count: Count
    seq: Seq


class MarkedRead(_Answer):
    type: Literal["marked_read"]
    notification_id: Id
    notification_ids: list[Id]
    unread_count: Count


class MarkedAllRead(_Answer):
    """`count` says how many were unread until now."""

    type: Literal["marked_all_read"]
    count: Count
    unread_count: Count


class Pong(_Answer):
    type: Literal["pong"]
    server_time: Instant


class TokenRefreshed(_Answer):
    type: Literal["token_refreshed"]
    expires_at: Instant


class Error(_Answer):
    """Nothing was changed, and the connection stays open; `message` is for people, `code` for programs."""

    type: Literal["error"]
    code: ErrorCode
    message: str


class Entry(TypedDict):
    """A notification as a list shows it."""

    id: Id
    title: str
    message: str
    notification_type: NotificationType
    is_read: bool
    created_at: Instant
    metadata: dict[str, Any]
    related_object_type: str | None
    related_object_id: str | None
    group_key: str | None


class NewNotification(TypedDict):
    """One that the inbox has now: a new one, or one that has woken from its snooze."""

    type: Literal["new_notification"]
    seq: Seq
    notification: Entry


class _Update(TypedDict):
    type: Literal["notification_update"]
    seq: Seq


class NotificationNamed(TypedDict):
    notification_id: Id


class ReadMark(NotificationNamed):
    is_read: bool


class ReadChanged(_Update):
    update_type: Literal["read", "unread"]
    data: ReadMark


class InboxReadMark(TypedDict):
    is_read: bool
    up_to_seq: NotRequired[Seq]


class AllRead(_Update):
    """Of the whole inbox, or of what had arrived by `up_to_seq`."""

    update_type: Literal["all_read", "all_unread"]
    data: InboxReadMark


class SeenMark(TypedDict):
    notification_id: NotRequired[Id]
    notification_ids: NotRequired[list[Id]]
    is_seen: bool


class SeenChanged(_Update):
    """Of one, of several, or with neither id nor ids of the whole inbox."""

    update_type: Literal["seen"]
    data: SeenMark


class Deleted(_Update):
    update_type: Literal["deleted"]
    data: NotificationNamed


class ArchivedMark(NotificationNamed):
    archived_at: Instant | None
    notification: NotRequired[Entry]


class Archived(_Update):
    """Null has it back in the inbox, and `notification` is the whole entry."""

    update_type: Literal["archived"]
    data: ArchivedMark


class SnoozedMark(NotificationNamed):
    snoozed_until: Instant | None
    notification: NotRequired[Entry]


class Snoozed(_Update):
    """Null has it back in the inbox, and `notification` is the whole entry; one that wakes is a `new_notification`."""

    update_type: Literal["snoozed"]
    data: SnoozedMark


class Edited(_Update):
    """Its words or its times are others now; the client loads it again if it shows them."""

    update_type: Literal["edited"]
    data: NotificationNamed


class DeliveryState(NotificationNamed):
    channel: Channel
    status: DeliveryStatus
    reason: str | None
    attempts: Count
    next_attempt_at: Instant | None


class DeliveryChanged(_Update):
    """The live status of one notification on one channel."""

    update_type: Literal["delivery"]
    data: DeliveryState


ServerFrame = (
    ConnectionEstablished
    | NewNotification
    | ReadChanged
    | AllRead
    | SeenChanged
    | Deleted
    | Archived
    | Snoozed
    | Edited
    | DeliveryChanged
    | UnreadCount
    | MarkedRead
    | MarkedAllRead
    | Pong
    | TokenRefreshed
    | Error
)
SERVER_FRAME: TypeAdapter[ServerFrame] = TypeAdapter(ServerFrame)


def established(state: InboxState, *, resumed: bool) -> ConnectionEstablished:
    return {
        "type": "connection_established",
        "unread_count": state.unread_count,
        "epoch": state.epoch,
        "seq": state.seq,
        "resumed": resumed,
        "server_time": utc(datetime.now(UTC)),
    }


def unread_count(count: int, seq: int) -> UnreadCount:
    return {"type": "unread_count", "count": count, "seq": seq}


def marked_read(ids: list[UUID], unread: int) -> MarkedRead:
    texts = list(map(str, ids))
    return {"type": "marked_read", "notification_id": texts[0], "notification_ids": texts, "unread_count": unread}


def marked_all_read(count: int, unread: int) -> MarkedAllRead:
    return {"type": "marked_all_read", "count": count, "unread_count": unread}


def pong() -> Pong:
    return {"type": "pong", "server_time": utc(datetime.now(UTC))}


def token_refreshed(expires_at: datetime) -> TokenRefreshed:
    return {"type": "token_refreshed", "expires_at": utc(expires_at)}


def error(code: ErrorCode, message: str) -> Error:
    return {"type": "error", "code": code, "message": message}


def encode(frame: ServerFrame, *, op_id: str | None = None) -> bytes:
    return orjson.dumps(frame if op_id is None else {**frame, "op_id": op_id})
