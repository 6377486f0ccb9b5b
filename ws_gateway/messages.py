"""What a client says to the gateway, as JSON text frames; see `docs/protocol.md`.

The shapes here and in `frames` are the protocol's one source: `schema` makes its JSON Schema of them. What a schema
cannot say stands in it as `x-answers`, the types of frames that answer a message, and `x-closes`, the codes with
which it may end the connection.
"""

from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from notifications.contracts import limits
from ws_gateway.frames import CloseCode, ErrorCode


def _about(*answers: str, closes: tuple[CloseCode, ...] = (), **more: Any) -> ConfigDict:
    extra = {"x-answers": [*answers, "error"], "x-closes": [int(code) for code in closes], **more}
    return ConfigDict(extra="ignore", frozen=True, use_attribute_docstrings=True, json_schema_extra=extra)


class _ClientMessage(BaseModel):
    model_config = _about()

    op_id: str | None = Field(default=None, max_length=128)
    """Chosen by the client: echoed in the answer; said again, the message is answered again and not done again."""


class MarkRead(_ClientMessage):
    """Marks one or several of the user's notifications as read: all of them, or none when one is unknown."""

    model_config = _about(
        "marked_read",
        anyOf=[
            {"required": ["notification_id"], "properties": {"notification_id": {"type": "string"}}},
            {"required": ["notification_ids"], "properties": {"notification_ids": {"type": "array"}}},
        ],
    )

    type: Literal["mark_read"]
    notification_id: UUID | None = None
    notification_ids: list[UUID] | None = Field(default=None, min_length=1, max_length=limits.IDS_PER_CALL)

    @property
    def ids(self) -> list[UUID]:
        return self.notification_ids or ([self.notification_id] if self.notification_id else [])


class MarkAllRead(_ClientMessage):
    """Marks everything as read that had arrived by `up_to_seq`; without it, everything."""

    model_config = _about("marked_all_read")

    type: Literal["mark_all_read"]
    up_to_seq: int | None = Field(default=None, ge=0, le=limits.SEQ)


class GetUnreadCount(_ClientMessage):
    """Asks for the exact number of unread notifications."""

    model_config = _about("unread_count")

    type: Literal["get_unread_count"]


class Ping(_ClientMessage):
    """Asks whether anybody is there: a browser's script never sees the protocol's own pings."""

    model_config = _about("pong")

    type: Literal["ping"]


class Resume(_ClientMessage):
    """Asks for everything after a position, on a connection that is open."""

    model_config = _about("connection_established")

    type: Literal["resume"]
    epoch: str = Field(max_length=64)
    seq: int = Field(ge=0, le=limits.SEQ)


class RefreshToken(_ClientMessage):
    """Puts a newer token of the same user in the place of the connection's."""

    model_config = _about("token_refreshed", closes=(CloseCode.TOKEN_EXPIRED,))

    type: Literal["refresh_token"]
    token: str = Field(max_length=8_192)


ClientMessage = MarkRead | MarkAllRead | GetUnreadCount | Ping | Resume | RefreshToken
CLIENT_MESSAGE: TypeAdapter[ClientMessage] = TypeAdapter(Annotated[ClientMessage, Field(discriminator="type")])
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
        message = CLIENT_MESSAGE.validate_python(content)
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False)[0]
        if problem["type"] in _UNKNOWN_TYPE:
            raise BadMessage(ErrorCode.UNKNOWN_TYPE, "The message has no known type.", op_id=op_id) from None
        field = ".".join(str(part) for part in problem["loc"][1:]) or "message"
        raise BadMessage(ErrorCode.INVALID, f"{field}: {problem['msg']}.", op_id=op_id) from None
    if isinstance(message, MarkRead) and not message.ids:
        raise BadMessage(ErrorCode.INVALID, "notification_id or notification_ids is required.", op_id=op_id)
    return message
