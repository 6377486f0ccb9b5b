"""The running stack that most tests look at from the outside: one for the whole run, on real everything."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from chromium import chromium
from playwright.async_api import Browser

from deploy.local.launch import LaunchedStack, launched
from notifications import NotificationsClient


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LaunchedStack]:
    """PostgreSQL, Temporal, worker, API, gateway, sandbox and edge, each its own process."""
    with launched(tmp_path_factory.mktemp("stack") / "state") as running:
        yield running


@pytest.fixture(scope="session")
def demo_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LaunchedStack]:
    """The same with the demo, whose sample notifications would walk into other tests' faults."""
    with launched(tmp_path_factory.mktemp("demo") / "state", demo=True) as running:
        yield running


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LaunchedStack]:
    """One of the file's own: other tests would not enjoy what becomes of it."""
    with launched(tmp_path_factory.mktemp("own") / "state") as running:
        yield running


@pytest.fixture(scope="session")
async def http(stack: LaunchedStack) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=stack.url, timeout=20) as client:
        yield client


@pytest.fixture(scope="session")
async def client(stack: LaunchedStack) -> NotificationsClient:
    return await NotificationsClient.connect(stack.temporal_address)


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as running:
        yield running
