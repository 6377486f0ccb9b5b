"""From what went wrong to what the caller is told: one table, in Django REST Framework's shapes."""

from collections.abc import Mapping
from http import HTTPStatus
from json import JSONDecodeError
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.responses import json_response
from api.throttling import Throttled
from identity.caller import CannotVerify, Unauthenticated
from notifications.contracts.errors import (
    DigestClosed,
    IdempotencyConflict,
    InvalidNotification,
    NothingLeft,
    NothingToRedrive,
    NotificationError,
    NotificationNotFound,
    NotInInbox,
    ServiceUnreachable,
    StaleVersion,
    Unacceptable,
)
from persistence.database import DatabaseUnavailable

log = structlog.get_logger("api")


class Forbidden(NotificationError):
    """The caller is known and may not do this."""


class InvalidPage(NotificationError):
    """There is no such page."""

    def __init__(self) -> None:
        super().__init__("Invalid page.")


class InvalidFields(NotificationError):
    """Fields or parameters at fault, each with its messages."""

    def __init__(self, errors: Mapping[str, list[str]]) -> None:
        super().__init__("invalid fields")
        self.errors = dict(errors)


STATUSES: dict[type[NotificationError], int] = {
    InvalidNotification: 400,
    InvalidFields: 400,
    Forbidden: 403,
    NotificationNotFound: 404,
    InvalidPage: 404,
    IdempotencyConflict: 409,
    NothingLeft: 409,
    StaleVersion: 409,
    NothingToRedrive: 409,
    DigestClosed: 409,
    Throttled: 429,
    NotInInbox: 409,
    ServiceUnreachable: 503,
    Unacceptable: 500,
}
_NOT_FOUND = "Not found."
_NO_JSON = "JSON parse error - "
_RETRY_SECONDS = "2"


def install(app: FastAPI) -> None:
    """Registers a handler for each kind of error; Starlette finds them by class ancestry."""
    app.add_exception_handler(NotificationError, _domain_error)
    app.add_exception_handler(Unauthenticated, _unauthenticated)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(DatabaseUnavailable, _database_away)
    app.add_exception_handler(CannotVerify, _cannot_verify)


async def _domain_error(_: Request, error: Exception) -> Response:
    status = STATUSES[type(error)]  # type: ignore[index] # registered for NotificationError alone
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        raise error  # the middleware answers all of these alike
    if isinstance(error, InvalidNotification | InvalidFields):
        return json_response(error.errors, status)
    if isinstance(error, NotificationNotFound):
        return json_response({"detail": _NOT_FOUND}, status)
    if isinstance(error, NothingLeft):
        return json_response({"detail": str(error), "channels": error.channels}, status)
    return json_response({"detail": str(error)}, status, headers=_retry_after(error))


async def _unauthenticated(_: Request, error: Exception) -> Response:
    return json_response({"detail": str(error)}, 401, headers={"WWW-Authenticate": "Bearer"})


async def _invalid_request(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    found = error.errors()
    for problem in found:
        if problem["type"] == "json_invalid":
            fault = JSONDecodeError(problem["ctx"]["error"], str(error.body), problem["loc"][-1])
            return json_response({"detail": f"{_NO_JSON}{fault}"}, 400)
    if isinstance(error.body, bytes):  # FastAPI hands over as it came what does not call itself JSON
        told = request.headers.get("content-type", "")[:100]
        return json_response({"detail": f'Unsupported media type "{told}" in request.'}, 415)
    problems: dict[str, list[str]] = {}
    for problem in found:
        problems.setdefault(_field(problem), []).append(_sentence(problem))
    return json_response(problems, 400)


async def _http_error(_: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    words = {400: f"{_NO_JSON}{error.__cause__}", 404: _NOT_FOUND}
    detail = words.get(error.status_code, error.detail)
    return json_response({"detail": detail}, error.status_code, headers=error.headers)


async def _database_away(_: Request, error: Exception) -> Response:
    log.warning("database away", error=str(error))
    return _unavailable()


async def _cannot_verify(_: Request, error: Exception) -> Response:
    log.warning("cannot verify a token", error=str(error))
    return _unavailable()


def _unavailable() -> Response:
    return json_response(
        {"detail": "The service is temporarily unavailable."}, 503, headers={"Retry-After": _RETRY_SECONDS}
    )


def _retry_after(error: Exception) -> dict[str, str]:
    if isinstance(error, Throttled):
        return {"Retry-After": str(error.retry_after_seconds)}
    return {"Retry-After": _RETRY_SECONDS} if isinstance(error, ServiceUnreachable) else {}


def _field(problem: Mapping[str, Any]) -> str:
    """The caller's name of what is at fault, without where it was found."""
    path = [str(part) for part in problem["loc"] if part not in ("body", "query", "path", "header")]
    return path[0] if path else "non_field_errors"


def _sentence(problem: Mapping[str, Any]) -> str:
    if problem["type"] == "missing":
        return "This field is required."
    return f"{str(problem['msg']).removeprefix('Value error, ').rstrip('.')}."
