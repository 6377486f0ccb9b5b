"""The demo process: who the sample people are, a session as any one of them, and the sample data beside it.

This must never run in production: whoever can reach it becomes anybody, with no password. It therefore serves this
machine's own names only (`DemoSettings`), and changes nothing without an `Origin` of the page it belongs to, so that no
other site open in the same browser can pick a person or send in their name.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

import httpx
from fastapi import APIRouter, Cookie, Depends, FastAPI, Header, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from demo.loader import load_sample_data
from demo.marketplace import SESSION_TIME, Marketplace, issue_token, user_of
from demo.people import PEOPLE, PEOPLE_BY_USER
from demo.settings import DemoSettings
from demo.stories import Story
from demo.trickle import trickle
from notifications import InvalidNotification, Notification, ServiceUnreachable

log = logging.getLogger("demo")

COOKIE = "notifications_token"


def create_app(settings: DemoSettings) -> FastAPI:
    """The whole process: the endpoints, and the life of the marketplace behind them."""
    http = httpx.AsyncClient(base_url=settings.public_url, trust_env=False)  # a proxy is never the way to oneself
    marketplace = Marketplace(settings, http)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        life = asyncio.create_task(_live(marketplace, settings))
        yield
        life.cancel()
        await asyncio.gather(life, return_exceptions=True)
        await http.aclose()

    return create_endpoints(settings, marketplace.tell, lifespan)


async def _live(marketplace: Marketplace, settings: DemoSettings) -> None:
    try:
        await load_sample_data(marketplace, settings.state_dir)
        await trickle(marketplace.tell)
    except Exception:
        log.exception("the sample marketplace has stopped; its page still works")


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    settings: DemoSettings
    tell: Callable[[Story], Awaitable[Notification]]


def create_endpoints(
    settings: DemoSettings, tell: Callable[[Story], Awaitable[Notification]], lifespan: Any = None
) -> FastAPI:
    """The endpoints alone, over anything that can tell a story."""
    app = FastAPI(title="Estuary demo", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.state.demo = Demo(settings=settings, tell=tell)
    app.include_router(anyone)
    app.include_router(our_page)
    app.add_exception_handler(InvalidNotification, _refused)
    app.add_exception_handler(ServiceUnreachable, _away)
    return app


async def _refused(_: Request, error: Exception) -> JSONResponse:
    return JSONResponse(error.errors if isinstance(error, InvalidNotification) else None, HTTPStatus.BAD_REQUEST)


async def _away(_: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"detail": str(error)}, HTTPStatus.SERVICE_UNAVAILABLE)


def _demo(request: Request) -> Demo:
    demo: Demo = request.app.state.demo
    return demo


TheDemo = Annotated[Demo, Depends(_demo)]


def _only_our_page(demo: TheDemo, origin: Annotated[str, Header()] = "") -> None:
    if origin not in demo.settings.allowed_origins:
        raise HTTPException(HTTPStatus.FORBIDDEN, "Only the demo page may do this.")


def _me(demo: TheDemo, notifications_token: Annotated[str, Cookie()] = "") -> str:
    user = user_of(demo.settings, notifications_token)
    if user is None:
        raise HTTPException(HTTPStatus.UNAUTHORIZED, "Nobody is signed in.")
    return user


Me = Annotated[str, Depends(_me)]

anyone = APIRouter()
our_page = APIRouter(dependencies=[Depends(_only_our_page)])


class Choice(BaseModel):
    user: str = Field(max_length=128)


class Letter(BaseModel):
    """One notification to oneself. The rest of its checks are the SDK's."""

    user: str = Field(max_length=128)
    title: str = Field(min_length=1, max_length=120)
    message: str = Field(min_length=1, max_length=500)
    notification_type: str = Field(max_length=20)
    delivery_channels: list[Annotated[str, Field(max_length=20)]] = Field(min_length=1, max_length=4)


@anyone.get("/healthz")
async def healthz() -> dict[str, str]:
    return {"status": "ok"}


@anyone.get("/demo/people")
async def people() -> list[dict[str, str | None]]:
    return [
        {"user": each.user, "name": each.name, "role": each.role, "email": each.email, "time_zone": each.time_zone}
        for each in PEOPLE
    ]


@anyone.get("/demo/session")
async def session(me: Me) -> dict[str, str]:
    return _session_of(me)


@our_page.post("/demo/session")
async def sign_in(choice: Choice, demo: TheDemo, response: Response) -> dict[str, str]:
    if choice.user not in PEOPLE_BY_USER:
        raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such person.")
    token = issue_token(demo.settings, choice.user)
    age = int(SESSION_TIME.total_seconds())
    response.set_cookie(COOKIE, token, max_age=age, httponly=True, samesite="strict")
    return _session_of(choice.user)


@our_page.delete("/demo/session", status_code=HTTPStatus.NO_CONTENT)
async def sign_out(response: Response) -> None:
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")


@our_page.post("/demo/notify", status_code=HTTPStatus.CREATED)
async def notify(letter: Letter, me: Me, demo: TheDemo) -> dict[str, str]:
    if letter.user != me:
        raise HTTPException(HTTPStatus.FORBIDDEN, "Here one writes to oneself only.")
    story = Story(
        user=me,
        notification_type=letter.notification_type,
        title=letter.title,
        message=letter.message,
        channels=tuple(letter.delivery_channels),
    )
    notification = await demo.tell(story)
    return {"id": str(notification.id), "status": notification.status}


def _session_of(user: str) -> dict[str, str]:
    person = PEOPLE_BY_USER.get(user)
    return {"user": user, "name": person.name if person else user}
