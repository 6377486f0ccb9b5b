"""Brings the database to the current schema: `python -m persistence.migrate`. Safe to run twice, or at once."""

import asyncio
from pathlib import Path

from alembic import command
from alembic.config import Config

from persistence.database import Database
from persistence.templates import TemplateRepository
from settings import Settings
from templating.defaults import DEFAULT_TEMPLATES


def migrate(database_url: str) -> None:
    """Applies the missing migrations and adds the default templates."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["url"] = database_url
    command.upgrade(config, "head")
    asyncio.run(_seed(database_url))


async def _seed(database_url: str) -> None:
    database = Database(database_url, pool_size=1)
    try:
        async with database.transaction() as transaction:
            await TemplateRepository(transaction).seed(DEFAULT_TEMPLATES)
    finally:
        await database.close()


if __name__ == "__main__":
    migrate(Settings().database_url.get_secret_value())
