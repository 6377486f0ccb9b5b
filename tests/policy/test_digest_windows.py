"""When the window of a digest closes."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from notifications.contracts.digests import DigestWindow, WindowKind
from policy.digests import closes_at
from policy.planning import Go, Skip, Step, Wait, WaitReason, still_holds

NOON = datetime(2027, 5, 1, 12, tzinfo=UTC)
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
BERLIN, LORD_HOWE, APIA = ZoneInfo("Europe/Berlin"), ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Pacific/Apia")

DURATION = DigestWindow(kind=WindowKind.DURATION, seconds=3600)
QUIET = DigestWindow(kind=WindowKind.QUIET, seconds=300, at_most_seconds=3600)
COUNT = DigestWindow(kind=WindowKind.COUNT, count=3, at_most_seconds=3600)


def daily(at: str) -> DigestWindow:
    return DigestWindow(kind=WindowKind.DAILY, at=at)


def closing(window: DigestWindow, opened_at: datetime, **facts: Any) -> datetime:
    return closes_at(window, opened_at=opened_at, **{"last_entry_at": opened_at, "entries": 1, "zone": UTC, **facts})


@pytest.mark.parametrize(
    ("window", "last_entry_after", "entries", "closes_after"),
    [
        (DURATION, 0 * SECOND, 1, HOUR),
        (DURATION, 59 * 60 * SECOND, 900, HOUR),
        (QUIET, 0 * SECOND, 1, 300 * SECOND),
        (QUIET, 299 * SECOND, 2, 599 * SECOND),
        (QUIET, 3300 * SECOND, 50, HOUR),
        (QUIET, 3301 * SECOND, 50, HOUR),
        (QUIET, 2 * HOUR, 50, HOUR),
        (COUNT, 10 * SECOND, 2, HOUR),
        (COUNT, 10 * SECOND, 3, 10 * SECOND),
        (COUNT, 10 * SECOND, 4, 10 * SECOND),
        (COUNT, 0 * SECOND, 0, HOUR),
    ],
)
def test_a_window_closes(
    window: DigestWindow, last_entry_after: timedelta, entries: int, closes_after: timedelta
) -> None:
    moment = closing(window, NOON, last_entry_at=NOON + last_entry_after, entries=entries)
    assert moment - NOON == closes_after


@pytest.mark.parametrize(
    ("at", "zone", "opened", "closes"),
    [
        ("18:00", UTC, "2027-05-01T12:00", "2027-05-01T18:00"),
        ("18:00", UTC, "2027-05-01T18:00", "2027-05-02T18:00"),
        ("18:00", UTC, "2027-05-01T23:59", "2027-05-02T18:00"),
        ("00:00", UTC, "2027-12-31T00:01", "2028-01-01T00:00"),
        ("12:00", UTC, "2028-02-28T13:00", "2028-02-29T12:00"),
        ("18:00", BERLIN, "2027-05-01T12:00", "2027-05-01T16:00"),
        ("01:00", BERLIN, "2027-05-01T23:30", "2027-05-02T23:00"),  # their second of May has begun
        # Berlin's clocks go forward on 28 March 2027 at 02:00 and back on 31 October at 03:00.
        ("18:00", BERLIN, "2027-03-27T17:30", "2027-03-28T16:00"),
        ("18:00", BERLIN, "2027-10-30T16:30", "2027-10-31T17:00"),
        ("02:30", BERLIN, "2027-03-27T12:00", "2027-03-28T01:30"),  # skipped, so at 03:30
        ("02:30", BERLIN, "2027-03-28T01:45", "2027-03-29T00:30"),
        ("02:30", BERLIN, "2027-10-30T12:00", "2027-10-31T00:30"),  # the first of two
        ("02:30", BERLIN, "2027-10-31T00:45", "2027-11-01T01:30"),  # not the second
        ("02:15", LORD_HOWE, "2027-10-02T12:00", "2027-10-02T15:45"),  # half an hour is skipped, so at 02:45
        ("12:00", APIA, "2011-12-29T23:00", "2011-12-30T22:00"),  # the thirtieth was skipped whole
    ],
)
def test_a_time_of_day_is_the_next_on_the_persons_own_clock(at: str, zone: ZoneInfo, opened: str, closes: str) -> None:
    moment = closing(daily(at), datetime.fromisoformat(f"{opened}Z"), zone=zone)
    assert moment == datetime.fromisoformat(f"{closes}Z")


@pytest.mark.parametrize("zone", [UTC, BERLIN, LORD_HOWE, APIA], ids=str)
@pytest.mark.parametrize("at", ["00:00", "02:00", "02:30", "03:00", "23:59"])
def test_every_window_of_a_year_closes_after_it_opened_and_within_about_a_day(zone: ZoneInfo, at: str) -> None:
    for hour in range(0, 366 * 24, 5):
        opened_at = datetime(2027, 1, 1, tzinfo=UTC) + hour * HOUR
        assert timedelta(0) < closing(daily(at), opened_at, zone=zone) - opened_at <= DAY + HOUR


@pytest.mark.parametrize("window", [DURATION, QUIET, COUNT, daily("18:00")], ids=lambda window: window.kind)
def test_the_answer_is_in_utc(window: DigestWindow) -> None:
    assert closing(window, NOON.astimezone(BERLIN), zone=BERLIN).tzinfo is UTC


@pytest.mark.parametrize("step", [Go("type_default"), Skip("preference_off"), Wait(NOON + DAY, WaitReason.QUIET_HOURS)])
def test_a_change_of_mind_wakes_no_entry_since_its_digest_is_asked_then(step: Step) -> None:
    assert still_holds(Wait(NOON, WaitReason.DIGEST), step)
