"""stack.json: where everything of a running stack is, for tests, benchmarks and people; there while the stack is."""

from deploy.local.layout import Layout
from deploy.local.state import State

FILE = "stack.json"


class Listing:
    """Published when the stack is ready; from then on its process ids follow every restart."""

    def __init__(self, state: State, layout: Layout) -> None:
        self._state, self._layout = state, layout
        self._pids: dict[str, int] = {}
        self._ready_seconds: float | None = None
        self.withdraw()  # one from a stack that was killed

    @property
    def pages(self) -> dict[str, str]:
        """What a person may want to open, of what is running."""
        public = self._layout.public_url
        pages = {
            ("edge", "inbox"): f"{public}/",
            ("edge", "staff console"): f"{public}/console/",
            ("edge", "API docs"): f"{public}/docs",
            ("edge", "Courier sandbox"): f"{public}/courier-sandbox/",
            ("temporal", "Temporal"): self._layout.url("temporal_ui"),
        }
        return {title: address for (process, title), address in pages.items() if process in self._pids}

    def changed(self, pids: dict[str, int]) -> None:
        self._pids = pids
        if self._ready_seconds is not None:
            self._write()

    def publish(self, ready_seconds: float) -> None:
        self._ready_seconds = round(ready_seconds, 2)
        self._write()

    def withdraw(self) -> None:
        self._ready_seconds = None
        self._state.forget(FILE)

    def _write(self) -> None:
        layout = self._layout
        self._state.write(
            FILE,
            {
                "public_url": layout.public_url,
                "urls": {
                    name: layout.url(name) for name in ("edge", "api", "gateway", "courier", "demo", "temporal_ui")
                },
                "temporal_address": layout.address("temporal"),
                "pages": self.pages,
                "ports": dict(layout.ports),
                "pids": self._pids,
                "ready_seconds": self._ready_seconds,
            },
        )
