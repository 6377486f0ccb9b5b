"""What clients may say, and what is nearly that, drawn from the protocol's schema.

`hypothesis-jsonschema` has had no release for years; the few words of JSON Schema that messages use are these lines.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st
from protocol_checks import definition

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=5,
)


def messages(name: str) -> st.SearchStrategy[dict[str, Any]]:
    """Any that the schema allows under this name."""
    return _values(definition(name))


@st.composite
def mutations(draw: st.DrawFn, name: str) -> str:
    """The text of one with a part missing, changed, added, doubled or cut off."""
    message = draw(messages(name))
    field = draw(st.sampled_from(sorted(message)))
    match draw(st.sampled_from(("missing", "changed", "added", "doubled", "cut", "nested"))):
        case "missing":
            del message[field]
        case "changed":
            message[field] = draw(JSON)
        case "added":
            message[draw(st.text(max_size=10))] = draw(JSON)
        case "doubled":
            return f"{json.dumps(message)[:-1]}, {json.dumps(field)}: {json.dumps(draw(JSON))}}}"
        case "cut":
            text = json.dumps(message)
            return text[: draw(st.integers(0, len(text) - 1))]
        case _:
            return json.dumps([message])
    return json.dumps(message)


def _values(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    if "const" in schema:
        return st.just(schema["const"])
    if "properties" in schema and "anyOf" in schema:
        return st.one_of([_object(schema, also=each["required"]) for each in schema["anyOf"]])
    if "anyOf" in schema:
        return st.one_of([_values(each) for each in schema["anyOf"]])
    return _BY_TYPE[schema["type"]](schema)


def _strings(schema: dict[str, Any]) -> st.SearchStrategy[str]:
    if schema.get("format") == "uuid":
        return st.uuids().map(str)
    return st.text(st.characters(codec="utf-8"), max_size=schema["maxLength"])


def _lists(schema: dict[str, Any]) -> st.SearchStrategy[list[Any]]:
    # Longer ones say nothing new.
    return st.lists(_values(schema["items"]), min_size=schema.get("minItems", 0), max_size=5)


def _object(schema: dict[str, Any], *, also: Sequence[str] = ()) -> st.SearchStrategy[dict[str, Any]]:
    required = {*schema["required"], *also}
    fields = {
        name: _values(each if name not in also else next(kind for kind in each["anyOf"] if kind["type"] != "null"))
        for name, each in schema["properties"].items()
    }
    return st.fixed_dictionaries(
        {name: values for name, values in fields.items() if name in required},
        optional={name: values for name, values in fields.items() if name not in required},
    )


_BY_TYPE: dict[str, Callable[[dict[str, Any]], st.SearchStrategy[Any]]] = {
    "object": _object,
    "array": _lists,
    "integer": lambda schema: st.integers(schema["minimum"], schema["maximum"]),
    "string": _strings,
    "null": lambda _: st.none(),
}
