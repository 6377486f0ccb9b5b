"""`docs/protocol.md` against the gateway: its examples are frames of the schema, and nothing is left out."""

import json
import re
from typing import Any

import pytest
from protocol_checks import SCHEMA, check_frame, definition, is_client_message

from deploy.local.launch import CHECKOUT
from ws_gateway.frames import CloseCode, ErrorCode

WORDS = (CHECKOUT / "docs/protocol.md").read_text()
EXAMPLES: list[dict[str, Any]] = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", WORDS, re.DOTALL)]


def cells(position: int) -> set[str]:
    """The words in one column of the tables."""
    rows = [line.split("|")[1:-1] for line in WORDS.splitlines() if line.startswith("|")]
    return {word for row in rows for word in re.findall(r"\w+", row[position])}


def types(side: str) -> set[str]:
    listed = SCHEMA["$defs"][side]
    names = [each["$ref"].rpartition("/")[2] for each in listed.get("oneOf", listed.get("anyOf"))]
    return {definition(name)["properties"]["type"]["const"] for name in names}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["type"])
def test_an_example_is_a_message_of_the_schema(example: dict[str, Any]) -> None:
    if example["type"] in types("ClientMessage"):
        assert is_client_message(example)
    else:
        check_frame(example)


def test_every_message_has_an_example() -> None:
    assert {example["type"] for example in EXAMPLES} == types("ClientMessage") | types("ServerFrame")


def test_every_kind_of_update_is_told_of() -> None:
    kinds = {
        kind
        for each in SCHEMA["$defs"].values()
        if (updated := each.get("properties", {}).get("update_type"))
        for kind in updated.get("enum", [updated.get("const")])
    }
    told = set(re.findall(r"`(\w+)`", WORDS)) | {example.get("update_type") for example in EXAMPLES}
    assert len(kinds) >= 9
    assert kinds <= told


def test_every_error_is_explained() -> None:
    assert cells(0) >= set(ErrorCode)


def test_every_close_code_is_explained() -> None:
    assert cells(0) >= {str(int(code)) for code in CloseCode}
