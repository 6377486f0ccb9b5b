"""`/healthz`: alive. `/readyz`: everything a request needs answers, or the name of what does not."""

import asyncio
from collections.abc import Awaitable

from fastapi import APIRouter
from starlette.responses import Response

from api.dependencies import ServicesDep
from api.responses import json_response
from api.schemas.health import Liveness, Readiness

router = APIRouter(tags=["health"])
_PROBE_SECONDS = 2.0


@router.get("/healthz", response_model=Liveness, summary="Is this process alive?")
async def get_liveness() -> Response:
    return json_response({"status": "ok"})


@router.get(
    "/readyz", response_model=Readiness, responses={503: {"model": Readiness}}, summary="Can requests be served?"
)
async def get_readiness(services: ServicesDep) -> Response:
    answers = await asyncio.gather(*(_answers(probe()) for probe in services.probes.values()))
    checks = dict(zip(services.probes, answers, strict=True))
    ready = all(checks.values())
    body = {
        "status": "ok" if ready else "unavailable",
        "checks": {name: "ok" if up else "unreachable" for name, up in checks.items()},
    }
    return json_response(body, 200 if ready else 503, headers={} if ready else {"Retry-After": "2"})


async def _answers(probe: Awaitable[None]) -> bool:
    asking = asyncio.ensure_future(probe)
    asking.add_done_callback(_retrieve)
    # Not cancelled when it is late: to end a query at a database that hangs would take longer than to ask.
    done, _ = await asyncio.wait({asking}, timeout=_PROBE_SECONDS)
    return bool(done) and asking.exception() is None


def _retrieve(asked: asyncio.Future[None]) -> None:
    """Looks at an outcome that nobody waits for any more, so that asyncio does not report it."""
    if not asked.cancelled():
        asked.exception()
