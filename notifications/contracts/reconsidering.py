"""Thinking again about what waits for somebody."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconsiderInput:
    user: str
    after: UUID | None = None
    """The last notification of the page before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconsiderPage:
    after: UUID | None = None
    """The last notification that was looked at; None when there are no more."""
