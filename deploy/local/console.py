"""The stack's one column of output: time, process, line."""

import contextlib
import os
import sys
from collections.abc import Mapping
from datetime import datetime

NAME_WIDTH = 9
COLOURS = (36, 32, 33, 35, 34, 96, 92, 93, 95, 94)


class Console:
    """Gives every process a colour of its own, on a terminal that wants it."""

    def __init__(self) -> None:
        self._coloured = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self._colours: dict[str, int] = {}

    def say(self, name: str, line: str) -> None:
        colour = self._colours.setdefault(name, COLOURS[len(self._colours) % len(COLOURS)])
        label = f"{name:<{NAME_WIDTH}}"
        if self._coloured:
            label = f"\033[{colour}m{label}\033[0m"
        with contextlib.suppress(BrokenPipeError):  # nobody looks any more; the stack runs on
            sys.stdout.write(f"{datetime.now().astimezone():%H:%M:%S} {label} {line}\n")
            sys.stdout.flush()

    def greet(self, what_next: Mapping[str, str], seconds: float) -> None:
        """The end of a start: where to go from here."""
        self.say("stack", f"ready in {seconds:.1f} s; Ctrl-C stops it")
        for title, answer in what_next.items():
            self.say("stack", f"{title:<16} {answer}")
