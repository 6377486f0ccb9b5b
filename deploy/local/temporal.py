"""Temporal's one-machine server, on a file, with the limits lifted that are not meant for load."""

import re
from collections.abc import Mapping

from deploy.local.layout import PROGRAMS, Layout
from deploy.local.process import Process, answers

# `start-dev` limits itself to a laptop's curiosity; the first three alone cost every step up to 50 ms of waiting.
LIMITS = {
    "history.transferProcessorMaxPollRPS": "1000",
    "history.timerProcessorMaxPollRPS": "1000",
    "history.visibilityProcessorMaxPollRPS": "200",
    "frontend.rps": "50000",
    "frontend.namespaceRPS": "50000",
    "frontend.namespaceCount": "10000",
    "frontend.namespaceRPS.visibility": "1000",
    "matching.rps": "100000",
    "history.rps": "100000",
    "matching.persistenceMaxQPS": "100000",
    "history.persistenceMaxQPS": "100000",
    "matching.enableFairness": "true",
    # One partition: a queue's rate limit and its fairness are exact only then.
    "matching.numTaskqueueReadPartitions": "1",
    "matching.numTaskqueueWritePartitions": "1",
    "history.hostLevelCacheMaxSize": "50000",  # waiting reminders; one that is not in it is read from disk to wake up
}
PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=5000")
RETENTION = "168h"
"""How long a finished workflow is remembered, and with it its id; the server's own default is a day."""
NOISE = re.compile(
    r"^Temporal (CLI|Server|Persistence|HTTP|UI|Metrics)\b"  # its greeting
    r"|context canceled|graceful_stop|worker stopping|network dial error"  # its parts, as they part
)


def temporal(layout: Layout, outside: Mapping[str, str]) -> list[Process]:
    program, ports = str(PROGRAMS / "temporal"), layout.ports
    server = Process(
        name="temporal",
        command=(
            *(program, "server", "start-dev", "--ip", "127.0.0.1", "--log-level", "warn"),
            *("--port", str(ports["temporal"]), "--http-port", str(ports["temporal_http"])),
            *("--ui-port", str(ports["temporal_ui"]), "--metrics-port", str(ports["temporal_metrics"])),
            *("--db-filename", str(layout.root / "temporal.db")),
            *(part for pragma in PRAGMAS for part in ("--sqlite-pragma", pragma)),
            *(part for limit in LIMITS.items() for part in ("--dynamic-config-value", "=".join(limit))),
        ),
        environment=outside,
        ready=answers(ports["temporal_http"], "/api/v1/namespaces/default"),
        noise=NOISE,
    )
    retention = Process(
        name="retention",
        command=(
            *(program, "operator", "namespace", "update", "--namespace", "default"),
            *("--retention", RETENTION, "--address", layout.address("temporal")),
        ),
        environment=outside,
        needs=("temporal",),
        once=True,
        noise=re.compile("update succeeded"),
    )
    return [server, retention]
