"""When what comes again is due, on whose clocks."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from notifications.contracts.notification import NotificationRequest
from notifications.contracts.recurring import HERALD, LATE, Recurrence
from notifications.contracts.vocabulary import NotificationType
from policy.recurring import due_at, is_wanted, occurs, upcoming, wall_time

BERLIN, KIRITIMATI = ZoneInfo("Europe/Berlin"), ZoneInfo("Pacific/Kiritimati")
NOW = datetime(2027, 5, 3, 12, tzinfo=UTC)
"""A Monday."""
NOTHING = NotificationRequest(
    notification_id=UUID(int=0), call_id="", fingerprint="", user="", notification_type=NotificationType.REMINDER
)


def weekly(**fields: Any) -> Recurrence:
    defaults: dict[str, Any] = {"weekdays": (0,), "at": "09:00", "since": NOW - timedelta(days=30)}
    return Recurrence(key="k", users=("ada",), content=NOTHING, **defaults | fields)


def test_nobodys_clock_is_ahead_of_the_heralds() -> None:
    herald = datetime(2027, 5, 3, 9, tzinfo=ZoneInfo(HERALD))
    wall = wall_time(herald)
    assert wall == datetime(2027, 5, 3, 9)  # noqa: DTZ001 - what clocks show
    assert due_at(wall, KIRITIMATI) == herald
    assert due_at(wall, BERLIN) - herald == timedelta(hours=12)


@pytest.mark.parametrize(
    ("wall", "due"),
    [
        ((2027, 3, 22, 2, 30), "2027-03-22T01:30:00+00:00"),
        # Clocks skip from 02:00 to 03:00: as much later as they skip.
        ((2027, 3, 28, 2, 30), "2027-03-28T01:30:00+00:00"),
        ((2027, 3, 29, 2, 30), "2027-03-29T00:30:00+00:00"),
        # They show 02:30 twice: once is enough, the first time.
        ((2027, 10, 31, 2, 30), "2027-10-31T00:30:00+00:00"),
        ((2027, 11, 1, 2, 30), "2027-11-01T01:30:00+00:00"),
        # A leap day is a day.
        ((2028, 2, 29, 9, 0), "2028-02-29T08:00:00+00:00"),
    ],
)
def test_a_time_of_day_is_what_clocks_show(wall: tuple[int, ...], due: str) -> None:
    assert due_at(datetime(*wall), BERLIN).isoformat() == due  # type: ignore[arg-type]  # noqa: DTZ001


def test_nine_on_mondays_is_nine_all_year() -> None:
    found = upcoming(weekly(), BERLIN, now=datetime(2027, 3, 20, tzinfo=UTC), most=3)
    assert [moment.isoformat() for moment in found] == [
        "2027-03-22T08:00:00+00:00",
        "2027-03-29T07:00:00+00:00",
        "2027-04-05T07:00:00+00:00",
    ]


def test_nothing_comes_after_the_end() -> None:
    end = datetime(2027, 3, 22, 8, tzinfo=UTC)
    found = upcoming(weekly(ends_at=end), BERLIN, now=datetime(2027, 3, 20, tzinfo=UTC), most=3)
    assert found == [end]


def test_an_occurrence_that_was_changed_away_is_none() -> None:
    monday = datetime(2027, 5, 3, 9)  # noqa: DTZ001 - what clocks show
    assert occurs(weekly(), monday)
    assert not occurs(weekly(weekdays=(1,)), monday)
    assert not occurs(weekly(at="10:00"), monday)


@pytest.mark.parametrize(
    ("fields", "due", "wanted"),
    [
        ({}, NOW, True),
        ({}, NOW - LATE, True),
        ({}, NOW - LATE - timedelta(seconds=1), False),
        ({"since": NOW}, NOW, True),
        ({"since": NOW}, NOW - timedelta(seconds=1), False),
        ({"ends_at": NOW}, NOW, True),
        ({"ends_at": NOW - timedelta(seconds=1)}, NOW, False),
    ],
)
def test_what_was_due_before_it_was_asked_for_or_long_ago_is_left_out(
    fields: dict[str, Any], due: datetime, *, wanted: bool
) -> None:
    assert is_wanted(weekly(**fields), due, now=NOW) is wanted
