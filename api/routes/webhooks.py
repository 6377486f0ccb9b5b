"""`webhooks/courier/`: what became of the messages that Courier took over. Authenticated by its signature."""

import hashlib
import hmac
import re
import time
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Header, Request
from pydantic import ValidationError
from starlette.responses import Response

from api.dependencies import ServicesDep
from api.errors import InvalidFields
from api.schemas.webhooks import CourierReport, ReportedMessage
from identity.caller import Unauthenticated
from notifications.contracts.errors import ServiceUnreachable
from persistence.deliveries import DeliveryRepository
from policy.outcomes import may_follow
from policy.receipts import receipt_of

router = APIRouter(prefix="/webhooks", tags=["webhooks"])

_TOLERANCE_SECONDS = 300
_MOMENT = re.compile("[0-9]{1,16}")
# A message may be reported on before the answer to its sending has been written down here.
_YOUNG_SECONDS = 60

log = structlog.get_logger("webhooks")

_SCHEMA = CourierReport.model_json_schema(ref_template="#/components/schemas/{model}")
_BODY = {"required": True, "content": {"application/json": {"schema": _SCHEMA}}}


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


@router.post("/courier/", status_code=204, openapi_extra={"requestBody": _BODY}, summary="Courier's status reports")
async def receive_courier_report(body: SignedBody, services: ServicesDep) -> Response:
    message = _message(body)
    receipt = receipt_of(message.status, message.reason)
    if receipt.status is None:
        return Response(status_code=204)  # most reports repeat what is known
    async with services.database.statements() as transaction:
        delivery = await DeliveryRepository(transaction).report(message.id, message.status)
    if delivery is None and abs(time.time() - (message.enqueued or 0) / 1000) < _YOUNG_SECONDS:
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
    if secret is None or not _MOMENT.fullmatch(moment) or abs(time.time() - int(moment) / 1000) > _TOLERANCE_SECONDS:
        return False
    expected = hmac.new(secret.encode(), moment.encode() + b"." + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), signature.encode())


def _message(body: bytes) -> ReportedMessage:
    try:
        return CourierReport.model_validate_json(body).data
    except ValidationError:
        raise InvalidFields({"data": ["A message's id and status are required."]}) from None
