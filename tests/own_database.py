"""A database of a test's own beside the stack's: empty, migrated, and gone in the end."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from sqlalchemy import create_engine, text

from deploy.local.launch import LaunchedStack
from persistence.migrate import migrate


@contextmanager
def own_database(stack: LaunchedStack, *, before: str = "") -> Iterator[str]:
    """Its URL. `before` is SQL for it before anything else is in there; `{database}` is its name."""
    name, url = f"own_{uuid4().hex}", stack.environment["DATABASE_URL"]
    own = f"{url.rpartition('/')[0]}/{name}"
    _execute(url, f"CREATE DATABASE {name}")
    try:
        if before:
            _execute(own, before.format(database=name))
        migrate(own)
        yield own
    finally:
        _execute(url, f"DROP DATABASE {name} WITH (FORCE)")


def _execute(url: str, sql: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(sql))
    engine.dispose()
