"""Building blocks of the shapes."""

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict


class Shape(BaseModel):
    """Unknown fields are ignored, as existing clients expect; nothing is coerced by surprise."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=False)


def _aware(instant: datetime) -> datetime:
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")


def _storable(text: str) -> str:
    if _UNSTORABLE.search(text):
        raise ValueError("NUL characters and lone surrogates are not allowed.")
    return text


Text = Annotated[str, AfterValidator(_storable)]
"""Text that PostgreSQL can compare with."""

Instant = Annotated[datetime, AfterValidator(_aware)]
"""ISO 8601; one without an offset is UTC, as Django takes it."""
