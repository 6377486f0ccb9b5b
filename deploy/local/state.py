"""What a stack keeps between its runs, in STATE_DIR: who holds it, its ports, its secrets; and what it tells others."""

import fcntl
import json
import os
import random
import secrets
import socket
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from deploy.local.process import StackError

PORTS = range(20000, 32000)
"""Below those that the kernel gives to outgoing connections, which could take one of ours between two starts."""
FAMILIAR = {"temporal": 7233, "temporal_ui": 8233}
"""Where Temporal's own tools, and our client, look when nobody tells them; moved along with the edge from 8000."""
DEFAULT_EDGE = 8000
SECRETS = ("POSTGRES_PASSWORD", "JWT_SECRET", "COURIER_AUTH_TOKEN", "COURIER_WEBHOOK_SECRET", "PRECONDITION_SECRET")


class State:
    """One STATE_DIR. All of it is for its owner's eyes; the folder itself may be crossed, by PostgreSQL's user."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.root.mkdir(parents=True, exist_ok=True)
        self.root.chmod(0o711)
        self._claims = ExitStack()

    @classmethod
    def here(cls) -> "State":
        """The one that STATE_DIR names."""
        return cls(Path(os.environ.get("STATE_DIR") or ".local"))

    def lock(self) -> int:
        """Holds STATE_DIR for the life of this process: two servers on one database would spoil it."""
        handle = os.open(self.root / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StackError(
                f"a stack runs on {self.root}: stop it, or run beside it with `PORT=8010 STATE_DIR=.local-2 make run`"
            ) from None
        return handle

    def ports(self, names: Iterable[str], edge: int) -> dict[str, int]:
        """The edge's port as asked for; the others the familiar ones, else as in the last run, wherever free.

        They are ours until they are released, though nobody listens on them yet.
        """
        if not self._claim(edge):
            raise StackError(f"port {edge} is taken: choose another one with `PORT=8010 make run`")
        chosen = {"edge": edge}
        remembered = self._read("ports.json")
        for name in names:
            familiar = FAMILIAR[name] + edge - DEFAULT_EDGE if name in FAMILIAR else 0
            candidates = (familiar, remembered.get(name, 0), *random.sample(PORTS, 200))
            chosen[name] = next(port for port in candidates if self._claim(port))
        self.write("ports.json", chosen)
        return chosen

    def release(self) -> None:
        """Leaves the ports to others, as the end of this process does."""
        self._claims.close()

    def secrets(self) -> dict[str, str]:
        known = self._read("secrets.json")
        if missing := {name: secrets.token_urlsafe(32) for name in SECRETS if name not in known}:
            known |= missing
            self.write("secrets.json", known)
        return known

    def environment(self) -> dict[str, str]:
        """What the product's processes were last started with; empty before the first start."""
        return self._read("env.json")

    def write(self, name: str, content: Mapping[str, object]) -> None:
        """Replaces the file as a whole, so that no reader ever meets half of it."""
        draft = self.root / f".{name}.draft"
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(content, file, indent=2)
        draft.replace(self.root / name)

    def forget(self, name: str) -> None:
        (self.root / name).unlink(missing_ok=True)

    def _read(self, name: str) -> dict[str, Any]:
        try:
            content: dict[str, Any] = json.loads((self.root / name).read_text())
        except FileNotFoundError:
            return {}
        return content

    def _claim(self, port: int) -> bool:
        claim = _claim(port)
        if claim is not None:
            self._claims.enter_context(claim)
        return claim is not None


def free_port() -> int:
    return next(port for port in random.sample(PORTS, 200) if _is_free(port))


def _is_free(port: int) -> bool:
    claim = _claim(port)
    if claim is not None:
        claim.close()
    return claim is not None


def _claim(port: int) -> socket.socket | None:
    """Keeps other stacks off a port until it is closed; None if the port is taken, or claimed.

    Between the choice of a port and its server's start it looks free to every other stack that is starting. What is
    held is its namesake of UDP, which nothing here listens on: the port itself must stay free for the server.
    """
    if not 0 < port < 2**16:
        return None
    claim = socket.socket(type=socket.SOCK_DGRAM)
    try:
        claim.bind(("127.0.0.1", port))
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a closed connection's TIME_WAIT holds no port
            probe.bind(("127.0.0.1", port))
    except OSError:
        claim.close()
        return None
    return claim
