"""What the processes of a stack use: CPU seconds and memory, by name."""

from collections.abc import Iterable, Mapping

import psutil

from deploy.local.launch import LaunchedStack


def pids(stack: LaunchedStack, **others: int) -> dict[str, int]:
    """The running processes of a stack, and others beside it, by name."""
    return {name: int(pid) for name, pid in stack.listing["pids"].items()} | others


def cpu_seconds(pids: Mapping[str, int]) -> dict[str, float]:
    """So far, children and their ended children included (PostgreSQL is a family)."""
    return {name: sum(map(_cpu_seconds, _family(pid))) for name, pid in pids.items()}


def memory_mib(pids: Mapping[str, int]) -> dict[str, tuple[float, float]]:
    """RSS and PSS; a page shared by n processes counts an nth in each one's PSS."""
    return {
        name: (_mib(info.rss for info in infos), _mib(info.pss for info in infos))
        for name, infos in (
            (name, [member.memory_full_info() for member in _family(pid)]) for name, pid in pids.items()
        )
    }


def private_kib(pid: int) -> float:
    """Memory that would be free again if the process ended."""
    return float(psutil.Process(pid).memory_full_info().uss) / 1024


def _family(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def _cpu_seconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)


def _mib(sizes: Iterable[int]) -> float:
    return sum(sizes) / 2**20
