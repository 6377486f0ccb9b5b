"""What many operations share: how a caller proves who it is, how it is refused, and the headers of answers."""

from typing import Any

from identity.credentials import COOKIE

Json = dict[str, Any]

JSON = "application/json"

SECURITY_SCHEMES: Json = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "The user's id is in `user_id` or `sub`; `is_staff: true` makes staff; `exp` is required.",
    },
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": "The same token, HttpOnly, for pages of the origins that the service is told to allow.",
    },
    "courier": {
        "type": "apiKey",
        "in": "header",
        "name": "courier-signature",
        "description": 'Courier\'s `t=<unix ms>,signature=<hex of HMAC-SHA256 over "t.body">`, good for 5 minutes.',
    },
}

HEADERS: Json = {
    "X-Request-ID": {
        "description": "Names this call in the service's logs: the caller's own if it sent a fit one, else a new one.",
        "required": True,
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9-]{1,64}$"},
    },
    "Retry-After": {
        "description": "Seconds after which another try makes sense.",
        "required": True,
        "schema": {"type": "integer", "minimum": 0},
    },
    "WWW-Authenticate": {"required": True, "schema": {"type": "string", "const": "Bearer"}},
    "Location": {
        "description": "Where the thing that was made is found.",
        "required": True,
        "schema": {"type": "string", "format": "uri"},
    },
    "Idempotency-Replayed": {
        "description": "There when the key was used before, and this is what it made.",
        "schema": {"type": "string", "const": "true"},
    },
}

_DETAIL: Json = {"$ref": "#/components/schemas/Detail"}

SCHEMAS: Json = {
    "Detail": {
        "type": "object",
        "description": "Why a call was refused, in a sentence.",
        "properties": {"detail": {"type": "string"}},
        "required": ["detail"],
        "additionalProperties": False,
    },
    "InvalidFields": {
        "type": "object",
        "description": "Every field or parameter at fault, each with its messages.",
        "minProperties": 1,
        "additionalProperties": {"type": "array", "items": {"type": "string"}, "minItems": 1},
    },
    "Failure": {
        "type": "object",
        "properties": {"detail": {"type": "string"}, "request_id": {"type": "string"}},
        "required": ["detail", "request_id"],
        "additionalProperties": False,
    },
}


def header(*names: str) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _refusal(description: str, example: Json, *names: str, schema: Json = _DETAIL) -> Json:
    return {
        "description": description,
        "headers": header("X-Request-ID", *names),
        "content": {JSON: {"schema": schema, "example": example}},
    }


def _detail(description: str, sentence: str, *names: str) -> Json:
    return _refusal(description, {"detail": sentence}, *names)


REFUSALS: dict[int, tuple[str, Json]] = {
    400: (
        "Invalid",
        _refusal(
            "Fields or parameters at fault by name; or, of a body that is no JSON, `detail`.",
            {"title": ["This field is required."]},
            schema={"anyOf": [{"$ref": "#/components/schemas/InvalidFields"}, _DETAIL]},
        ),
    ),
    401: (
        "Unauthenticated",
        _detail("No credential, or none to accept.", "The token has expired.", "WWW-Authenticate"),
    ),
    403: (
        "Forbidden",
        _detail("The caller is known and may not do this.", "You do not have permission to perform this action."),
    ),
    404: ("NotFound", _detail("There is no such thing, or it is somebody else's.", "Not found.")),
    409: (
        "Conflict",
        _detail(
            "At odds with what is already so; nothing was changed.",
            "This idempotency key was already used with another body.",
        ),
    ),
    413: ("TooLarge", _detail("The body is too large.", "The body may have at most 1048576 bytes.")),
    414: ("TooLong", _detail("The address is too long.", "Path and query may have at most 8192 bytes.")),
    415: ("NoJson", _detail("The body is not said to be JSON.", 'Unsupported media type "text/plain" in request.')),
    429: (
        "TooManyRequests",
        _detail(
            "The caller asks too often.",
            "Request was throttled. Expected available in 12 seconds.",
            "Retry-After",
        ),
    ),
    431: ("TooMuch", _detail("The headers are too many or too large.", "A request may have at most 100 headers.")),
    500: (
        "Failed",
        _refusal(
            "Something that was not foreseen; `request_id` finds it in the logs.",
            {"detail": "Internal server error.", "request_id": "5f0c1d2e3b4a4f5e8d7c6b5a49382716"},
            schema={"$ref": "#/components/schemas/Failure"},
        ),
    ),
    503: (
        "Unavailable",
        _detail(
            "Something that the call needs is away; nothing was changed, and the call may be repeated.",
            "The service is temporarily unavailable.",
            "Retry-After",
        ),
    ),
}
"""By status: the name of the shared response, and the response."""
