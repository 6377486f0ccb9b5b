"""The protocol's schema as the tests hold frames against it: closed, so that a field it does not tell of is found."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

SCHEMA: dict[str, Any] = json.loads((Path(__file__).parents[2] / "docs/protocol.schema.json").read_text())


def definition(name: str) -> dict[str, Any]:
    """One of the schema's definitions, with all that it refers to."""
    return {"$defs": SCHEMA["$defs"], **SCHEMA["$defs"][name]}


def client_messages() -> list[str]:
    """The names of what a client may say."""
    return [str(each["$ref"]).rpartition("/")[2] for each in SCHEMA["$defs"]["ClientMessage"]["oneOf"]]


def check_frame(frame: Any) -> None:
    """Raises ValidationError unless the frame is one that the gateway may send, as the schema has it to the letter."""
    _server_frames().validate(frame)


@cache
def _server_frames() -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(_closed(definition("ServerFrame")), validate_formats=True)


def is_client_message(message: Any) -> bool:
    return _client_messages().is_valid(message)


@cache
def _client_messages() -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(definition("ClientMessage"), validate_formats=True)


def _closed(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and "type" in schema:
        closed["additionalProperties"] = False
    return closed
