"""What a digest says of its entries. Pure."""

from collections.abc import Sequence

from notifications.contracts import limits
from templating.composing import Words

_ROOM_FOR_THE_REST = 40


def digest_words(entries: Sequence[Words], *, total: int) -> Words:
    """The newest entries a line each, as far as there is room, and how many more there are.

    A single entry says what it would have said by itself.
    """
    if total == 1:
        return entries[0]
    lines: list[str] = []
    room = limits.MESSAGE_CHARS - _ROOM_FOR_THE_REST
    for entry in entries:
        line = f"• {entry.subject}: {shortened(entry.body)}"
        room -= len(line) + 1
        if room < 0:
            break
        lines.append(line)
    if total > len(lines):
        lines.append(f"… and {total - len(lines)} more")
    return Words(f"{total} new notifications", "\n".join(lines))


def shortened(text: str) -> str:
    """A message as one line of a digest."""
    line = " ".join(text.split())
    return line if len(line) <= limits.DIGEST_ENTRY_CHARS else f"{line[: limits.DIGEST_ENTRY_CHARS - 1]}…"
