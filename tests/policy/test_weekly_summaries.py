"""When a weekly summary is due, and for which week: on Monday at nine, as each person's own clocks show it."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from policy.summaries import is_in_time, last_due, next_due, week_of

LONG_AGO = "2000-W01"


def at(moment: str) -> datetime:
    return datetime.fromisoformat(moment)


@pytest.mark.parametrize(
    ("zone", "now", "due"),
    [
        ("UTC", "2026-11-18T12:00:00Z", "2026-11-23T09:00:00+00:00"),
        ("UTC", "2026-11-23T08:59:59Z", "2026-11-23T09:00:00+00:00"),
        # Today's is today's until it is done with, so that a round finds it a moment later.
        ("UTC", "2026-11-23T09:00:00Z", "2026-11-23T09:00:00+00:00"),
        ("UTC", "2026-11-23T23:59:59Z", "2026-11-23T09:00:00+00:00"),
        ("UTC", "2026-11-24T00:00:00Z", "2026-11-30T09:00:00+00:00"),
        # The weekend of each change of clocks: an hour earlier in UTC, an hour later.
        ("Europe/Berlin", "2027-03-24T12:00:00Z", "2027-03-29T07:00:00+00:00"),
        ("Europe/Berlin", "2027-03-17T12:00:00Z", "2027-03-22T08:00:00+00:00"),
        ("Europe/Berlin", "2027-10-27T12:00:00Z", "2027-11-01T08:00:00+00:00"),
        ("Europe/Berlin", "2027-10-20T12:00:00Z", "2027-10-25T07:00:00+00:00"),
        ("America/New_York", "2027-03-12T12:00:00Z", "2027-03-15T13:00:00+00:00"),
        ("America/New_York", "2027-11-05T12:00:00Z", "2027-11-08T14:00:00+00:00"),
        # Half an hour of summer time.
        ("Australia/Lord_Howe", "2027-03-24T12:00:00Z", "2027-03-28T22:00:00+00:00"),
        ("Australia/Lord_Howe", "2027-03-30T12:00:00Z", "2027-04-04T22:30:00+00:00"),
        # Quarters of an hour.
        ("Asia/Kathmandu", "2026-11-20T00:00:00Z", "2026-11-23T03:15:00+00:00"),
        ("Pacific/Chatham", "2026-11-20T00:00:00Z", "2026-11-22T19:15:00+00:00"),
        ("Pacific/Kiritimati", "2026-11-20T00:00:00Z", "2026-11-22T19:00:00+00:00"),
        ("Etc/GMT+12", "2026-11-20T00:00:00Z", "2026-11-23T21:00:00+00:00"),
        # A leap day that is a Monday, and the Monday after a leap day.
        ("Europe/Berlin", "2044-02-28T12:00:00Z", "2044-02-29T08:00:00+00:00"),
        ("Europe/Berlin", "2028-02-29T12:00:00Z", "2028-03-06T08:00:00+00:00"),
        # Whose Monday it is, is not whose Monday it is in UTC.
        ("Pacific/Honolulu", "2026-11-24T05:00:00Z", "2026-11-23T19:00:00+00:00"),
        ("Asia/Tokyo", "2026-11-23T16:00:00Z", "2026-11-30T00:00:00+00:00"),
    ],
)
def test_it_is_due_on_monday_at_nine(zone: str, now: str, due: str) -> None:
    found = next_due(ZoneInfo(zone), done=LONG_AGO, now=at(now))
    assert found.isoformat() == due
    assert f"{found.astimezone(ZoneInfo(zone)):%A %H:%M}" == "Monday 09:00"


@pytest.mark.parametrize(
    ("moment", "zone", "week"),
    [
        ("2026-11-23T09:00:00Z", "UTC", "2026-W48"),
        # The Monday's own date on the person's clocks decides, and it may lie in the year before its week's.
        ("2025-12-29T09:00:00Z", "UTC", "2026-W01"),
        ("2026-12-28T09:00:00Z", "UTC", "2026-W53"),
        ("2027-01-04T09:00:00Z", "UTC", "2027-W01"),
        ("2026-11-22T19:00:00Z", "Pacific/Kiritimati", "2026-W48"),
        ("2026-11-22T19:00:00Z", "UTC", "2026-W47"),
    ],
)
def test_a_week_is_named_by_the_clocks_at_hand(moment: str, zone: str, week: str) -> None:
    assert week_of(at(moment), ZoneInfo(zone)) == week


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/New_York", "Pacific/Apia"])
def test_every_week_of_ten_years_has_one_and_only_one(zone: str) -> None:
    clocks, done, now = ZoneInfo(zone), LONG_AGO, at("2024-12-25T00:00:00Z")
    mondays: list[date] = []
    while now < at("2035-01-08T00:00:00Z"):
        now = next_due(clocks, done=done, now=now)
        assert week_of(now, clocks) > done, "names of weeks compare in the order of time"
        assert last_due(clocks, now=now) == week_of(now, clocks)
        assert last_due(clocks, now=now - timedelta(seconds=1)) == (done if mondays else "2024-W52")
        done = week_of(now, clocks)
        mondays.append(now.astimezone(clocks).date())
    assert {later - earlier for earlier, later in pairwise(mondays)} == {timedelta(days=7)}


@pytest.mark.parametrize(
    ("told_in", "moves_to", "now", "due"),
    [
        # Told in Tokyo on Monday, in Honolulu on what is Sunday there: the week is told.
        ("Asia/Tokyo", "Pacific/Honolulu", "2026-11-23T02:00:00Z", "2026-11-30T19:00:00+00:00"),
        # Told in Honolulu on Monday; in Tokyo it is Tuesday.
        ("Pacific/Honolulu", "Asia/Tokyo", "2026-11-23T20:00:00Z", "2026-11-30T00:00:00+00:00"),
        ("Europe/Berlin", "Europe/London", "2026-11-23T08:30:00Z", "2026-11-30T09:00:00+00:00"),
    ],
)
def test_who_changes_zone_when_told_waits_for_the_next_week(told_in: str, moves_to: str, now: str, due: str) -> None:
    done = last_due(ZoneInfo(told_in), now=at(now))
    assert next_due(ZoneInfo(moves_to), done=done, now=at(now)).isoformat() == due


@pytest.mark.parametrize(
    ("moves_to", "due"),
    [
        # Half past seven in London on Monday, before it was told: later to the west, overdue to the east.
        ("America/New_York", "2026-11-23T14:00:00+00:00"),
        ("Europe/Helsinki", "2026-11-23T07:00:00+00:00"),
        ("Asia/Tokyo", "2026-11-23T00:00:00+00:00"),
    ],
)
def test_who_changes_zone_before_is_told_by_the_new_one(moves_to: str, due: str) -> None:
    now = at("2026-11-23T07:30:00Z")
    done = last_due(ZoneInfo("Europe/London"), now=now)
    assert next_due(ZoneInfo(moves_to), done=done, now=now).isoformat() == due


@pytest.mark.parametrize(
    ("now", "in_time"),
    [
        ("2026-11-23T08:00:00Z", True),
        ("2026-11-23T22:59:59Z", True),
        ("2026-11-23T23:00:00Z", False),
        ("2026-11-30T08:00:00Z", False),
    ],
)
def test_after_an_outage_it_is_told_as_long_as_it_is_monday(now: str, *, in_time: bool) -> None:
    due = datetime(2026, 11, 23, 8, tzinfo=UTC)
    assert is_in_time(due, ZoneInfo("Europe/Berlin"), now=at(now)) is in_time
