"""Who is here and what they are given, without sockets."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import orjson

from persistence.inbox import StoredEvent
from ws_gateway.connections import Connection, ConnectionRegistry


def event(seq: int, *, user: str = "ada", unread: int | None = None) -> StoredEvent:
    return StoredEvent(user, seq, {"type": "notification_update", "number": seq}, unread, datetime.now(UTC))


def registered(*positions: int) -> tuple[ConnectionRegistry, list[Connection]]:
    registry = ConnectionRegistry()
    connections = [Connection("ada", position=position) for position in positions]
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
    assert (len(await waiting(live)), await waiting(resumed), resumed.position) == (1, [], 2)


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
    overflows: list[int] = []
    connection.on_overflow = lambda: overflows.append(connection.position)
    for seq in range(1, 514):
        registry.deliver(event(seq))
    assert overflows == [512]


async def test_counts_alone_never_overflow() -> None:
    connection = Connection("ada", position=0)
    overflows: list[int] = []
    connection.on_overflow = lambda: overflows.append(1)
    for _ in range(10_000):
        connection.put_count(b"{}")
    assert (overflows, len(await waiting(connection))) == ([], 1)


async def test_a_frame_that_is_put_later_wakes_the_writer() -> None:
    connection = Connection("ada", position=0)
    following = asyncio.ensure_future(connection.next_frame())
    await asyncio.sleep(0)
    connection.put(b"{}")
    async with asyncio.timeout(1):
        assert (await following).frame == b"{}"


def test_the_feed_reads_from_the_connection_that_is_furthest_behind() -> None:
    registry, _ = registered(4, 2, 3)
    assert registry.positions(["ada", "bob"]) == {"ada": 2}


def test_a_user_is_behind_while_one_connection_is() -> None:
    registry, _ = registered(4, 2)
    assert registry.behind({"ada": 4}) == ["ada"]


def test_nobody_is_behind_when_all_have_had_everything() -> None:
    registry, _ = registered(4, 4)
    assert registry.behind({"ada": 4}) == []


def test_a_user_whose_last_connection_left_is_gone() -> None:
    registry, (connection,) = registered(0)
    registry.remove(connection)
    assert (registry.users(), len(registry)) == ([], 0)


def test_a_user_stays_while_a_connection_does() -> None:
    registry, (first, _) = registered(0, 0)
    registry.remove(first)
    assert (registry.users(), len(registry)) == (["ada"], 1)
