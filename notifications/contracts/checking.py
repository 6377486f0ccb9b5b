"""Checking loose arguments field by field, so that one answer names everything that is wrong."""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar

from notifications.contracts import limits
from notifications.contracts.errors import InvalidNotification
from notifications.contracts.vocabulary import Channel

Word = TypeVar("Word", bound=StrEnum)

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_CONTROL_BUT_LAYOUT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
NO_CLOCK = "Enter a time of day as HH:MM, from 00:00 to 23:59."
OUT_OF_REACH = f"Must be in a year from {limits.YEARS.start} to {limits.YEARS.stop - 1}."


def check_instant(field: str, value: object) -> None:
    """For a call that takes an instant alone.

    Raises:
        InvalidNotification: it has no offset from UTC, or is out of reach.
    """
    check = Check()
    check.instant(field, value)
    check.finish()


class Check:
    """Collects what is wrong; each method answers the checked value, or one that `finish` never lets out."""

    def __init__(self) -> None:
        self._errors: dict[str, list[str]] = {}

    def fail(self, field: str, message: str) -> None:
        self._errors.setdefault(field, []).append(message)

    def add(self, errors: Mapping[str, list[str]]) -> None:
        for field, messages in errors.items():
            self._errors.setdefault(field, []).extend(messages)

    def finish(self) -> None:
        if self._errors:
            raise InvalidNotification(self._errors)

    def text(self, field: str, value: object, most: int, *, required: bool = False, layout: bool = False) -> str | None:
        """One line of at most `most` characters; `layout` admits line breaks and tabs."""
        if value is None or value == "":
            if required:
                self.fail(field, "This field is required.")
            return None
        if not isinstance(value, str):
            self.fail(field, "Not a valid string.")
        elif len(value) > most:
            self.fail(field, f"Ensure this field has no more than {most} characters.")
        elif (_CONTROL_BUT_LAYOUT if layout else _CONTROL).search(value) or not _is_encodable(value):
            # A line break in a title would become a header of its own in an email.
            self.fail(field, "Control characters are not allowed." if layout else "Must be a single line of text.")
        elif required and not value.strip():
            self.fail(field, "This field may not be blank.")
        else:
            return value
        return None

    def word(self, field: str, value: object, words: Iterable[Word]) -> Word | None:
        for word in words:
            if word == value:
                return word
        told = str(value)[:50].encode(errors="replace").decode()
        self.fail(field, f'"{told}" is not one of: {", ".join(words)}.')
        return None

    def channels(self, field: str, values: Iterable[str] | None) -> tuple[Channel, ...]:
        if values is None:
            return ()
        if isinstance(values, str):
            values = (values,)
        if not isinstance(values, Iterable):
            self.fail(field, "Must be a list of channels.")
            return ()
        found = tuple(dict.fromkeys(self.word(field, value, Channel) for value in values))
        if not found:
            self.fail(field, "Name at least one channel, or leave it out for the type's defaults.")
        return tuple(channel for channel in found if channel is not None)

    def escalation(self, field: str, value: object) -> dict[Channel, int] | None:
        if value is None:
            return None
        if not isinstance(value, Mapping):
            self.fail(field, "Must be an object of seconds by channel.")
            return None
        found: dict[Channel, int] = {}
        for name, seconds in value.items():
            channel = self.word(field, name, Channel)
            if channel is Channel.IN_APP:
                self.fail(field, "in_app is what the other channels wait for to be read.")
            elif isinstance(seconds, bool) or not isinstance(seconds, int) or not 0 <= seconds <= limits.WAIT_SECONDS:
                self.fail(field, f"Seconds from 0 to {limits.WAIT_SECONDS} are required.")
            elif channel is not None:
                found[channel] = seconds
        return found

    def offsets(self, field: str, values: object) -> tuple[int, ...]:
        """Seconds before the start, each once, the earliest reminder first."""
        if not isinstance(values, Iterable) or isinstance(values, str | bytes | Mapping):
            self.fail(field, "A list of seconds before the start is required.")
            return ()
        found = list(dict.fromkeys(values))
        most = limits.OFFSET_SECONDS
        if not 0 < len(found) <= limits.OFFSETS_PER_CALL:
            self.fail(field, f"Name 1 to {limits.OFFSETS_PER_CALL} offsets.")
        elif any(isinstance(each, bool) or not isinstance(each, int) or not -most <= each <= most for each in found):
            self.fail(field, f"Must be whole seconds, at most {most} before or after the start.")
        else:
            return tuple(sorted(found, reverse=True))
        return ()

    def instant(self, field: str, value: object) -> datetime | None:
        if value is None:
            return None
        if not isinstance(value, datetime) or value.tzinfo is None:
            self.fail(field, "A date and time with its offset from UTC is required.")
            return None
        if value.year not in limits.YEARS:
            self.fail(field, OUT_OF_REACH)
            return None
        # One spelling of an instant, so that a repeated call may write it with another offset.
        return value.astimezone(UTC)

    def metadata(self, field: str, value: Mapping[str, Any] | None) -> dict[str, Any]:
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            self.fail(field, "Must be an object.")
            return {}
        try:
            text = json.dumps(value, allow_nan=False)
            depth = _depth(value)
            has_huge_number = _has_huge_number(json.loads(text))
        except RecursionError:
            self.fail(field, f"Must nest at most {limits.METADATA_DEPTH} levels deep.")
            return {}
        except (TypeError, ValueError):
            self.fail(field, "Must hold only text, numbers, booleans, null, lists and objects.")
            return {}
        if len(text) > limits.METADATA_BYTES:
            self.fail(field, f"Must be at most {limits.METADATA_BYTES} bytes of JSON; this is {len(text)}.")
        elif depth > limits.METADATA_DEPTH:
            self.fail(field, f"Must nest at most {limits.METADATA_DEPTH} levels deep.")
        elif has_huge_number:
            # The database's JSON would keep it, and no client could read it back.
            self.fail(field, "Whole numbers must fit into 64 bits.")
        elif "\\u0000" in text or not _is_encodable(json.dumps(value, ensure_ascii=False)):
            self.fail(field, "Must be storable text: no NUL characters, no lone surrogates.")
        else:
            return dict(json.loads(text))
        return {}


def _has_huge_number(value: object) -> bool:
    if isinstance(value, dict):
        return any(map(_has_huge_number, value.values()))
    if isinstance(value, list):
        return any(map(_has_huge_number, value))
    return isinstance(value, int) and not -(2**63) <= value < 2**63


def _depth(value: object) -> int:
    """Levels of nesting."""
    if isinstance(value, Mapping):
        return 1 + max((_depth(item) for item in value.values()), default=0)
    if isinstance(value, list | tuple):
        return 1 + max((_depth(item) for item in value), default=0)
    return 0


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
