"""When reminders fire, and what a move does to them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from notifications.contracts.reminders import ReminderStatus
from policy.reminders import fires_at, first_status, status_after_move

WAITING, FIRED, SKIPPED, CANCELLED = (
    ReminderStatus.WAITING,
    ReminderStatus.FIRED,
    ReminderStatus.SKIPPED,
    ReminderStatus.CANCELLED,
)
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2027, 5, 1, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_a_negative_offset_is_after_the_start() -> None:
    assert fires_at(NOW, -7200) == NOW + 2 * HOUR


@pytest.mark.parametrize("start", [datetime(2027, 3, 28, 10, tzinfo=BERLIN), datetime(2027, 10, 31, 10, tzinfo=BERLIN)])
def test_twenty_four_hours_are_hours_that_pass_whatever_the_clocks_do(start: datetime) -> None:
    assert start.astimezone(UTC) - fires_at(start, 86400).astimezone(UTC) == DAY


@pytest.mark.parametrize(
    ("moment", "status"),
    [(NOW + HOUR, WAITING), (NOW, WAITING), (NOW - timedelta(seconds=4), WAITING), (NOW - HOUR, SKIPPED)],
)
def test_what_has_passed_is_skipped_and_this_very_moment_is_not(moment: datetime, status: ReminderStatus) -> None:
    assert first_status(moment, now=NOW) is status


@pytest.mark.parametrize(
    ("status", "before", "after", "expected"),
    [
        (WAITING, NOW + HOUR, NOW + DAY, WAITING),
        (WAITING, NOW + HOUR, NOW - HOUR, SKIPPED),
        (SKIPPED, NOW - HOUR, NOW + HOUR, WAITING),
        (SKIPPED, NOW - DAY, NOW - HOUR, SKIPPED),
        (FIRED, NOW - HOUR, NOW + DAY, WAITING),
        (FIRED, NOW - HOUR, NOW - DAY, FIRED),
        (FIRED, NOW - HOUR, NOW - HOUR, FIRED),
        (CANCELLED, NOW + HOUR, NOW + DAY, CANCELLED),
    ],
)
def test_moving_an_anchor(status: ReminderStatus, before: datetime, after: datetime, expected: ReminderStatus) -> None:
    assert status_after_move(status, before=before, after=after, now=NOW) is expected
