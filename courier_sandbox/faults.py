"""Fault scripts: what the next calls are to meet, in order, after which all is well again."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from courier_sandbox.message import Channel

Mischief = Literal["hang", "drop_after_accept", "duplicate_webhooks", "out_of_order_webhooks"]
ALLOWED = (
    f"202, a status from 400 to 599, one of {', '.join(get_args(Mischief))}, "
    'or {"status": 429, "retry_after": 3, "delay_ms": 500}'
)

_STATUS_FIELDS = {"status", "retry_after", "delay_ms"}
_LONGEST_DELAY_MS = 600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One entry of a script, and the entry as it was written.

    `hang` neither executes nor stores anything and never answers; `drop_after_accept` sends the message, then cuts
    the connection. `delay_ms` makes a call slow: it has had its effect when the wait begins.
    """

    written: Any
    mischief: Mischief | None = None
    status: int = 202
    retry_after: int | None = None
    delay_ms: int = 0

    @classmethod
    def parse(cls, entry: Any) -> "Fault":
        """Raises `ValueError` with what is allowed."""
        if isinstance(entry, dict) and "status" in entry and entry.keys() <= _STATUS_FIELDS:
            status, retry_after, delay_ms = entry["status"], entry.get("retry_after"), entry.get("delay_ms", 0)
            waits_are_sound = (retry_after is None or _is_count(retry_after)) and _is_count(delay_ms)
            if _is_status(status) and waits_are_sound and delay_ms <= _LONGEST_DELAY_MS:
                return cls(written=entry, status=status, retry_after=retry_after, delay_ms=delay_ms)
        if _is_status(entry):
            return cls(written=entry, status=entry)
        for mischief in get_args(Mischief):
            if entry == mischief:
                return cls(written=entry, mischief=mischief)
        raise ValueError(f"{entry!r} is not allowed; allowed is {ALLOWED}")


class FaultScripts:
    """The scripts still to be met: one per channel, and one for any channel, met when the channel's own is done."""

    def __init__(self) -> None:
        self._scripts: dict[Channel | None, deque[Fault]] = {}

    def write(self, channel: Channel | None, script: Sequence[Fault]) -> None:
        """Replaces the channel's script."""
        self._scripts[channel] = deque(script)

    def clear(self) -> None:
        self._scripts.clear()

    def next_for(self, channel: str | None) -> Fault | None:
        for name, script in sorted(self._scripts.items(), key=lambda item: item[0] is None):
            if script and name in (channel, None):
                return script.popleft()
        return None

    def left(self) -> list[dict[str, Any]]:
        return [
            {"channel": channel, "script": [fault.written for fault in script]}
            for channel, script in self._scripts.items()
            if script
        ]


def _is_status(value: Any) -> bool:
    return _is_count(value) and (value == 202 or 400 <= value <= 599)  # noqa: PLR2004 - statuses say it best


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
