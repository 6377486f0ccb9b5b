"""The migrations make the tables that the models describe, and may run again."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
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


def test_the_models_and_the_migrated_tables_are_the_same(connection: Connection) -> None:
    differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)
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
