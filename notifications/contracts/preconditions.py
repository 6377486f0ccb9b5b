"""A question to the one who asked for a notification, put right before each send: is it still true?"""

from dataclasses import dataclass
from enum import StrEnum


class IfUnreachable(StrEnum):
    """What becomes of a send that cannot be asked about."""

    SEND = "send"
    HOLD = "hold"
    """It is put off and asked about again, until it expires or is too late to be worth sending."""
    DROP = "drop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Precondition:
    """Where to ask. The address may hold a secret: it is kept in the database and named nowhere else."""

    url: str
    if_unreachable: IfUnreachable = IfUnreachable.SEND
