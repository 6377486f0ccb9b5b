"""The migrations make the tables that the models describe, and may run again."""

import subprocess
import sys
from collections.abc import Iterator
from uuid import uuid4

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, text

from deploy.local.launch import CHECKOUT, LaunchedStack
from persistence.models import Base
from templating.defaults import DEFAULT_TEMPLATES


@pytest.fixture
def connection(stack: LaunchedStack) -> Iterator[Connection]:
    engine = create_engine(stack.environment["DATABASE_URL"])
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def migrate(stack: LaunchedStack) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "persistence.migrate"],
        cwd=CHECKOUT,
        env={**stack.environment, "PATH": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def is_no_partition(name: str | None, kind: str, _: object) -> bool:
    """The months of `inbox_events` come and go."""
    return kind != "table" or not str(name).startswith("inbox_events_")


def test_the_models_and_the_migrated_tables_are_the_same(connection: Connection) -> None:
    context = MigrationContext.configure(connection, opts={"include_name": is_no_partition})
    differences = compare_metadata(context, Base.metadata)
    assert differences == []


def test_every_check_of_the_models_is_in_the_database(connection: Connection) -> None:
    """Alembic compares no checks."""
    described = {
        str(constraint.name)
        for table in Base.metadata.tables.values()
        for constraint in table.constraints
        if constraint.__visit_name__ in ("check_constraint", "table_or_column_check_constraint")
    }
    found = connection.scalars(text("SELECT conname FROM pg_constraint WHERE contype = 'c'")).all()
    assert described <= set(found)


@pytest.fixture
def scratch(stack: LaunchedStack, connection: Connection) -> Iterator[str]:
    """The URL of an empty database."""
    name = f"scratch_{uuid4().hex}"
    autocommit = connection.execution_options(isolation_level="AUTOCOMMIT")
    autocommit.execute(text(f"CREATE DATABASE {name}"))
    yield stack.environment["DATABASE_URL"].rpartition("/")[0] + f"/{name}"
    autocommit.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


def migrate_to(url: str, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(CHECKOUT / "persistence" / "migrations"))
    config.attributes["url"] = url
    command.upgrade(config, revision)


_OLD_ROWS = """
    INSERT INTO notifications (id, user_id, notification_type, title, message, channels, priority, fingerprint, call_id,
        published_at, read_at)
    SELECT gen_random_uuid(), 'ada', kind, '', '', '{}', 'normal', '', '', published, read FROM (VALUES
        ('booking', now(), NULL), ('booking', now(), NULL), ('booking', now(), now()), ('review', now(), now()),
        ('review', NULL, NULL)
    ) AS old (kind, published, read)
"""


def test_what_was_there_before_the_counters_is_counted(scratch: str) -> None:
    migrate_to(scratch, "0006")
    engine = create_engine(scratch)
    with engine.begin() as before:
        before.execute(text(_OLD_ROWS))
        before.execute(
            text("INSERT INTO inboxes (user_id, last_seq, unread_count) VALUES ('ada', 7, 2), ('bob', 1, 0)")
        )
    migrate_to(scratch, "head")
    with engine.connect() as after:
        found = after.execute(text("SELECT user_id, last_seq, unread_count, drawers FROM inboxes ORDER BY user_id"))
        assert [tuple(row) for row in found] == [
            ("ada", 7, 2, {"booking/unread": 2, "booking/read": 1, "review/read": 1}),
            ("bob", 1, 0, {}),
        ]
    engine.dispose()


def test_every_migration_can_be_taken_back(scratch: str) -> None:
    migrate_to(scratch, "head")
    config = Config()
    config.set_main_option("script_location", str(CHECKOUT / "persistence" / "migrations"))
    config.attributes["url"] = scratch
    command.downgrade(config, "base")
    migrate_to(scratch, "head")


def test_migrating_again_and_at_once_changes_nothing(stack: LaunchedStack, connection: Connection) -> None:
    changed = "UPDATE templates SET name = 'As staff call it' WHERE key = 'message.received' RETURNING id, name"
    before = connection.execute(text(changed)).all()
    connection.commit()
    running = [migrate(stack) for _ in range(2)]
    assert [(each.communicate()[0], each.returncode) for each in running] == [("", 0)] * 2
    after = connection.execute(text("SELECT id, name FROM templates WHERE key = 'message.received'")).all()
    assert after == before


def test_every_default_template_is_there(connection: Connection) -> None:
    found = {(row.key, row.delivery_channel) for row in connection.execute(text("SELECT * FROM templates"))}
    assert {(template.key, template.channel) for template in DEFAULT_TEMPLATES} <= found
