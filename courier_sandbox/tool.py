"""The tool's door, for people and tests: what was sent, what was asked, what is to go wrong.

It asks for no token, as it is a development tool.
"""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from pydantic import BaseModel, ConfigDict, PlainValidator

from courier_sandbox import vendor
from courier_sandbox.faults import Fault, FaultScripts
from courier_sandbox.ledger import Ledger
from courier_sandbox.message import Channel, Message

PAGE = Path(__file__).parent / "page"
_PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
    "Cache-Control": "no-cache",
}

router = APIRouter()


class Listing(BaseModel):
    """The query of both lists."""

    user: str | None = None
    channel: Channel | None = None
    page_size: Annotated[int, Query(ge=1, le=1000)] = 100

    @property
    def filters(self) -> dict[str, Any]:
        return {"user": self.user, "channel": self.channel}


class FaultScript(BaseModel):
    model_config = ConfigDict(extra="forbid")

    channel: Channel | None = None
    script: list[Annotated[Fault, PlainValidator(Fault.parse)]]


def ledger(request: Request) -> Ledger:
    found: Ledger = request.app.state.ledger
    return found


def faults(request: Request) -> FaultScripts:
    found: FaultScripts = request.app.state.faults
    return found


LedgerHere = Annotated[Ledger, Depends(ledger)]
FaultsHere = Annotated[FaultScripts, Depends(faults)]


@router.get("/")
async def page() -> FileResponse:
    return FileResponse(PAGE / "index.html", headers=_PAGE_HEADERS)


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    return {"status": "ok"}


@router.get("/messages")
async def messages(request: Request, listing: Annotated[Listing, Query()], ledger: LedgerHere) -> dict[str, Any]:
    """The effective sends. Courier's own list has the same path and is for callers that bring its token."""
    if vendor.is_authorized(request):
        return vendor.list_messages(request)
    found = ledger.messages(listing.filters, limit=listing.page_size)
    return {"results": [_shown_message(message) for message in found]}


@router.get("/requests")
async def requests(listing: Annotated[Listing, Query()], ledger: LedgerHere) -> dict[str, Any]:
    """Every call to send, the refused, replayed and unanswered ones too."""
    found = ledger.requests(listing.filters, limit=listing.page_size)
    return {"results": [asdict(call) | {"at": _iso(call.at)} for call in found]}


@router.delete("/messages", status_code=204)
async def forget(ledger: LedgerHere) -> None:
    ledger.clear()


@router.put("/faults")
async def write_faults(script: FaultScript, faults: FaultsHere) -> dict[str, Any]:
    faults.write(script.channel, script.script)
    return {"results": faults.left()}


@router.get("/faults")
async def faults_left(faults: FaultsHere) -> dict[str, Any]:
    return {"results": faults.left()}


@router.delete("/faults", status_code=204)
async def clear_faults(faults: FaultsHere) -> None:
    faults.clear()


def validation_error_response(_: Request, error: Exception) -> Response:
    """`{"field": ["what is wrong"]}` with 400, as the service's own API answers."""
    problems: dict[str, list[str]] = {}
    for problem in error.errors() if isinstance(error, RequestValidationError) else ():
        # ("query", "page_size") or ("body", "script", 1): where, which field, which entry
        field, entry = (*problem["loc"], None, None)[1:3]
        text = problem["msg"].removeprefix("Value error, ")
        problems.setdefault(str(field), []).append(f"entry {entry + 1}: {text}" if isinstance(entry, int) else text)
    return JSONResponse(problems, status_code=400)


def _shown_message(message: Message) -> dict[str, Any]:
    names = ("id", "channel", "user", "to", "title", "body", "idempotency_key", "trace_id", "status", "reason")
    return {name: getattr(message, name) for name in names} | {"received_at": _iso(message.enqueued)}


def _iso(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
