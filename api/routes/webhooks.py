"""`webhooks/courier/`: what became of the messages that Courier took over. Authenticated by its signature."""

import hashlib
import hmac
import time
from typing import Annotated

import orjson
import structlog
from fastapi import APIRouter, Depends, Header, Request
from starlette.responses import Response

from api.dependencies import ServicesDep
from api.errors import InvalidFields
from identity.caller import Unauthenticated
from notifications.contracts.errors import ServiceUnreachable
from persistence.deliveries import DeliveryRepository
from policy.outcomes import may_follow
from policy.receipts import receipt_of

router = APIRouter(prefix="/webhooks", tags=["webhooks"])

_TOLERANCE_SECONDS = 300
# A message may be reported on before the answer to its sending has been written down here.
_YOUNG_SECONDS = 60

log = structlog.get_logger("webhooks")

_REPORT = {
    "type": "object",
    "required": ["data"],
    "properties": {
        "type": {"type": "string", "examples": ["message:updated"]},
        "data": {
            "type": "object",
            "required": ["id", "status"],
            "properties": {
                "id": {"type": "string", "examples": ["1-665b1c2e-8f3d4a5b6c7d8e9f"]},
                "status": {"type": "string", "examples": ["DELIVERED"]},
                "reason": {"type": ["string", "null"]},
                "enqueued": {"type": ["integer", "null"], "description": "Unix milliseconds."},
            },
        },
    },
}
"""What of Courier's report is read here, out of much more."""


async def _signed_body(
    request: Request,
    services: ServicesDep,
    courier_signature: Annotated[str, Header(include_in_schema=False)] = "",
) -> bytes:
    body = await request.body()
    if not _is_signed(courier_signature, body, secret=services.courier_webhook_secret):
        raise Unauthenticated("The signature is not valid.")
    return body


SignedBody = Annotated[bytes, Depends(_signed_body)]


@router.post(
    "/courier/",
    status_code=204,
    openapi_extra={"requestBody": {"required": True, "content": {"application/json": {"schema": _REPORT}}}},
    summary="Courier's status reports",
)
async def receive_courier_report(body: SignedBody, services: ServicesDep) -> Response:
    message_id, status, reason, enqueued_at = _report(body)
    receipt = receipt_of(status, reason)
    if receipt.status is None:
        return Response(status_code=204)  # most reports repeat what is known
    async with services.database.statements() as transaction:
        delivery = await DeliveryRepository(transaction).report(message_id, status)
    if delivery is None and time.time() - enqueued_at < _YOUNG_SECONDS:
        raise ServiceUnreachable("This message is not known yet; report again.")
    if delivery is not None and may_follow(delivery.status, receipt.status):
        async with services.database.transaction() as transaction:
            await DeliveryRepository(transaction).move(
                delivery.id, receipt.status, owner=delivery.user_id, reason=receipt.reason
            )
    return Response(status_code=204)


def _is_signed(header: str, body: bytes, *, secret: str | None) -> bool:
    """`t=<unix ms>,signature=<hex of HMAC-SHA256 over "t.body">`, over the raw bytes, at most 5 minutes old."""
    parts = dict(part.split("=", 1) for part in header.split(",") if "=" in part)
    moment, signature = parts.get("t", ""), parts.get("signature", "")
    if secret is None or not moment.isdecimal() or abs(time.time() - int(moment) / 1000) > _TOLERANCE_SECONDS:
        return False
    expected = hmac.new(secret.encode(), moment.encode() + b"." + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), signature.encode())


def _report(body: bytes) -> tuple[str, str, str | None, float]:
    """Message id, status, reason, and when Courier took it in (Unix seconds)."""
    try:
        data = orjson.loads(body)["data"]
        return str(data["id"]), str(data["status"]), data.get("reason"), float(data.get("enqueued") or 0) / 1000
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
        raise InvalidFields({"data": ["A message's id and status are required."]}) from None
