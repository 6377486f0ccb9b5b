"""Leaves out what FastAPI says to nobody's use, so that the document and the clients made from it read well."""

from collections.abc import Mapping
from typing import Any, TypeVar

Node = TypeVar("Node")

_VALUES = {"example", "examples", "default", "enum", "const"}
"""What holds values, in which a title is a title."""


def tidy(node: Node) -> Node:
    """Without the titles that only repeat names."""
    if isinstance(node, dict):
        kept = {key: value for key, value in node.items() if key != "title" or not isinstance(value, str)}
        return {key: value if key in _VALUES else tidy(value) for key, value in kept.items()}  # type: ignore[return-value]
    if isinstance(node, list):
        return [tidy(each) for each in node]  # type: ignore[return-value]
    return node


def tidy_parameter(parameter: Mapping[str, Any]) -> dict[str, Any]:
    """With a header's name as it is usually written, and without null: a query cannot carry it, only leave out."""
    name, schema = parameter["name"], dict(parameter["schema"])
    schema.pop("description", None)
    if parameter["in"] == "header":
        name = "-".join(word.capitalize() for word in name.split("-"))
    values = [each for each in schema.pop("anyOf", []) if each != {"type": "null"}]
    if len(values) == 1:
        schema |= values[0]
    elif values:
        schema["anyOf"] = values
    return {**parameter, "name": name, "schema": schema}
