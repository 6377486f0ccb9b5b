"""Records the histories in tests/histories: `python tests/workflows/record_histories.py [PATH ...]`, by default all.

Run it when a change to a workflow is meant to change its commands, and read the difference before committing. The
paths are functions by their name: in recorded_on_a_stack.py, and in recorded_in_skipped_time.py what takes hours.
"""

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator, Collection
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
sys.path[:0] = [str(CHECKOUT), str(CHECKOUT / "tests")]

import recorded_in_skipped_time  # noqa: E402 - run as a script, from anywhere
import recorded_on_a_stack  # noqa: E402
from recorder import recorder_on_a_stack  # noqa: E402
from temporalio.client import WorkflowHistory  # noqa: E402

HISTORIES = CHECKOUT / "tests" / "histories"
PATHS = [path.__name__ for path in (*recorded_on_a_stack.PATHS, *recorded_in_skipped_time.PATHS)]


async def record(wanted: Collection[str]) -> None:
    async for name, history in histories(wanted):
        print(name, len(history.events), "events")  # noqa: T201 - a script's progress
        (HISTORIES / f"{name}.json").write_text(anonymous(history.to_json()))


async def histories(wanted: Collection[str]) -> AsyncIterator[tuple[str, WorkflowHistory]]:
    if on_a_stack := [path for path in recorded_on_a_stack.PATHS if path.__name__ in wanted]:
        async with recorder_on_a_stack() as recorder:
            for story in on_a_stack:
                yield story.__name__, await recorder.history(await story(recorder))
    for path in recorded_in_skipped_time.PATHS:
        if path.__name__ in wanted:
            yield path.__name__, await path()


def anonymous(history: str) -> str:
    """Without the machine that it was recorded on."""
    text = history.replace(f"{CHECKOUT}/", "")
    text = re.sub(r'("identity": ")[^"]*"', r'\1recorded"', text)
    text = re.sub(r'"\d+@[^"]*"', '"recorded-sticky"', text)
    return json.dumps(json.loads(re.sub(r'("stackTrace": ")(?:[^"\\]|\\.)*"', r'\1"', text)), indent=1) + "\n"


if __name__ == "__main__":
    asyncio.run(record(sys.argv[1:] or PATHS))
