"""Alembic's entry: online only, on the URL that `persistence.migrate` hands over."""

from alembic import context
from sqlalchemy import create_engine, text

from persistence.models import Base

# Two migrating processes at once wait for one another instead of failing.
_MIGRATION_LOCK = 7_224_001


def run() -> None:
    engine = create_engine(context.config.attributes["url"])
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        context.configure(connection=connection, target_metadata=Base.metadata, compare_server_default=False)
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
