"""What client and gateway say to one another, as JSON text frames; see the wire contract."""

from datetime import UTC, datetime
from enum import IntEnum, StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from notifications.contracts import limits
from persistence.events import utc
from persistence.inbox import InboxState


class CloseCode(IntEnum):
    """4001 and 4003: do not come back with the same token. 1012 and 4008: come back and resume."""

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
    UNAVAILABLE = "unavailable"


class _ClientMessage(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    op_id: str | None = Field(default=None, max_length=128)


class MarkRead(_ClientMessage):
    type: Literal["mark_read"]
    notification_id: UUID | None = None
    notification_ids: list[UUID] | None = Field(default=None, min_length=1, max_length=limits.IDS_PER_CALL)

    @property
    def ids(self) -> list[UUID]:
        return self.notification_ids or ([self.notification_id] if self.notification_id else [])


class MarkAllRead(_ClientMessage):
    type: Literal["mark_all_read"]
    up_to_seq: int | None = Field(default=None, ge=0)


class GetUnreadCount(_ClientMessage):
    type: Literal["get_unread_count"]


class Ping(_ClientMessage):
    type: Literal["ping"]


class Resume(_ClientMessage):
    type: Literal["resume"]
    epoch: str = Field(max_length=64)
    seq: int = Field(ge=0)


class RefreshToken(_ClientMessage):
    type: Literal["refresh_token"]
    token: str = Field(max_length=8_192)


ClientMessage = MarkRead | MarkAllRead | GetUnreadCount | Ping | Resume | RefreshToken
_CLIENT_MESSAGE: TypeAdapter[ClientMessage] = TypeAdapter(Annotated[ClientMessage, Field(discriminator="type")])
_UNKNOWN_TYPE = {"union_tag_invalid", "union_tag_not_found"}


class BadMessage(Exception):
    """A frame that is no message; the connection stays open."""

    def __init__(self, code: ErrorCode, message: str, *, op_id: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.op_id = op_id


def parse(frame: str) -> ClientMessage:
    """The message in a text frame.

    Raises:
        BadMessage: bad JSON, an unknown type, a missing or wrong field.
    """
    try:
        content = orjson.loads(frame)
    except orjson.JSONDecodeError:
        raise BadMessage(ErrorCode.BAD_JSON, "The frame is not JSON.") from None
    given = content.get("op_id") if isinstance(content, dict) else None
    op_id = given if isinstance(given, str) else None
    try:
        message = _CLIENT_MESSAGE.validate_python(content)
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False)[0]
        if problem["type"] in _UNKNOWN_TYPE:
            raise BadMessage(ErrorCode.UNKNOWN_TYPE, "The message has no known type.", op_id=op_id) from None
        field = ".".join(str(part) for part in problem["loc"][1:]) or "message"
        raise BadMessage(ErrorCode.INVALID, f"{field}: {problem['msg']}.", op_id=op_id) from None
    if isinstance(message, MarkRead) and not message.ids:
        raise BadMessage(ErrorCode.INVALID, "notification_id or notification_ids is required.", op_id=op_id)
    return message


def established(state: InboxState, *, resumed: bool) -> dict[str, Any]:
    """The first frame, and the answer to `resume`: `seq` and `unread_count` are the stream's as it stands.

    When `resumed`, the events after the client's own position follow; else it reloads and goes on from `seq`.
    """
    return {
        "type": "connection_established",
        "unread_count": state.unread_count,
        "epoch": state.epoch,
        "seq": state.seq,
        "resumed": resumed,
        "server_time": utc(datetime.now(UTC)),
    }


def unread_count(count: int, seq: int) -> dict[str, Any]:
    return {"type": "unread_count", "count": count, "seq": seq}


def marked_read(ids: list[UUID], unread: int) -> dict[str, Any]:
    texts = list(map(str, ids))
    return {"type": "marked_read", "notification_id": texts[0], "notification_ids": texts, "unread_count": unread}


def marked_all_read(count: int, unread: int) -> dict[str, Any]:
    return {"type": "marked_all_read", "count": count, "unread_count": unread}


def pong() -> dict[str, Any]:
    return {"type": "pong", "server_time": utc(datetime.now(UTC))}


def token_refreshed(expires_at: datetime) -> dict[str, Any]:
    return {"type": "token_refreshed", "expires_at": utc(expires_at)}


def error(code: ErrorCode, message: str) -> dict[str, Any]:
    return {"type": "error", "code": code, "message": message}


def encode(message: dict[str, Any], *, op_id: str | None = None) -> bytes:
    return orjson.dumps(message if op_id is None else {**message, "op_id": op_id})
