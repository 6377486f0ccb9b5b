"""The copy of what was revoked: how old it may be, and what becomes of it when it cannot be read."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from identity.caller import CannotVerify, Identity, TokenEnded
from identity.revocations import Revocation, Revocations

T = datetime(2026, 5, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
STALE_SECONDS = 2.1
WHOLE_SECONDS = 601.0


class Store:
    """Revocations by position, as the database holds them; `now` is the copy's clock."""

    def __init__(self) -> None:
        self.stored: list[Revocation] = []
        self.asked: list[int] = []
        self.is_away = False
        self.answers = asyncio.Event()
        self.answers.set()
        self.now = 1_000.0
        self.copy = Revocations(self.read, clock=lambda: self.now)

    async def read(self, after: int) -> Sequence[Revocation]:
        self.asked.append(after)
        await self.answers.wait()
        if self.is_away:
            raise CannotVerify
        return [each for each in self.stored if each.seq > after][:2]

    def revoke(self, **what: object) -> None:
        self.stored.append(Revocation(seq=len(self.stored) + 1, **what))  # type: ignore[arg-type]


@pytest.fixture
def store_that_hangs() -> Iterator[Store]:
    store = Store()
    store.answers.clear()
    yield store
    store.answers.set()


def ada(token_id: str | None = None, issued_at: datetime | None = T) -> Identity:
    return Identity(user_id="ada", is_staff=False, expires_at=T, token_id=token_id, issued_at=issued_at)


async def is_good(store: Store, identity: Identity) -> bool:
    try:
        await store.copy.check(identity)
    except TokenEnded:
        return False
    return True


async def test_a_token_is_good_when_nothing_was_revoked() -> None:
    assert await is_good(Store(), ada("a"))


async def test_a_token_is_revoked_by_its_id() -> None:
    store = Store()
    store.revoke(token_id="a")
    assert (await is_good(store, ada("a")), await is_good(store, ada("b")), await is_good(store, ada())) == (
        False,
        True,
        True,
    )


@pytest.mark.parametrize(("issued_at", "good"), [(T - SECOND, False), (T, True), (T + SECOND, True), (None, False)])
async def test_a_users_tokens_are_revoked_by_when_they_were_issued(issued_at: datetime | None, *, good: bool) -> None:
    store = Store()
    store.revoke(user_id="ada", issued_before=T)
    assert await is_good(store, ada(issued_at=issued_at)) is good


async def test_another_user_is_not_touched() -> None:
    store = Store()
    store.revoke(user_id="bob", issued_before=T + SECOND)
    assert await is_good(store, ada())


async def test_of_two_moments_the_later_counts_in_either_order() -> None:
    for moments in ([T, T + 2 * SECOND], [T + 2 * SECOND, T]):
        store = Store()
        for moment in moments:
            store.revoke(user_id="ada", issued_before=moment)
        assert not await is_good(store, ada(issued_at=T + SECOND))


async def test_checking_asks_nobody_while_the_copy_is_fresh() -> None:
    store = Store()
    for _ in range(100):
        await store.copy.check(ada())
    assert len(store.asked) == 1


async def test_a_stale_copy_is_read_before_anybody_is_let_in() -> None:
    store = Store()
    await store.copy.check(ada("a"))
    store.revoke(token_id="a")
    store.now += STALE_SECONDS
    assert not await is_good(store, ada("a"))


async def test_all_who_wait_for_a_reading_share_it() -> None:
    store = Store()
    await asyncio.gather(*(store.copy.check(ada()) for _ in range(50)))
    assert len(store.asked) == 1


async def test_only_what_is_new_is_read() -> None:
    store = Store()
    for each in "abc":
        store.revoke(token_id=each)
    await store.copy.check(ada())
    store.revoke(token_id="d")
    store.now += STALE_SECONDS
    assert not await is_good(store, ada("d"))
    assert store.asked == [0, 2, 3, 3, 4]


async def test_nobody_is_let_in_on_a_stale_copy_that_cannot_be_read() -> None:
    store = Store()
    await store.copy.check(ada())
    store.is_away = True
    await store.copy.check(ada())
    store.now += STALE_SECONDS
    with pytest.raises(CannotVerify):
        await store.copy.check(ada())


async def test_nobody_waits_long_for_a_store_that_hangs(store_that_hangs: Store) -> None:
    waiting = [store_that_hangs.copy.check(ada()) for _ in range(20)]
    async with asyncio.timeout(4):
        outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [CannotVerify] * 20
    assert len(store_that_hangs.asked) == 1


async def test_after_an_outage_everything_is_read_anew() -> None:
    """The server that answers then may be a replica that never had the last ones, and reuses their positions."""
    store = Store()
    store.revoke(token_id="lost")
    await store.copy.check(ada())
    store.is_away, store.now = True, store.now + STALE_SECONDS
    with pytest.raises(CannotVerify):
        await store.copy.check(ada())
    store.is_away, store.stored = False, [Revocation(seq=1, token_id="a")]
    assert not await is_good(store, ada("a"))
    assert await is_good(store, ada("lost"))


async def test_what_has_expired_leaves_memory() -> None:
    store = Store()
    store.revoke(token_id="a")
    await store.copy.check(ada())
    store.stored, store.now = [], store.now + WHOLE_SECONDS
    assert await is_good(store, ada("a"))


async def test_what_this_process_has_revoked_counts_at_once() -> None:
    store = Store()
    await store.copy.check(ada("a"))
    store.copy.learn([Revocation(seq=1, token_id="a")])
    assert not await is_good(store, ada("a"))


async def test_news_are_told_when_there_are_some() -> None:
    store, told = Store(), list[int]()
    store.copy.on_news = lambda: told.append(len(store.stored))
    await store.copy.check(ada())
    store.revoke(token_id="a")
    for _ in range(3):
        store.now += STALE_SECONDS
        await is_good(store, ada("a"))
    assert told == [1]


async def test_the_copy_is_kept_current_without_anybody_asking() -> None:
    store, learnt = Store(), asyncio.Event()
    store.copy.on_news = learnt.set
    store.is_away = True
    running = asyncio.create_task(store.copy.run())
    async with asyncio.timeout(8):
        while not store.asked:
            await asyncio.sleep(0.005)
        store.revoke(token_id="a")
        store.is_away = False
        await learnt.wait()
    assert store.copy.cover(ada("a"))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
