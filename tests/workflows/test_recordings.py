"""What is replayed and what can be recorded anew are the same paths."""

from pathlib import Path

import recorded_in_skipped_time
import recorded_on_a_stack

HISTORIES = Path(__file__).parents[1] / "histories"


def test_every_path_has_its_recording() -> None:
    paths = [path.__name__ for path in (*recorded_on_a_stack.PATHS, *recorded_in_skipped_time.PATHS)]
    assert sorted(path.stem for path in HISTORIES.glob("*.json")) == sorted(paths)
