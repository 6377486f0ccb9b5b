"""What a wish of its owner makes of a notification."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from notifications.contracts.errors import InvalidNotification, NotInInbox
from policy.treatment import Treatment, Wish, treated

NOW = datetime(2030, 5, 1, 12, tzinfo=UTC)
EARLIER, LATER, EVEN_LATER = NOW - timedelta(hours=1), NOW + timedelta(hours=1), NOW + timedelta(hours=2)
NEW = Treatment()
ARCHIVED, ASLEEP = Treatment(archived_at=EARLIER), Treatment(snoozed_until=LATER)


def after(before: Treatment, *, is_published: bool = True, **wish: Any) -> Treatment:
    return treated(before, Wish(**wish), is_published=is_published, now=NOW)


@pytest.mark.parametrize(
    ("before", "wish", "expected"),
    [
        (NEW, {}, NEW),
        (NEW, {"is_read": True}, Treatment(read_at=NOW)),
        (Treatment(read_at=EARLIER), {"is_read": True}, Treatment(read_at=EARLIER)),
        (Treatment(read_at=EARLIER), {"is_read": False}, NEW),
        (Treatment(read_at=EARLIER), {"is_seen": True}, Treatment(read_at=EARLIER, seen_at=NOW)),
        (Treatment(seen_at=EARLIER), {"is_seen": False}, NEW),
        (NEW, {"is_archived": True}, Treatment(archived_at=NOW)),
        (NEW, {"is_archived": True, "archived_at": EARLIER}, ARCHIVED),
        (NEW, {"is_archived": True, "archived_at": LATER}, Treatment(archived_at=NOW)),
        (ARCHIVED, {"is_archived": True}, ARCHIVED),
        (ARCHIVED, {"is_archived": False}, NEW),
        (ARCHIVED, {"is_snoozed": False}, ARCHIVED),
        (NEW, {"is_snoozed": True, "snoozed_until": LATER}, ASLEEP),
        (ASLEEP, {"is_snoozed": True, "snoozed_until": EVEN_LATER}, Treatment(snoozed_until=EVEN_LATER)),
        (ASLEEP, {"is_snoozed": False}, NEW),
        (ASLEEP, {"is_archived": False}, ASLEEP),
        (ASLEEP, {"is_archived": True, "is_snoozed": False}, Treatment(archived_at=NOW)),
        (ASLEEP, {"is_archived": True}, Treatment(archived_at=NOW)),
        (ARCHIVED, {"is_archived": False, "is_snoozed": True, "snoozed_until": LATER}, ASLEEP),
        (ARCHIVED, {"is_snoozed": True, "snoozed_until": LATER}, ASLEEP),
        (ARCHIVED, {"is_read": True}, replace(ARCHIVED, read_at=NOW)),
    ],
)
def test_a_wish_is_done(before: Treatment, wish: dict[str, Any], expected: Treatment) -> None:
    assert after(before, **wish) == expected


def test_a_snooze_that_is_put_back_as_it_was_read_is_none_too_late() -> None:
    overdue = Treatment(snoozed_until=EARLIER)
    assert after(overdue, is_archived=False, is_snoozed=True, snoozed_until=EARLIER) == overdue


@pytest.mark.parametrize("until", [EARLIER, NOW, NOW + timedelta(days=367)])
def test_one_snoozes_into_the_future_and_for_a_year_at_most(until: datetime) -> None:
    with pytest.raises(InvalidNotification) as invalid:
        after(NEW, is_snoozed=True, snoozed_until=until)
    assert invalid.value.errors.keys() == {"snoozed_until"}


def test_what_is_archived_does_not_wake() -> None:
    with pytest.raises(InvalidNotification):
        after(NEW, is_archived=True, is_snoozed=True, snoozed_until=LATER)


@pytest.mark.parametrize("wish", [{"is_archived": True}, {"is_snoozed": True, "snoozed_until": LATER}])
def test_what_has_not_come_in_cannot_leave(wish: dict[str, Any]) -> None:
    with pytest.raises(NotInInbox):
        after(NEW, is_published=False, **wish)


@pytest.mark.parametrize("wish", [{"is_read": True}, {"is_seen": True}, {"is_archived": False, "is_snoozed": False}])
def test_what_has_not_come_in_may_be_marked(wish: dict[str, Any]) -> None:
    after(NEW, is_published=False, **wish)
