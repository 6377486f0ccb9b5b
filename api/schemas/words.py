"""The fields that say what a notification is to be.

`notifications.contracts.building` checks them, for both doors and in words of its own; here they are only documented.
"""

from typing import Annotated, Any

from pydantic import Field, StrictInt, StrictStr

from notifications.contracts import limits
from notifications.contracts.vocabulary import Channel, NotificationType, Priority


def _told(**schema: Any) -> Any:
    return Field(json_schema_extra=schema)


UserId = Annotated[StrictStr | StrictInt, _told(maxLength=limits.USER_CHARS)]
Title = Annotated[str, _told(maxLength=limits.TITLE_CHARS)]
Message = Annotated[str, _told(maxLength=limits.MESSAGE_CHARS)]
Key = Annotated[str, _told(maxLength=limits.KEY_CHARS)]
ObjectType = Annotated[str, _told(maxLength=limits.OBJECT_CHARS)]
ObjectId = Annotated[StrictStr | StrictInt, _told(maxLength=limits.OBJECT_CHARS)]
TypeWord = Annotated[str, _told(enum=list(NotificationType))]
ChannelWord = Annotated[str, _told(enum=list(Channel))]
PriorityWord = Annotated[str, _told(enum=list(Priority))]
PreconditionWord = Annotated[
    dict[str, Any],
    Field(
        description="Asked right before each email, text or push: a signed POST to `url`, which answers 200 with "
        '`{"still_true": true}` or `false`. If nobody answers there, `if_unreachable` decides: `send` (the default), '
        "`hold`, or `drop`.",
        examples=[{"url": "https://shop.example/still-true/?booking=123", "if_unreachable": "hold"}],
    ),
]
