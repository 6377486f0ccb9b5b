"""Nobody says whether a notification is still true: it is sent, dropped or held, as was asked for."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from asked import SKIPPED, UNREACHABLE, answers, asked_about, ended, instant, outcome, sent_to
from asked_marketplace import Answer, Marketplace, marketplace
from rest_door import Door, delivery, person, reachable, settled, staff

from deploy.local.launch import LaunchedStack, launched

HELD = "precondition"


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LaunchedStack]:
    """A stack that does not take a minute to give up."""
    patience = {"PRECONDITION_PATIENCE_SECONDS": "1.5", "PRECONDITION_TIMEOUT_SECONDS": "1"}
    with launched(tmp_path_factory.mktemp("asking") / "state", "edge", "worker", environment=patience) as running:
        yield running


@pytest.fixture(scope="module")
def market() -> Iterator[Marketplace]:
    with marketplace() as running:
        yield running


@pytest.fixture(scope="module")
async def http(asking: LaunchedStack) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=asking.url, timeout=20) as client:
        yield client


@pytest.fixture
def boss(asking: LaunchedStack, http: httpx.AsyncClient) -> Door:
    return staff(asking, http)


@pytest.fixture
async def ada(asking: LaunchedStack, http: httpx.AsyncClient, boss: Door) -> Door:
    return await reachable(boss, person(asking, http), phone_number="+15005550006")


async def test_somebody_who_falters_is_asked_again(
    boss: Door, ada: Door, http: httpx.AsyncClient, market: Marketplace
) -> None:
    url = market.answering(500, 503, "false")
    created = await asked_about(boss, ada, url)
    assert outcome(await ended(boss, created)) == SKIPPED
    assert len(market.questions(url)) == 3
    assert await sent_to(http, ada) == []


NO_ANSWERS = [500, 404, 204, "hang", "redirect", "huge", b"no", b"[]", b'{"still_true": 1}', b'{"still_true": "false"}']


@pytest.mark.parametrize("answer", NO_ANSWERS, ids=str)
async def test_without_an_answer_it_is_sent_by_default(
    boss: Door, ada: Door, http: httpx.AsyncClient, market: Marketplace, answer: Answer
) -> None:
    created = await asked_about(boss, ada, market.answering(answer))
    await ended(boss, created)
    assert await sent_to(http, ada) == ["email"]
    assert await answers(boss, created) == ["sent_unasked"]


async def test_a_redirect_is_not_followed(boss: Door, ada: Door, market: Marketplace) -> None:
    url = market.answering("redirect")
    others = set(market.asked)
    assert outcome(await ended(boss, await asked_about(boss, ada, url, "drop"))) == UNREACHABLE
    assert market.questions(url)
    assert [market.asked[path] for path in set(market.asked) - others if market.asked[path]] == []


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:9/", "http://host.invalid/", f"https://localhost.{'x' * 63}.{'x' * 70}/"],
    ids=["nobody", "no such name", "no name at all"],
)
async def test_without_an_answer_it_is_dropped_if_that_was_asked_for(
    boss: Door, ada: Door, http: httpx.AsyncClient, url: str
) -> None:
    created = await asked_about(boss, ada, url, "drop")
    assert outcome(await ended(boss, created)) == UNREACHABLE
    assert await sent_to(http, ada) == []


async def test_held_for_want_of_an_answer_it_goes_out_when_there_is_one(
    boss: Door, ada: Door, http: httpx.AsyncClient, market: Marketplace
) -> None:
    url = market.answering(503)
    created = await asked_about(boss, ada, url, "hold")
    held = await settled(
        boss, created["id"], lambda found: (delivery(found, "email")["next_attempt_at"] or "") > instant(seconds=30)
    )
    assert outcome(held) == ("scheduled", HELD)
    assert await sent_to(http, ada) == []

    market.from_now_on(url, "true")
    answer = await boss.call("POST", f"notifications/{created['id']}/reschedule/", json={"scheduled_for": None})
    assert answer.status_code == 200, answer.text
    await ended(boss, created)
    assert await sent_to(http, ada) == ["email"]
    assert (await answers(boss, created))[-1] == "still_true"


async def test_what_is_held_can_be_cancelled(
    boss: Door, ada: Door, http: httpx.AsyncClient, market: Marketplace
) -> None:
    created = await asked_about(boss, ada, market.answering(503), "hold")
    await settled(boss, created["id"], lambda found: delivery(found, "email")["reason"] == HELD)
    answer = await boss.call("POST", f"notifications/{created['id']}/cancel/")
    told = {each["channel"]: each["effect"] for each in answer.json()["channels"]}
    assert (answer.status_code, told["email"]) == (200, "stopped")
    assert outcome(await ended(boss, created)) == ("cancelled", "cancelled")
    assert await sent_to(http, ada) == []


async def test_what_is_held_does_not_outlast_its_expiry(boss: Door, ada: Door, market: Marketplace) -> None:
    created = await asked_about(boss, ada, market.answering(503), "hold", expires_at=instant(seconds=20))
    assert outcome(await ended(boss, created)) == ("skipped", "expired")


async def test_the_address_is_in_no_log_and_no_answer(
    asking: LaunchedStack, boss: Door, ada: Door, market: Marketplace
) -> None:
    url = market.answering(503, secret="canary")
    created = await asked_about(boss, ada, url, "drop")
    detail = await ended(boss, created)
    timeline = await boss.get(f"notifications/{created['id']}/timeline/")
    assert market.questions(url)
    assert "canary" not in f"{created}{detail}{timeline}{asking.log.read_text()}"
