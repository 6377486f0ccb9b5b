"""When it is quiet for a person, and until when: over midnight, over the week, over the days when clocks change."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.contracts.vocabulary import EXTERNAL_CHANNELS, Channel, Priority, Weekday
from policy.quiet_hours import QuietHours, QuietSpan, deferred_until, never_ends, quiet_until, spans_of

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)

Wire = Mapping[str, Sequence[Mapping[str, str]]]


def wire(**spans: str) -> Wire:
    """`monday="22:00-07:00 12:00-13:00"` as the profile has it."""
    return {
        day: [dict(zip(("start", "end"), span.split("-"), strict=True)) for span in text.split()]
        for day, text in spans.items()
    }


def instant(text: str, zone: ZoneInfo, *, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC)


NIGHTS = dict.fromkeys(Weekday, "22:00-07:00")
WEEKEND = {"friday": "18:00-00:00", "saturday": "00:00-12:00 12:00-00:00", "sunday": "00:00-12:00 12:00-06:00"}


@pytest.mark.parametrize(
    ("spans", "now", "end"),
    [
        # 2026-06-10 is a Wednesday.
        ({"wednesday": "12:00-14:00"}, "2026-06-10T13:00", "2026-06-10T14:00"),
        ({"wednesday": "12:00-14:00"}, "2026-06-10T11:59:59", None),
        ({"wednesday": "12:00-14:00"}, "2026-06-10T12:00", "2026-06-10T14:00"),
        ({"wednesday": "12:00-14:00"}, "2026-06-10T13:59:59", "2026-06-10T14:00"),
        ({"wednesday": "12:00-14:00"}, "2026-06-10T14:00", None),
        ({"wednesday": "12:00-14:00"}, "2026-06-11T13:00", None),
        ({"tuesday": "22:00-07:00"}, "2026-06-10T03:00", "2026-06-10T07:00"),
        ({"tuesday": "22:00-07:00"}, "2026-06-09T23:00", "2026-06-10T07:00"),
        ({"wednesday": "22:00-07:00"}, "2026-06-10T03:00", None),
        ({"sunday": "22:00-07:00"}, "2026-06-15T06:00", "2026-06-15T07:00"),
        ({"wednesday": "22:00-00:00"}, "2026-06-10T23:00", "2026-06-11T00:00"),
        ({"wednesday": "12:00-14:00 13:00-15:00"}, "2026-06-10T12:30", "2026-06-10T15:00"),
        ({"wednesday": "12:00-15:00 13:00-14:00"}, "2026-06-10T12:30", "2026-06-10T15:00"),
        ({"wednesday": "12:00-13:00 13:00-14:00"}, "2026-06-10T12:30", "2026-06-10T14:00"),
        ({"wednesday": "12:00-13:00 13:01-14:00"}, "2026-06-10T12:30", "2026-06-10T13:00"),
        (NIGHTS | {"wednesday": "06:00-09:00 22:00-07:00"}, "2026-06-09T23:00", "2026-06-10T09:00"),
        (WEEKEND, "2026-06-12T19:00", "2026-06-15T06:00"),
        (WEEKEND, "2026-06-14T12:00", "2026-06-15T06:00"),
        (WEEKEND, "2026-06-15T06:00", None),
        ({}, "2026-06-10T03:00", None),
    ],
)
def test_quiet_lasts_to_the_end_of_the_spans_that_hang_together(
    spans: dict[str, str], now: str, end: str | None
) -> None:
    hours = QuietHours(spans_of(wire(**spans)), BERLIN)
    assert quiet_until(hours, now=instant(now, BERLIN)) == (end and instant(end, BERLIN))


@pytest.mark.parametrize(
    ("spans", "zone", "now", "end"),
    [
        # Clocks go from 02:00 to 03:00 on 2026-03-29 in Berlin: an end that they skip is the moment of the skip.
        ({"saturday": "22:00-02:30"}, "Europe/Berlin", "2026-03-29T00:00+00:00", "2026-03-29T01:00+00:00"),
        ({"saturday": "22:00-02:30"}, "Europe/Berlin", "2026-03-29T01:00+00:00", None),
        ({"sunday": "02:30-04:00"}, "Europe/Berlin", "2026-03-29T00:59+00:00", None),
        ({"sunday": "02:30-04:00"}, "Europe/Berlin", "2026-03-29T01:00+00:00", "2026-03-29T02:00+00:00"),
        ({"sunday": "02:10-02:50"}, "Europe/Berlin", "2026-03-29T01:00+00:00", None),
        ({"saturday": "22:00-07:00"}, "Europe/Berlin", "2026-03-28T22:00+00:00", "2026-03-29T05:00+00:00"),
        # They go from 03:00 back to 02:00 on 2026-10-25: one stretch, to the second time that they show the end.
        ({"saturday": "22:00-02:30"}, "Europe/Berlin", "2026-10-24T23:00+00:00", "2026-10-25T01:30+00:00"),
        ({"saturday": "22:00-02:30"}, "Europe/Berlin", "2026-10-25T00:45+00:00", "2026-10-25T01:30+00:00"),
        ({"sunday": "02:30-07:00"}, "Europe/Berlin", "2026-10-25T00:30+00:00", "2026-10-25T06:00+00:00"),
        ({"sunday": "02:30-07:00"}, "Europe/Berlin", "2026-10-25T01:10+00:00", "2026-10-25T06:00+00:00"),
        ({"sunday": "02:30-07:00"}, "Europe/Berlin", "2026-10-25T00:29+00:00", None),
        ({"saturday": "22:00-07:00"}, "Europe/Berlin", "2026-10-24T22:00+00:00", "2026-10-25T06:00+00:00"),
        # Half an hour of daylight saving, at 02:00 on 2026-10-04.
        ({"sunday": "01:00-02:15"}, "Australia/Lord_Howe", "2026-10-03T15:00+00:00", "2026-10-03T15:30+00:00"),
        # Beirut's clocks skip midnight, on 2026-03-29.
        ({"saturday": "22:00-00:00"}, "Asia/Beirut", "2026-03-28T21:00+00:00", "2026-03-28T22:00+00:00"),
        # Samoa skipped Friday, 2011-12-30, as a whole.
        ({"friday": "09:00-17:00"}, "Pacific/Apia", "2011-12-30T10:00+00:00", None),
        ({"thursday": "22:00-07:00"}, "Pacific/Apia", "2011-12-30T09:00+00:00", "2011-12-30T10:00+00:00"),
        # An offset of 45 minutes.
        ({"wednesday": "22:00-07:00"}, "Asia/Kathmandu", "2026-06-10T16:15+00:00", "2026-06-11T01:15+00:00"),
    ],
)
def test_quiet_hours_are_those_of_the_clock_on_the_wall(
    spans: dict[str, str], zone: str, now: str, end: str | None
) -> None:
    hours = QuietHours(spans_of(wire(**spans)), ZoneInfo(zone))
    assert quiet_until(hours, now=datetime.fromisoformat(now)) == (end and datetime.fromisoformat(end))


ALL_BUT_A_MINUTE = {
    **dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), "00:00-12:00 12:00-00:00"),
    "saturday": "00:00-12:00 12:00-02:30",
    "sunday": "02:31-12:00 12:00-00:00",
}


def test_a_gap_that_clocks_skip_is_waited_for_a_week_longer() -> None:
    hours = QuietHours(spans_of(wire(**ALL_BUT_A_MINUTE)), BERLIN)
    monday = instant("2026-03-23T00:00", BERLIN)
    assert quiet_until(hours, now=monday) == instant("2026-04-05T02:30", BERLIN)


@pytest.mark.parametrize(
    ("spans", "never"),
    [
        ({}, False),
        (NIGHTS, False),
        (WEEKEND, False),
        (ALL_BUT_A_MINUTE, False),
        (ALL_BUT_A_MINUTE | {"sunday": "02:30-12:00 12:00-00:00"}, True),
        (dict.fromkeys(Weekday, "00:00-12:00 12:00-00:00"), True),
        (dict.fromkeys(Weekday, "09:00-08:59 08:00-10:00"), True),
        (dict.fromkeys(Weekday, "09:00-08:59"), False),
        ({"monday": "00:00-23:59", "sunday": "12:00-11:00"}, False),
    ],
)
def test_hours_that_leave_no_minute_of_the_week_never_end(spans: dict[str, str], *, never: bool) -> None:
    assert never_ends(spans_of(wire(**spans))) is never


def test_hours_that_never_end_are_answered_all_the_same() -> None:
    hours = QuietHours(spans_of(wire(**dict.fromkeys(Weekday, "00:00-12:00 12:00-00:00"))), BERLIN)
    now = instant("2026-06-10T12:00", BERLIN)
    end = quiet_until(hours, now=now)
    assert end is not None
    assert now + 7 * DAY < end < now + 20 * DAY


# Those with the strangest clocks: half hours, midnights that are skipped or come twice, months, a year without change.
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Havana",
    "America/Sao_Paulo",
    "Asia/Beirut",
    "Africa/Casablanca",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Pacific/Apia",
    "America/Scoresbysund",
]
# Times within an hour of each other, near midnight and near the hours when clocks change, meet the hard cases.
TIMES = st.builds(time, st.sampled_from([0, 1, 2, 3, 12, 22, 23]), st.sampled_from([0, 15, 30, 59]))
SPANS = st.builds(QuietSpan, st.integers(0, 6), TIMES, TIMES).filter(lambda span: span.start != span.end)
HOURS = st.builds(QuietHours, st.lists(SPANS, max_size=8).map(tuple), st.sampled_from(ZONES).map(ZoneInfo)).filter(
    lambda hours: not never_ends(hours.spans)
)
# Through all of 2025 and 2026, and the days around Samoa's jump.
MOMENTS = st.one_of(
    st.integers(0, 2 * 365 * 24 * 60).map(lambda minutes: datetime(2025, 1, 1, tzinfo=UTC) + minutes * MINUTE),
    st.integers(0, 14 * 24 * 60).map(lambda minutes: datetime(2011, 12, 24, tzinfo=UTC) + minutes * MINUTE),
)


@given(hours=HOURS, now=MOMENTS)
def test_quiet_ends_later_than_now_and_it_is_not_quiet_then(hours: QuietHours, now: datetime) -> None:
    end = quiet_until(hours, now=now)
    if end is not None:
        assert now < end <= now + 15 * DAY
        assert quiet_until(hours, now=end) is None


@given(hours=HOURS, now=MOMENTS, part=st.floats(0, 1, exclude_max=True))
def test_quiet_has_no_earlier_end(hours: QuietHours, now: datetime, part: float) -> None:
    end = quiet_until(hours, now=now)
    if end is not None:
        between = now + timedelta(seconds=int((end - now).total_seconds() * part))
        assert quiet_until(hours, now=between) == end


def shows(span: QuietSpan, wall: datetime) -> bool:
    """Whether a clock that never changes shows a time within the span."""
    for day in (wall.date() - DAY, wall.date()):
        start = datetime.combine(day, span.start)
        end = datetime.combine(day if span.end > span.start else day + DAY, span.end)
        if day.weekday() == span.weekday and start <= wall < end:
            return True
    return False


@given(hours=HOURS, now=MOMENTS)
def test_it_is_quiet_when_the_clock_says_so(hours: QuietHours, now: datetime) -> None:
    wall = now.astimezone(hours.zone).replace(tzinfo=None)
    if any(shows(span, wall) for span in hours.spans):
        assert quiet_until(hours, now=now) is not None


@given(hours=HOURS, now=MOMENTS)
def test_far_from_a_change_of_clocks_it_is_quiet_only_when_the_clock_says_so(hours: QuietHours, now: datetime) -> None:
    offsets = {(now + days * DAY).astimezone(hours.zone).utcoffset() for days in (-2, -1, 0, 1, 2)}
    if len(offsets) == 1:
        wall = now.astimezone(hours.zone).replace(tzinfo=None)
        assert (quiet_until(hours, now=now) is not None) == any(shows(span, wall) for span in hours.spans)


ALWAYS = QuietHours(spans_of(wire(**NIGHTS)), BERLIN)
NIGHT, MORNING = instant("2026-06-10T03:00", BERLIN), instant("2026-06-10T07:00", BERLIN)


@pytest.mark.parametrize("priority", sorted(set(Priority) - {Priority.URGENT}))
@pytest.mark.parametrize("channel", EXTERNAL_CHANNELS)
def test_quiet_hours_put_off_what_makes_a_sound(channel: Channel, priority: Priority) -> None:
    assert deferred_until(channel, priority=priority, hours=ALWAYS, now=NIGHT) == MORNING
    assert deferred_until(channel, priority=priority, hours=ALWAYS, now=MORNING) is None


@pytest.mark.parametrize("channel", Channel)
def test_quiet_hours_let_through_what_is_urgent(channel: Channel) -> None:
    assert deferred_until(channel, priority=Priority.URGENT, hours=ALWAYS, now=NIGHT) is None


@pytest.mark.parametrize("priority", Priority)
def test_the_inbox_has_no_quiet_hours(priority: Priority) -> None:
    assert deferred_until(Channel.IN_APP, priority=priority, hours=ALWAYS, now=NIGHT) is None
