"""What becomes of one call to `POST /send`: a replay, a fault from the script, a refusal, or a message.

Idempotency is Courier's (https://www.courier.com/docs/reference/idempotent-requests): the first status and body
under a key are kept, 500s included, and given again to every later call with the key, whose body is not compared.
Nothing is kept when execution never began: a wrong token, a rate limit, an invalid call, a conflict with a call
still in flight.
"""

import asyncio
import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from courier_sandbox.faults import Fault, FaultScripts, Mischief
from courier_sandbox.ledger import KeptAnswer, Ledger, Request
from courier_sandbox.message import InvalidMessage, Message, WebhookOrder, glance, new_message_id, read_draft
from courier_sandbox.progress import Progress

ACCEPTED = 202
# Answered by what stands in front of execution: tokens, conflicts, rate limits, overload.
_NEVER_KEPT = {401, 403, 409, 429, 503}
_ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "authorization_error",
    404: "not_found_error",
    409: "conflict_error",
    429: "rate_limit_error",
}
_WEBHOOK_ORDERS: Mapping[Mischief, WebhookOrder] = {"duplicate_webhooks": "twice", "out_of_order_webhooks": "reversed"}

_DAY_MS = 24 * 60 * 60 * 1000
_SHORTEST_KEEP_MS = _DAY_MS
_LONGEST_KEEP_MS = 366 * _DAY_MS
_DEFAULT_RETRY_AFTER_SECONDS = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call as it came through the door."""

    authorized: bool
    body: bytes
    idempotency_key: str | None
    idempotency_expiration: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What becomes of a call: the answer, and what it leaves behind."""

    status_code: int
    body: bytes
    retry_after: int | None = None
    kept_until: int | None = None
    message: Message | None = None
    fault: Fault | None = None
    replayed: bool = False
    body_differs: bool = False

    @property
    def goes_unanswered(self) -> bool:
        """A drop needs something accepted: an invalid call is refused aloud."""
        mischief = None if self.fault is None else self.fault.mischief
        return mischief == "hang" or (mischief == "drop_after_accept" and self.message is not None)


class Intake:
    """Takes calls, writes each down with all its effects in one transaction, and sends accepted messages on."""

    def __init__(self, *, ledger: Ledger, faults: FaultScripts, progress: Progress) -> None:
        self._ledger = ledger
        self._faults = faults
        self._progress = progress
        self._keys_in_flight: set[str] = set()

    async def take(self, call: Call) -> Verdict:
        now = time.time_ns() // 1_000_000
        payload = _json(call.body)
        verdict = self._judge(call, payload, now)
        self._write_down(call, payload, verdict, now)
        if verdict.message is not None:
            self._progress.follow(verdict.message)
        if verdict.fault is not None and verdict.fault.delay_ms:
            await self._answer_late(call.idempotency_key, verdict.fault.delay_ms / 1000)
        return verdict

    def _judge(self, call: Call, payload: Any, now: int) -> Verdict:
        if not call.authorized:
            return _refusal(401, "Unauthorized")
        return self._earlier_answer(call, now) or self._first_answer(call, payload, now)

    def _earlier_answer(self, call: Call, now: int) -> Verdict | None:
        key = call.idempotency_key
        if key is None:
            return None
        if key in self._keys_in_flight:
            return _refusal(409, "A request with this idempotency key is still in flight")
        kept = self._ledger.kept_answer(key, now=now)
        if kept is None:
            return None
        body_differs = kept.request_digest != _digest(call.body)
        return Verdict(status_code=kept.status_code, body=kept.body, replayed=True, body_differs=body_differs)

    def _first_answer(self, call: Call, payload: Any, now: int) -> Verdict:
        fault = self._faults.next_for(glance(payload)[0])
        if fault is not None and fault.mischief == "hang":
            return Verdict(status_code=ACCEPTED, body=b"", fault=fault)
        try:
            kept_until = _kept_until(call.idempotency_expiration, now)
            if fault is not None and fault.status != ACCEPTED:
                return _scripted_refusal(fault, kept_until)
            return _acceptance(call, payload, fault, kept_until, now)
        except InvalidMessage as error:
            return _refusal(400, str(error), fault=fault)

    def _write_down(self, call: Call, payload: Any, verdict: Verdict, now: int) -> None:
        channel, user = glance(payload)
        key = call.idempotency_key
        request = Request(
            at=now,
            channel=channel,
            user=user,
            idempotency_key=key,
            status_code=None if verdict.goes_unanswered else verdict.status_code,
            fault=None if verdict.fault is None else verdict.fault.written,
            replayed=verdict.replayed,
            body_differs=verdict.body_differs,
            message_id=None if verdict.message is None else verdict.message.id,
        )
        answer = None
        if key is not None and verdict.kept_until is not None:
            answer = KeptAnswer(
                idempotency_key=key,
                status_code=verdict.status_code,
                body=verdict.body,
                request_digest=_digest(call.body),
                expires_at=verdict.kept_until,
            )
        self._ledger.write(request, message=verdict.message, answer=answer)

    async def _answer_late(self, key: str | None, seconds: float) -> None:
        if key is None:
            await asyncio.sleep(seconds)
            return
        self._keys_in_flight.add(key)
        try:
            await asyncio.sleep(seconds)
        finally:
            self._keys_in_flight.discard(key)


def error_body(status_code: int, message: str) -> bytes:
    """Courier's error body."""
    return json.dumps({"message": message, "type": _ERROR_TYPES.get(status_code, "api_error")}).encode()


def _refusal(
    status_code: int,
    message: str,
    *,
    fault: Fault | None = None,
    retry_after: int | None = None,
    kept_until: int | None = None,
) -> Verdict:
    return Verdict(
        status_code=status_code,
        body=error_body(status_code, message),
        fault=fault,
        retry_after=retry_after,
        kept_until=kept_until,
    )


def _scripted_refusal(fault: Fault, kept_until: int) -> Verdict:
    retry_after = fault.retry_after
    if retry_after is None and fault.status == 429:  # noqa: PLR2004 - the status says it best
        retry_after = _DEFAULT_RETRY_AFTER_SECONDS
    return _refusal(
        fault.status,
        "This failure was asked for in the sandbox's fault script",
        fault=fault,
        retry_after=retry_after,
        kept_until=None if fault.status in _NEVER_KEPT else kept_until,
    )


def _acceptance(call: Call, payload: Any, fault: Fault | None, kept_until: int, now: int) -> Verdict:
    webhook_order: WebhookOrder = "once"
    if fault is not None and fault.mischief is not None:
        webhook_order = _WEBHOOK_ORDERS.get(fault.mischief, webhook_order)
    message = Message(
        **asdict(read_draft(payload)),
        id=new_message_id(now),
        idempotency_key=call.idempotency_key,
        webhook_order=webhook_order,
        status="ENQUEUED",
        enqueued=now,
    )
    return Verdict(
        status_code=ACCEPTED,
        body=json.dumps({"requestId": message.id}).encode(),
        kept_until=kept_until,
        message=message,
        fault=fault,
    )


def _kept_until(expiration: str | None, now: int) -> int:
    """Epoch milliseconds; the wish may be that or ISO-8601. A day at least, a year at most."""
    if expiration is None:
        return now + _SHORTEST_KEEP_MS
    try:
        wish = int(expiration) if expiration.isdecimal() else _epoch_ms(datetime.fromisoformat(expiration))
    except ValueError:
        raise InvalidMessage("x-idempotency-expiration must be epoch milliseconds or an ISO-8601 time") from None
    if wish > now + _LONGEST_KEEP_MS:
        raise InvalidMessage("x-idempotency-expiration must be within a year")
    return max(wish, now + _SHORTEST_KEEP_MS)


def _epoch_ms(moment: datetime) -> int:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int(aware.timestamp() * 1000)


def _json(body: bytes) -> Any:
    """None for what cannot be read, or cannot be written down: JSON may escape half a character."""
    try:
        payload = json.loads(body)
        json.dumps(payload, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return payload


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()
