"""The vendor's door: the part of Courier's HTTP API that the product calls, with Courier's shapes and errors."""

import secrets
from typing import Any

from fastapi import APIRouter, Depends, Request, Response

from courier_sandbox.connection import cut, hold
from courier_sandbox.intake import Call, Intake, error_body
from courier_sandbox.message import Message, details
from courier_sandbox.settings import Settings

_PAGE_SIZE = 100
# What `messages.list` may be asked for here; a filter that was silently ignored would lie.
_FILTERS = {"traceId": "trace_id", "recipient": "user", "messageId": "id", "status": "status"}

router = APIRouter()


class VendorError(Exception):
    """A call that the vendor's door refuses."""

    def __init__(self, status_code: int, message: str) -> None:
        super().__init__(message)
        self.status_code = status_code


def vendor_error_response(_: Request, error: Exception) -> Response:
    status_code = error.status_code if isinstance(error, VendorError) else 500
    return _json_response(status_code, error_body(status_code, str(error)))


def is_authorized(request: Request) -> bool:
    settings: Settings = request.app.state.settings
    expected = f"Bearer {settings.auth_token.get_secret_value()}"
    return secrets.compare_digest(request.headers.get("authorization", "").encode(), expected.encode())


def authorize(request: Request) -> None:
    if not is_authorized(request):
        raise VendorError(401, "Unauthorized")


@router.post("/send")
async def send(request: Request) -> Response:
    intake: Intake = request.app.state.intake
    verdict = await intake.take(
        Call(
            authorized=is_authorized(request),
            body=await request.body(),
            idempotency_key=request.headers.get("idempotency-key"),
            idempotency_expiration=request.headers.get("x-idempotency-expiration"),
        )
    )
    if verdict.goes_unanswered:
        if verdict.message is None:
            await hold(request, request.app.state.settings.hang_seconds)
        await cut(request)
    response = _json_response(verdict.status_code, verdict.body)
    if verdict.retry_after is not None:
        response.headers["Retry-After"] = str(verdict.retry_after)
    return response


@router.get("/messages/{message_id}", dependencies=[Depends(authorize)])
async def retrieve(request: Request, message_id: str) -> dict[str, Any]:
    return details(_found(request.app.state.ledger.message(message_id)))


@router.get("/messages/{message_id}/history", dependencies=[Depends(authorize)])
async def history(request: Request, message_id: str) -> dict[str, Any]:
    message = _found(request.app.state.ledger.message(message_id))
    times = {"ENQUEUED": message.enqueued, "SENT": message.sent, "DELIVERED": message.delivered}
    return {"results": [{"type": status, "ts": at} for status, at in times.items() if at is not None]}


@router.post("/messages/{message_id}/cancel", dependencies=[Depends(authorize)])
async def cancel(request: Request, message_id: str) -> dict[str, Any]:
    return details(_found(request.app.state.ledger.cancel(message_id)))


def list_messages(request: Request) -> dict[str, Any]:
    """`GET /messages` for a caller that brings the token; for anybody else the path is the tool's."""
    query = dict(request.query_params)
    before = query.pop("cursor", None)
    if unknown := query.keys() - _FILTERS.keys():
        raise VendorError(400, f"The sandbox does not filter by {', '.join(sorted(unknown))}")
    filters = {_FILTERS[name]: value for name, value in query.items()}
    found = request.app.state.ledger.messages(filters, limit=_PAGE_SIZE + 1, before=before)
    page, more = found[:_PAGE_SIZE], len(found) > _PAGE_SIZE
    paging = {"more": more, "cursor": page[-1].id if more else None}
    return {"paging": paging, "results": [details(message) for message in page]}


def _found(message: Message | None) -> Message:
    if message is None:
        raise VendorError(404, "There is no message with this id")
    return message


def _json_response(status_code: int, body: bytes) -> Response:
    return Response(body, status_code=status_code, media_type="application/json")
