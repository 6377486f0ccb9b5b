"""The table: every process of the one-machine stack, what it needs, and how it is known to be ready."""

import re
import sys
from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterable, Mapping

from deploy.local.layout import CHECKOUT, PROGRAMS, Layout
from deploy.local.postgres import Postgres
from deploy.local.process import Process, StackError, answers
from deploy.local.temporal import temporal

RATE_LIMITS = ("RATE_LIMIT_USER_PER_MINUTE", "RATE_LIMIT_STAFF_PER_MINUTE", "RATE_LIMIT_FAILED_LOGINS_PER_MINUTE")
OUT_OF_THE_WAY = "1000000"
"""One person tries, tests and measures a whole stack from one address: more calls than it can serve."""


def product_environment(
    layout: Layout, *, secrets: Mapping[str, str], database_url: str, outside: Mapping[str, str]
) -> dict[str, str]:
    """What the product's processes read. A COURIER_AUTH_TOKEN from outside means the real Courier."""
    computed = {
        "DATABASE_URL": database_url,
        "TEMPORAL_ADDRESS": layout.address("temporal"),
        "TEMPORAL_NAMESPACE": "default",
        "JWT_SECRET": secrets["JWT_SECRET"],
        "ALLOWED_ORIGINS": f"{layout.public_url},{layout.url('edge')}",
        "PUBLIC_URL": layout.public_url,
        "STATE_DIR": str(layout.root),
        "API_HOST": "127.0.0.1",
        "API_PORT": str(layout.ports["api"]),
        "GATEWAY_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(layout.ports["gateway"]),
        "GATEWAY_HEALTH_URL": f"{layout.url('gateway')}/readyz",
        # Standard Webhooks keys are base64.
        "PRECONDITION_SECRET": f"whsec_{b64encode(secrets['PRECONDITION_SECRET'].encode()).decode()}",
        "PRECONDITION_ALLOWED_HOSTS": outside.get("PRECONDITION_ALLOWED_HOSTS", "localhost,127.0.0.1"),
        **{name: outside.get(name) or OUT_OF_THE_WAY for name in RATE_LIMITS},
    }
    if outside.get("COURIER_AUTH_TOKEN"):
        courier = {name: value for name, value in outside.items() if name.startswith("COURIER_")}
    else:
        courier = {
            "COURIER_AUTH_TOKEN": secrets["COURIER_AUTH_TOKEN"],
            "COURIER_BASE_URL": layout.url("courier"),
            "COURIER_WEBHOOK_SECRET": secrets["COURIER_WEBHOOK_SECRET"],
        }
    return computed | courier


def table(
    layout: Layout, *, postgres: Postgres, product: Mapping[str, str], outside: Mapping[str, str]
) -> list[Process]:
    """Every process, in the order in which a reader would tell the story."""
    environment = {**outside, **product}
    return [
        *postgres.processes(dict(outside)),
        *temporal(layout, outside),
        _python("migrate", "-m persistence.migrate", environment, needs=("postgres",), once=True, start_seconds=600),
        _python(
            "courier",
            "-m courier_sandbox",
            {**environment, **_sandbox(layout, product)},
            ready=_healthy(layout, "courier"),
        ),
        _python(
            "worker", "worker.py", environment, needs=("migrate", "temporal", "courier"), ready_line="worker ready"
        ),
        _python("api", "-m api.app", environment, needs=("migrate", "temporal"), ready=_healthy(layout, "api")),
        _python("gateway", "-m ws_gateway.server", environment, needs=("migrate",), ready=_healthy(layout, "gateway")),
        Process(
            name="edge",
            command=(
                str(PROGRAMS / "caddy"),
                "run",
                "--config",
                str(CHECKOUT / "deploy/Caddyfile"),
                "--adapter",
                "caddyfile",
            ),
            environment={**outside, **_edge(layout)},
            needs=("api", "gateway", "courier"),
            ready=_healthy(layout, "edge"),
            noise=re.compile(r"admin endpoint disabled|HTTP/\d skipped|exiting; byeee"),
        ),
        _python(
            "demo",
            "-m demo",
            {**environment, "DEMO_HOST": "127.0.0.1", "DEMO_PORT": str(layout.ports["demo"])},
            needs=("edge", "worker"),
            ready=_healthy(layout, "demo"),
        ),
    ]


def selected(processes: Iterable[Process], names: Iterable[str]) -> list[Process]:
    """The named ones and what they need, in the table's order."""
    known = {process.name: process for process in processes}
    wanted: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name not in known:
            raise StackError(f"there is no process {name!r}; there are {', '.join(known)}")
        wanted.add(name)
        pending.extend(known[name].needs)
    return [process for process in known.values() if process.name in wanted]


def _python(
    name: str,
    arguments: str,
    environment: Mapping[str, str],
    *,
    needs: tuple[str, ...] = (),
    ready: Callable[[], Awaitable[bool]] | None = None,
    ready_line: str = "",
    once: bool = False,
    start_seconds: float = 60,
) -> Process:
    return Process(
        name=name,
        command=(sys.executable, *arguments.split()),
        environment={**environment, "PYTHONUNBUFFERED": "1"},
        needs=needs,
        ready=ready,
        ready_line=ready_line,
        once=once,
        start_seconds=start_seconds,
    )


def _sandbox(layout: Layout, product: Mapping[str, str]) -> dict[str, str]:
    return {
        "SANDBOX_HOST": "127.0.0.1",
        "SANDBOX_PORT": str(layout.ports["courier"]),
        "SANDBOX_DATABASE": str(layout.root / "courier-sandbox.db"),
        "SANDBOX_AUTH_TOKEN": product["COURIER_AUTH_TOKEN"],
        "SANDBOX_WEBHOOK_URL": f"{layout.url('api')}/api/v1/drf/notifications/webhooks/courier/",
        "SANDBOX_WEBHOOK_SECRET": product.get("COURIER_WEBHOOK_SECRET", ""),
    }


def _edge(layout: Layout) -> dict[str, str]:
    return {
        "EDGE_HOST": "127.0.0.1",
        "EDGE_PORT": str(layout.ports["edge"]),
        "EDGE_TRUSTED_PROXIES": "private_ranges",
        "API_ADDRESS": layout.address("api"),
        "GATEWAY_ADDRESS": layout.address("gateway"),
        "COURIER_ADDRESS": layout.address("courier"),
        "DEMO_ADDRESS": layout.address("demo"),
        "WEB_ROOT": str(CHECKOUT / "web"),
        "XDG_DATA_HOME": str(layout.root / "caddy"),
        "XDG_CONFIG_HOME": str(layout.root / "caddy"),
    }


def _healthy(layout: Layout, name: str) -> Callable[[], Awaitable[bool]]:
    return answers(layout.ports[name], "/healthz")
