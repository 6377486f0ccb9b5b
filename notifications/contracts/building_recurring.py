"""From loose arguments to a `Recurrence`, or to an error naming every field at fault."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import available_timezones

from notifications.contracts import limits
from notifications.contracts.building import build_request, user_id_of
from notifications.contracts.checking import CLOCK, NO_CLOCK, Check
from notifications.contracts.errors import InvalidNotification
from notifications.contracts.recurring import Recurrence
from notifications.contracts.vocabulary import NotificationType

RECIPIENTS_ZONE = "recipient"
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_KEY = re.compile(r"[A-Za-z0-9_.:-]+")
# The seconds and years that Temporal would take, too, are left to it alone; so is what each field may say.
_CRON = re.compile(r"[0-9A-Za-z*/,-]+( [0-9A-Za-z*/,-]+){4}")
_NOT_ITS_OWN = ("scheduled_for", "expires_at", "notification_key", "digest", "idempotency_key")


def build_recurrence(
    *,
    key: str,
    users: Iterable[object],
    schedule: Mapping[str, Any],
    time_zone: str,
    content: Mapping[str, Any],
    ends_at: datetime | None = None,
) -> Recurrence:
    """A checked recurrence; `content` has the keyword arguments of `build_request` but the user's.

    Raises:
        InvalidNotification: with every field at fault.
    """
    check = Check()
    everybody = tuple(dict.fromkeys(user_id_of(user) for user in users))
    if not 0 < len(everybody) <= limits.IDS_PER_CALL:
        check.fail("users", f"Name 1 to {limits.IDS_PER_CALL} users.")
    for user in everybody:
        check.text("users", user, limits.USER_CHARS, required=True)
    if not isinstance(key, str) or len(key) > limits.ANCHOR_CHARS or not _KEY.fullmatch(key):
        check.fail("key", f"Must be 1 to {limits.ANCHOR_CHARS} letters, digits or any of _.:-")
    cron, weekdays, at = _schedule(check, schedule)
    if time_zone != RECIPIENTS_ZONE and time_zone not in available_timezones():
        check.fail("time_zone", f"Must be of the IANA database, such as Europe/Berlin, or {RECIPIENTS_ZONE!r}.")
    if cron is not None and time_zone == RECIPIENTS_ZONE:
        check.fail("time_zone", "A cron line is in one zone; weekdays and a time may be in each recipient's.")
    ends_at = check.instant("ends_at", ends_at)
    for name in _NOT_ITS_OWN:
        if content.get(name) is not None:
            check.fail(name, "Each of them has its own, which follows from the key and the time.")
    check.finish()
    given = {name: value for name, value in content.items() if value is not None}
    return Recurrence(
        key=key,
        users=everybody,
        content=build_request(user=everybody[0], **{"notification_type": NotificationType.REMINDER, **given}),
        since=datetime.now(UTC),
        cron=cron,
        weekdays=weekdays,
        at=at,
        time_zone=None if time_zone == RECIPIENTS_ZONE else time_zone,
        ends_at=ends_at,
    )


def change_recurrence(found: Recurrence, changes: Mapping[str, Any]) -> Recurrence:
    """With other `users`, `schedule`, `time_zone`, `ends_at` or content; what is not named stays.

    Raises:
        InvalidNotification: with every field at fault.
    """
    given: dict[str, Any] = {"users": found.users, "schedule": schedule_of(found), "ends_at": found.ends_at}
    given |= {"time_zone": found.time_zone or RECIPIENTS_ZONE}
    content = content_of(found) | {name: value for name, value in changes.items() if name not in given}
    if "template_key" in changes and changes["template_key"] is not None:
        content |= {"title": None, "message": None}
    given |= {name: value for name, value in changes.items() if name in given}
    return build_recurrence(key=found.key, content=content, **given)


def schedule_of(recurrence: Recurrence) -> dict[str, Any]:
    """As it was asked for."""
    if recurrence.cron is not None:
        return {"cron": recurrence.cron}
    return {"weekdays": [WEEKDAYS[day] for day in recurrence.weekdays], "time": recurrence.at}


def content_of(recurrence: Recurrence) -> dict[str, Any]:
    """What it says, as `build_request` takes it."""
    names = (
        "notification_type",
        "title",
        "message",
        "template_key",
        "metadata",
        "related_object_type",
        "related_object_id",
        "group_key",
        "supersede_key",
        "escalation",
        "priority",
    )
    content = {name: getattr(recurrence.content, name) for name in names}
    return content | {"delivery_channels": recurrence.content.channels or None}


def _schedule(check: Check, given: object) -> tuple[str | None, tuple[int, ...], str | None]:
    """A cron line, or weekdays and a time."""
    if isinstance(given, Mapping) and set(given) == {"cron"}:
        if not isinstance(given["cron"], str) or not _CRON.fullmatch(given["cron"]):
            check.fail("schedule", "cron: Five fields are required: minute, hour, day, month, weekday.")
        return given["cron"], (), None
    if not isinstance(given, Mapping) or set(given) != {"weekdays", "time"}:
        check.fail("schedule", 'Either {"cron"} or {"weekdays", "time"} is required.')
        return None, (), None
    days, at = given["weekdays"], given["time"]
    if not isinstance(days, list | tuple) or not days or any(day not in WEEKDAYS for day in days):
        check.fail("schedule", f"weekdays: A list of {', '.join(WEEKDAYS)} is required.")
        days = ()
    if not isinstance(at, str) or not CLOCK.fullmatch(at):
        check.fail("schedule", f"time: {NO_CLOCK}")
    return None, tuple(sorted({WEEKDAYS.index(day) for day in days})), at


def refused_by_temporal() -> InvalidNotification:
    return InvalidNotification({"schedule": ["cron: There is no such time."]})
