"""Who is here and what they are given, without sockets."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from persistence.inbox import Position, StoredEvent
from ws_gateway.connections import Connection, ConnectionRegistry, Eviction


def event(seq: int, *, user: str = "ada", unread: int | None = None) -> StoredEvent:
    return StoredEvent(user, seq, {"type": "notification_update", "number": seq}, unread, datetime.now(UTC))


def at(seq: int) -> Position:
    return Position("epoch", seq)


def registered(*seqs: int) -> tuple[ConnectionRegistry, list[Connection]]:
    registry = ConnectionRegistry()
    connections = [Connection("ada", at(seq)) for seq in seqs]
    for connection in connections:
        registry.add(connection)
    return registry, connections


async def waiting(connection: Connection) -> list[dict[str, Any]]:
    """All frames that are to be written now; a last one marks the end."""
    frames: list[dict[str, Any]] = []
    while True:
        following = asyncio.ensure_future(connection.next_frame())
        done, _ = await asyncio.wait({following}, timeout=0)
        if not done:
            await asyncio.sleep(0)
            done, _ = await asyncio.wait({following}, timeout=0)
        if not done:
            following.cancel()
            return frames
        frames.append(orjson.loads(following.result().frame))


async def test_events_are_written_in_the_order_in_which_they_were_put() -> None:
    registry, (connection,) = registered(0)
    for seq in (1, 2, 3):
        registry.deliver(event(seq))
    assert [frame["seq"] for frame in await waiting(connection)] == [1, 2, 3]


async def test_an_event_is_given_to_every_connection_of_its_user() -> None:
    registry, connections = registered(0, 0)
    registry.deliver(event(1))
    assert [len(await waiting(connection)) for connection in connections] == [1, 1]


async def test_an_event_is_given_to_nobody_else() -> None:
    registry, (connection,) = registered(0)
    registry.deliver(event(1, user="bob"))
    assert await waiting(connection) == []


async def test_an_event_that_a_connection_has_had_is_not_given_again() -> None:
    registry, (connection,) = registered(1)
    registry.deliver(event(1))
    assert await waiting(connection) == []


async def test_an_event_is_held_back_from_a_connection_that_lacks_an_earlier_one() -> None:
    """One that came back while the events of the others were being read: it gets its own reading."""
    registry, (live, resumed) = registered(4, 2)
    registry.deliver(event(5))
    assert (len(await waiting(live)), await waiting(resumed), resumed.seq) == (1, [], 2)


async def test_a_count_follows_its_event() -> None:
    registry, (connection,) = registered(0)
    registry.deliver(event(1, unread=7))
    assert [frame["type"] for frame in await waiting(connection)] == ["notification_update", "unread_count"]


async def test_only_the_newest_count_waits() -> None:
    registry, (connection,) = registered(0)
    for seq in (1, 2, 3):
        registry.deliver(event(seq, unread=seq))
    counts = [frame for frame in await waiting(connection) if frame["type"] == "unread_count"]
    assert counts == [{"type": "unread_count", "count": 3, "seq": 3}]


async def test_an_event_that_left_the_count_alone_sends_none() -> None:
    registry, (connection,) = registered(0)
    registry.deliver(event(1))
    assert [frame["type"] for frame in await waiting(connection)] == ["notification_update"]


async def test_a_connection_that_does_not_read_overflows() -> None:
    registry, (connection,) = registered(0)
    evictions: list[tuple[Eviction, int]] = []
    connection.evict = lambda reason: evictions.append((reason, connection.seq))
    for seq in range(1, 514):
        registry.deliver(event(seq))
    assert evictions == [(Eviction.SLOW, 512)]


async def test_counts_alone_never_overflow() -> None:
    connection = Connection("ada", at(0))
    evictions: list[Eviction] = []
    connection.evict = evictions.append
    for _ in range(10_000):
        connection.put_count(b"{}")
    assert (evictions, len(await waiting(connection))) == ([], 1)


async def test_a_frame_that_is_put_later_wakes_the_writer() -> None:
    connection = Connection("ada", at(0))
    following = asyncio.ensure_future(connection.next_frame())
    await asyncio.sleep(0)
    connection.put(b"{}")
    async with asyncio.timeout(1):
        assert (await following).frame == b"{}"


def test_the_feed_reads_from_the_connection_that_is_furthest_behind() -> None:
    registry, _ = registered(4, 2, 3)
    assert registry.positions(registry.seqs(["ada", "bob"])) == {"ada": 2}


def test_a_user_is_behind_while_one_connection_is() -> None:
    registry, connections = registered(4, 2)
    assert registry.behind(connections, {"ada": at(4)}) == {"ada": 4}


def test_nobody_is_behind_when_all_have_had_everything() -> None:
    registry, connections = registered(4, 4)
    assert registry.behind(connections, {"ada": at(4)}) == {}


@pytest.mark.parametrize("ends", [{"ada": at(3)}, {"ada": Position("another", 4)}, {"ada": Position("another", 9)}, {}])
def test_a_connection_is_astray_when_its_stream_does_not_have_its_position(ends: dict[str, Position]) -> None:
    registry, connections = registered(4)
    assert registry.astray(registry.seqs(["ada"]), ends) == connections


@pytest.mark.parametrize("seq", [4, 5])
def test_a_connection_is_not_astray_while_its_stream_has_its_position(seq: int) -> None:
    registry, _ = registered(4)
    assert registry.astray(registry.seqs(["ada"]), {"ada": at(seq)}) == []


def test_an_event_that_is_newer_than_the_look_at_its_stream_leads_nobody_astray() -> None:
    registry, _ = registered(4)
    before = registry.seqs(["ada"])
    registry.deliver(event(5))
    assert registry.astray(before, {"ada": at(4)}) == []


def test_a_connection_that_came_after_the_look_at_its_stream_is_not_astray() -> None:
    registry, _ = registered(4)
    before = registry.seqs(["ada"])
    registry.add(Connection("ada", at(5)))
    assert registry.astray(before, {"ada": at(4)}) == []


def test_a_connection_that_went_back_into_its_stream_is_not_astray() -> None:
    registry, (connection,) = registered(4)
    before = registry.seqs(["ada"])
    connection.rewind(at(2))
    assert registry.astray(before, {"ada": at(3)}) == []


def test_a_connection_whose_next_event_is_not_kept_is_left_behind() -> None:
    registry, (current, lacking) = registered(4, 3)
    before = registry.seqs(["ada"])
    registry.deliver(event(5))
    assert (registry.left_behind(before, {"ada": 5}), current.seq) == ([lacking], 5)


def test_a_connection_that_has_had_all_that_was_read_is_not_left_behind() -> None:
    registry, _ = registered(4)
    assert registry.left_behind(registry.seqs(["ada"]), {"ada": 4}) == []


def test_a_connection_that_came_or_went_back_during_a_reading_is_not_left_behind() -> None:
    registry, (connection,) = registered(4)
    before = registry.seqs(["ada"])
    connection.rewind(at(2))
    registry.add(Connection("ada", at(3)))
    registry.deliver(event(5))
    assert registry.left_behind(before, {"ada": 5}) == []


def test_a_user_whose_last_connection_left_is_gone() -> None:
    registry, (connection,) = registered(0)
    registry.remove(connection)
    assert (registry.users(), len(registry)) == ([], 0)


def test_a_user_stays_while_a_connection_does() -> None:
    registry, (first, _) = registered(0, 0)
    registry.remove(first)
    assert (registry.users(), len(registry)) == (["ada"], 1)
