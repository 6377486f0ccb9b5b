"""Days as their person counts them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from policy.periods import Period, span_of

BERLIN = ZoneInfo("Europe/Berlin")
AUCKLAND = ZoneInfo("Pacific/Auckland")


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("period", "since", "until"),
    [
        (Period.TODAY, "2026-06-09T22:00", None),
        (Period.YESTERDAY, "2026-06-08T22:00", "2026-06-09T22:00"),
        (Period.WEEK, "2026-06-03T22:00", None),
        (Period.MONTH, "2026-05-11T22:00", None),
        (Period.ALL, None, None),
    ],
)
def test_a_period_begins_at_midnight_of_the_persons_own_day(
    period: Period, since: str | None, until: str | None
) -> None:
    span = span_of(period, now=instant("2026-06-10T09:30"), zone=BERLIN)

    assert span.since == (since and instant(since))
    assert span.until == (until and instant(until))


def test_today_is_already_tomorrow_further_east() -> None:
    span = span_of(Period.TODAY, now=instant("2026-06-10T13:00"), zone=AUCKLAND)

    assert span.since == instant("2026-06-10T12:00")


@pytest.mark.parametrize(("day", "hours"), [("2026-03-30", 23), ("2026-10-26", 25)])
def test_the_day_of_a_clock_change_is_one_day(day: str, hours: int) -> None:
    span = span_of(Period.YESTERDAY, now=instant(f"{day}T12:00"), zone=BERLIN)

    assert span.since is not None
    assert span.until is not None
    assert span.until.astimezone(UTC) - span.since.astimezone(UTC) == timedelta(hours=hours)
