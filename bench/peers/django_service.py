"""The Django service as processes: its packages, its table with the product's rows, gunicorn."""

import hashlib
import os
import subprocess
import sys
import venv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import psycopg

from bench.servers import Server, served

_HERE = Path(__file__).parent
_LOCK = _HERE / "drf/requirements.lock"
_START_SECONDS = 30

# What the product keeps in two instants, Django's model keeps as a word and a flag.
_COPY = """
INSERT INTO drf_notifications (
    id, user_id, title, message, notification_type, delivery_channel, status, is_read, read_at, metadata,
    related_object_type, related_object_id, group_key, created_at, updated_at
)
SELECT id, user_id, title, message, notification_type, channels[1], status, read_at IS NOT NULL, read_at, metadata,
       related_object_type, related_object_id, group_key, created_at, updated_at
FROM notifications WHERE published_at IS NOT NULL
"""


def create_table(environment: Mapping[str, str]) -> None:
    """Makes the service's table beside the product's, and copies every notification into it."""
    subprocess.run(
        [_python(), "-m", "django", "migrate", "--run-syncdb", "--verbosity", "0"],
        env=_environment(environment),
        check=True,
    )
    with psycopg.connect(environment["DATABASE_URL"].replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(_COPY)
        connection.execute("VACUUM ANALYZE drf_notifications")


@contextmanager
def serving(environment: Mapping[str, str], worker: Sequence[str]) -> Iterator[Server]:
    """One gunicorn worker, of the kind that these options name; its process id is the worker's."""
    command = [
        *(_python(), "-m", "gunicorn", "drf.wsgi", "--bind", "127.0.0.1:{port}", "--workers", "1"),
        *("--keep-alive", "60", "--log-level", "warning", "--no-control-socket", *worker),
    ]
    with served(command, _environment(environment)) as gunicorn:
        httpx.get(gunicorn.url, timeout=_START_SECONDS)  # its port is open before its worker is there
        yield Server(psutil.Process(gunicorn.pid).children()[0].pid, gunicorn.port)


def _environment(environment: Mapping[str, str]) -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": environment["DATABASE_URL"],
        "JWT_SECRET": environment["JWT_SECRET"],
        "DJANGO_SETTINGS_MODULE": "drf.settings",
        "PYTHONPATH": str(_HERE),
    }


def _python() -> str:
    """The interpreter of the service's own environment, made when its lock file was not met before."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    home = cache / "estuary-notifications" / f"drf-{hashlib.sha256(_LOCK.read_bytes()).hexdigest()[:16]}"
    python = home / "bin/python"
    if not (home / ".ready").exists():
        sys.stderr.write("installing Django and its companions (once) ...\n")
        venv.create(home, clear=True, with_pip=True)
        install = f"{python} -m pip install -qq --no-deps --require-hashes -r {_LOCK}"
        subprocess.run(install.split(), check=True)
        (home / ".ready").touch()
    return str(python)
