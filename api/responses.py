"""Answers as JSON, straight from plain data."""

from collections.abc import Mapping

import orjson
from starlette.responses import Response


def json_response(content: object, status: int = 200, *, headers: Mapping[str, str] | None = None) -> Response:
    return Response(orjson.dumps(content), status, headers=headers, media_type="application/json")
