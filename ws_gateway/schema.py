"""The protocol as a JSON Schema: `python -m ws_gateway.schema > docs/protocol.schema.json`."""

import sys
from typing import Any

import orjson
from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from ws_gateway.frames import SERVER_FRAME
from ws_gateway.messages import CLIENT_MESSAGE

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _Untitled(GenerateJsonSchema):
    """Without titles that only repeat the names of fields."""

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002 - as the base class calls it
        return False


def protocol_schema() -> dict[str, Any]:
    """Every message under `$defs`; `ClientMessage` and `ServerFrame` are all of a side."""
    sides, schema = TypeAdapter.json_schemas(
        [("ClientMessage", "validation", CLIENT_MESSAGE), ("ServerFrame", "serialization", SERVER_FRAME)],
        schema_generator=_Untitled,
    )
    definitions = schema["$defs"] | {name: side for (name, _), side in sides.items()}
    return {
        "$schema": _DIALECT,
        "title": "Messages of the live notifications WebSocket",
        "description": "What a message means, and when it is sent: protocol.md beside this file.",
        "anyOf": [{"$ref": "#/$defs/ClientMessage"}, {"$ref": "#/$defs/ServerFrame"}],
        "$defs": dict(sorted(definitions.items())),
    }


def written() -> bytes:
    """The schema as it is kept in `docs/`."""
    return orjson.dumps(protocol_schema(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


if __name__ == "__main__":
    sys.stdout.buffer.write(written())
