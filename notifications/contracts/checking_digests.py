"""Checking the digest that a notification asks for: a key, and a window with what its kind needs."""

from collections.abc import Mapping
from typing import Any

from notifications.contracts import limits, names
from notifications.contracts.checking import CLOCK, NO_CLOCK, Check
from notifications.contracts.digests import DigestChoice, DigestWindow, WindowKind
from notifications.contracts.errors import InvalidNotification

_FIELDS = {
    WindowKind.DURATION: ("seconds",),
    WindowKind.QUIET: ("seconds", "at_most_seconds"),
    WindowKind.COUNT: ("count", "at_most_seconds"),
    WindowKind.DAILY: ("at",),
}
_RANGES = {
    "seconds": (1, limits.DIGEST_SECONDS),
    "at_most_seconds": (1, limits.DIGEST_SECONDS),
    "count": (2, limits.DIGEST_COUNT),
}


def checked_digest(check: Check, field: str, value: object) -> DigestChoice | None:
    """The digest asked for; None, and told to `check`, when anything about it is wrong."""
    if value is None:
        return None
    try:
        return _digest(value)
    except InvalidNotification as invalid:
        for part, messages in invalid.errors.items():
            for message in messages:
                check.fail(field, f"{part}: {message}")
    return None


def _digest(value: object) -> DigestChoice:
    given = _object("digest", value, ("key", "window"))
    check = Check()
    key = check.text("key", given.get("key"), limits.KEY_CHARS, required=True)
    if key is not None and key.startswith(names.OWN_DIGEST):
        check.fail("key", f"What begins with {names.OWN_DIGEST} is what people gather for themselves.")
    check.finish()
    return DigestChoice(key=key or "", window=_window(given.get("window")))


def _window(value: object) -> DigestWindow:
    check = Check()
    kind = check.word("kind", value.get("kind") if isinstance(value, Mapping) else None, _FIELDS)
    check.finish()
    fields = _FIELDS[WindowKind(kind or "")]
    given = _object("window", value, ("kind", *fields))
    for name in fields:
        if name == "at":
            if not isinstance(given.get(name), str) or not CLOCK.fullmatch(given[name]):
                check.fail(name, NO_CLOCK)
        elif not _is_within(given.get(name), *_RANGES[name]):
            least, most = _RANGES[name]
            check.fail(name, f"A whole number from {least} to {most} is required.")
    check.finish()
    window = DigestWindow(kind=WindowKind(kind or ""), **{name: given[name] for name in fields})
    if window.kind is WindowKind.QUIET and (window.at_most_seconds or 0) < (window.seconds or 0):
        check.fail("at_most_seconds", "Must not be less than seconds.")
    check.finish()
    return window


def _object(name: str, value: object, fields: tuple[str, ...]) -> Mapping[str, Any]:
    """What is misspelt must not be passed over in silence: the window would be another than was meant."""
    if not isinstance(value, Mapping) or set(value) - set(fields):
        raise InvalidNotification({name: [f"An object with nothing but {', '.join(fields)} is required."]})
    return value


def _is_within(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
