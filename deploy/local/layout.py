"""Where things are: the checkout, the programs from the wheels, and this stack's folder and ports."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
PROGRAMS = Path(sys.executable).parent
"""Where the wheels put `temporal` and `caddy`: beside this Python."""

PORTS = (
    *("postgres", "temporal", "temporal_ui", "temporal_http", "temporal_metrics"),
    *("courier", "api", "gateway", "demo"),
)
"""Chosen by the stack; the edge's is the user's choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where this stack is: its folder and its ports by name, the edge's among them."""

    root: Path
    ports: Mapping[str, int]

    def address(self, name: str) -> str:
        return f"127.0.0.1:{self.ports[name]}"

    def url(self, name: str) -> str:
        return f"http://{self.address(name)}"

    @property
    def public_url(self) -> str:
        return f"http://localhost:{self.ports['edge']}"
