"""People as the marketplace describes them."""

import re
from datetime import datetime
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field

from api.schemas.fields import ExternalChannels, Shape, matching

# Deliverability is the provider's to judge; this keeps out what could never be an address, line breaks first.
_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f\ud800-\udfff]{1,64}@[^@\s\x00-\x1f\x7f\ud800-\udfff]{1,189}")
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")  # E.164
_LOCALE = re.compile(r"[a-z]{2,3}([-_][A-Za-z0-9]{2,8})*")
_TIME_ZONES = available_timezones() - {"localtime"}  # which is another one on every machine


def _printable(value: str) -> str:
    if not value.isprintable():
        raise ValueError("Must be a single line of text.")
    return value


def _known_zone(value: str) -> str:
    if value not in _TIME_ZONES:
        raise ValueError("Not a time zone of the IANA database, such as Europe/Berlin.")
    return value


Name = Annotated[str, Field(max_length=200, examples=["Anna Weber"]), AfterValidator(_printable)]
Email = Annotated[str, matching(_EMAIL, "Enter a valid email address.")]
Phone = Annotated[str, matching(_PHONE, "Enter a phone number in E.164, such as +491701234567.")]
PushToken = Annotated[str, Field(min_length=1, max_length=4096), AfterValidator(_printable)]
Locale = Annotated[str, Field(max_length=35), matching(_LOCALE, "Enter a language tag, such as en or pt-BR.")]
TimeZone = Annotated[str, AfterValidator(_known_zone)]


class RecipientWrite(Shape):
    """PUT writes the whole description, PATCH only what is given."""

    name: Name = ""
    email: Email | None = None
    phone_number: Phone | None = None
    push_tokens: list[PushToken] = Field(default_factory=list, max_length=20)
    locale: Locale = "en"
    time_zone: TimeZone = "UTC"
    opted_out_channels: ExternalChannels | None = None
    """Legally final, so neither PUT nor DELETE lifts an opt-out by leaving it out."""


class Recipient(RecipientWrite):
    user: str
    opted_out_channels: ExternalChannels
    created_at: datetime
    updated_at: datetime
