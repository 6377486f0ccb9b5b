"""Building blocks of the shapes."""

import re
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from notifications.contracts.checking import CLOCK, NO_CLOCK
from notifications.contracts.vocabulary import EXTERNAL_CHANNELS


class Shape(BaseModel):
    """Unknown fields are ignored, as existing clients expect; nothing is coerced by surprise."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=False)


def _told_in_words(value: object) -> object:
    # Pydantic would take a number as seconds or milliseconds, whichever it looks like.
    if isinstance(value, int | float) or (isinstance(value, str) and _NUMBER.fullmatch(value)):
        raise ValueError("Must be a date and time in ISO 8601, such as 2026-06-01T10:00:00Z.")
    return value


def _aware(instant: datetime) -> datetime:
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


_NUMBER = re.compile(r"\s*[-+]?[\d.]+(e[-+]?\d+)?\s*", re.IGNORECASE)
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")


def _storable(text: str) -> str:
    if _UNSTORABLE.search(text):
        raise ValueError("NUL characters and lone surrogates are not allowed.")
    return text


Text = Annotated[str, AfterValidator(_storable)]
"""Text that PostgreSQL can compare with."""

Instant = Annotated[datetime, BeforeValidator(_told_in_words), AfterValidator(_aware)]
"""ISO 8601; one without an offset is UTC, as Django takes it."""


def matching(pattern: re.Pattern[str], sentence: str) -> AfterValidator:
    """Refuses, with a sentence, what does not match from end to end."""

    def check(value: str) -> str:
        if not pattern.fullmatch(value):
            raise ValueError(sentence)
        return value

    return AfterValidator(check)


ClockTime = Annotated[str, matching(CLOCK, NO_CLOCK)]
"""As the clock on the wall shows it."""


def _each_once(channels: list[str]) -> list[str]:
    return [channel.value for channel in EXTERNAL_CHANNELS if channel in channels]


ExternalChannels = Annotated[list[Literal["email", "sms", "push"]], AfterValidator(_each_once)]
"""A set, in the order of the channels. The inbox is not among them: it reaches nobody who does not look."""
