"""What a stack keeps between its runs, in STATE_DIR: who holds it, its ports, its secrets; and what it tells others."""

import fcntl
import json
import os
import random
import secrets
import socket
from collections.abc import Iterable, Mapping
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
        """The edge's port as asked for; the others the familiar ones, else as in the last run, wherever free."""
        if not _is_free(edge):
            raise StackError(f"port {edge} is taken: choose another one with `PORT=8010 make run`")
        chosen = {"edge": edge}
        remembered = self._read("ports.json")
        for name in names:
            familiar = FAMILIAR[name] + edge - DEFAULT_EDGE if name in FAMILIAR else 0
            candidates = (familiar, remembered.get(name, 0), *random.sample(PORTS, 200))
            chosen[name] = next(port for port in candidates if port not in chosen.values() and _is_free(port))
        self.write("ports.json", chosen)
        return chosen

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


def free_port() -> int:
    return next(port for port in random.sample(PORTS, 200) if _is_free(port))


def _is_free(port: int) -> bool:
    if not 0 < port < 2**16:
        return False
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a closed connection's TIME_WAIT holds no port
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
