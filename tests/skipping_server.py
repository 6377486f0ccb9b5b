"""Temporal's server for tests, which skips the time in which nobody has anything to do."""

import sys
from pathlib import Path

from temporalio.testing import WorkflowEnvironment

_PROGRAM = Path(sys.executable).parent / "temporal-test-server"
"""From its wheel; without one the SDK would download it."""


async def skipping_server() -> WorkflowEnvironment:
    return await WorkflowEnvironment.start_time_skipping(test_server_existing_path=str(_PROGRAM))
