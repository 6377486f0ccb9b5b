"""An example of every body and answer, put together from those of the fields.

A field may bring its own (`Field(examples=[…])`), a shape too. For the rest a field's name says what belongs in it: the
vocabulary has one meaning for each word, so one sample notification serves all shapes.
"""

from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]

_SAMPLE: dict[str, Any] = {
    "id": "0198f3a2-6c5e-7b10-9d4e-2f1a8c7b6d50",
    "user": "anna",
    "user_name": "Anna Weber",
    "users": ["anna", "ben"],
    "email": "anna@example.org",
    "phone_number": "+491701234567",
    "push_tokens": ["bk3RNwTe3H0:CI2k_HHwgIpoDKCIZvvDMExUdFQ3P1"],
    "locale": "en",
    "time_zone": "Europe/Berlin",
    "tz": "Europe/Berlin",
    "digest_time": "08:00",
    "daily_limit": 10,
    "title": "Booking confirmed",
    "message": "Your yoga session with Jane Doe is confirmed.",
    "notification_type_display": "Booking",
    "delivery_channels": ["in_app", "email"],
    "metadata": {"booking_id": 123, "studio": "North"},
    "related_object_type": "booking",
    "related_object_id": "123",
    "anchor": "booking:123",
    "offsets": [86400, 1800],
    "offset": 86400,
    "starts_at": "2030-06-02T10:00:00Z",
    "fires_at": "2030-06-01T10:00:00Z",
    "group_key": "booking:123",
    "notification_key": "booking:123:confirmed",
    "template_key": "booking.moved",
    "key": "booking.moved",
    "version": 1,
    "priority": "normal",
    "status": "sent",
    "time_since": "5 minutes ago",
    "created_at": "2026-06-01T10:00:00Z",
    "updated_at": "2026-06-01T10:00:02Z",
    "sent_at": "2026-06-01T10:00:01Z",
    "delivered_at": "2026-06-01T10:00:02Z",
    **dict.fromkeys(("read_at", "seen_at", "archived_at", "snoozed_until", "scheduled_for", "expires_at")),
    **dict.fromkeys(("next_attempt_at", "reason", "provider", "provider_message_id")),
    "is_read": False,
    "is_seen": False,
    "attempts": 1,
    "attempt": 1,
    "event": "sent",
    "status_code": 202,
    "explanation": "The type's default.",
    "count": 1,
    "next": None,
    "previous": None,
    "group_type": "notification_type",
    "subject": "Yoga has moved",
    "body": "Yoga is at 10:00 now.",
    "subject_template": "{{ service_name }} has moved",
    "body_template": "{{ service_name }} is at {{ booking_time }} now.",
    "ticket": "0mBqZ2xw1tYf3sJkLr8vNhQeUaCdPgXi",
    "expires_in": 30,
}
_FORMATS: dict[str, Any] = {"uuid": _SAMPLE["id"], "date-time": _SAMPLE["created_at"]}
_TYPES: dict[str, Any] = {"string": "text", "integer": 1, "number": 1, "boolean": True, "null": None}
_PYTHON_TYPES = {
    "string": str,
    "integer": int,
    "number": int | float,
    "boolean": bool,
    "null": type(None),
    "array": list,
    "object": dict,
}


def example_of(schema: Json, schemas: Json, *, name: str = "", full: bool = True) -> Any:
    """A value that the schema admits; of a request (`full` is false) without what may as well be left out."""
    schema = _resolved(schema, schemas)
    if "examples" in schema:
        return schema["examples"][0]
    if not full and schema.get("default"):
        return schema["default"]
    choices = [_resolved(choice, schemas) for choice in schema.get("anyOf", [schema])]
    if name in _SAMPLE and any(_admits(choice, _SAMPLE[name]) for choice in choices):
        return _SAMPLE[name]
    if "anyOf" in schema:
        return example_of(choices[0], schemas, name=name, full=full)
    return _made_up(schema, schemas, full=full)


def _made_up(schema: Json, schemas: Json, *, full: bool) -> Any:
    if values := _values(schema):
        return values[0]
    match schema.get("type"):
        case "array":
            return [example_of(schema.get("items", {}), schemas, full=full)]
        case "object" | None:
            return _object(schema, schemas, full=full)
        case kind:
            return _FORMATS.get(schema.get("format", ""), _TYPES[kind])


def _object(schema: Json, schemas: Json, *, full: bool) -> dict[str, Any]:
    properties = schema.get("properties", {})
    others = schema.get("additionalProperties")
    if isinstance(others, dict):
        key = example_of(schema.get("propertyNames", {"const": "key"}), schemas)
        return {key: example_of(others, schemas, full=full)}
    required = schema.get("required", [])
    wanted = [name for name, each in properties.items() if full or name in required or "examples" in each]
    return {name: example_of(properties[name], schemas, name=name, full=full) for name in wanted or properties}


def _admits(schema: Json, value: object) -> bool:
    if values := _values(schema):
        return value in values
    return isinstance(value, _PYTHON_TYPES.get(schema.get("type", ""), ()))


def _values(schema: Json) -> list[Any]:
    """Those that alone are admitted."""
    return [schema["const"]] if "const" in schema else list(schema.get("enum", []))


def _resolved(schema: Json, schemas: Json) -> Json:
    reference: str | None = schema.get("$ref")
    return {**schema, **schemas[reference.rsplit("/", 1)[-1]]} if reference else schema
