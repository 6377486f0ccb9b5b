"""The words that staff keep."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from notifications.contracts.vocabulary import Channel, NotificationType
from persistence.database import Transaction
from persistence.models import Template
from templating.composing import Words
from templating.defaults import DEFAULT_LOCALE, DefaultTemplate

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateFilter:
    notification_type: NotificationType | None = None
    channel: Channel | None = None
    is_active: bool | None = None


class TemplateRepository:
    def __init__(self, transaction: Transaction) -> None:
        self._connection = transaction.connection

    async def texts(self, key: str, *, locale: str) -> Mapping[Channel, Words]:
        """The active texts of a key by channel, the person's locale before the default one."""
        rows = await self._connection.execute(
            select(Template.delivery_channel, Template.subject_template, Template.body_template)
            .where(Template.key == key, Template.is_active, Template.locale.in_([locale, DEFAULT_LOCALE]))
            # Later rows win below, so the person's own locale comes last.
            .order_by(Template.locale == locale)
        )
        return {Channel(channel): Words(subject, body) for channel, subject, body in rows}

    async def count(self, filter: TemplateFilter) -> int:
        statement = select(func.count()).select_from(Template).where(*_conditions(filter))
        return await self._connection.scalar(statement) or 0

    async def page(self, filter: TemplateFilter, *, offset: int, limit: int) -> list[Row]:
        rows = await self._connection.execute(
            select(Template.__table__)
            .where(*_conditions(filter))
            .order_by(Template.key, Template.delivery_channel, Template.locale)
            .offset(offset)
            .limit(limit)
        )
        return [dict(row) for row in rows.mappings()]

    async def get(self, template_id: UUID) -> Row | None:
        return _one(await self._connection.execute(select(Template.__table__).where(Template.id == template_id)))

    async def add(self, values: Row) -> Row | None:
        """A new template; None when its key, channel and locale are taken."""
        statement = insert(Template).values(**values).on_conflict_do_nothing().returning(Template.__table__)
        return _one(await self._connection.execute(statement))

    async def change(self, template_id: UUID, values: Row) -> Row | None:
        """Writes the given columns as the next version; None when there is no such template."""
        statement = (
            update(Template)
            .where(Template.id == template_id)
            .values(**values, version=Template.version + 1, updated_at=func.now())
            .returning(Template.__table__)
        )
        return _one(await self._connection.execute(statement))

    async def is_taken(self, key: str, channel: str, locale: str, *, by_other_than: UUID) -> bool:
        taken = await self._connection.scalar(
            select(Template.id).where(
                Template.key == key,
                Template.delivery_channel == channel,
                Template.locale == locale,
                Template.id != by_other_than,
            )
        )
        return taken is not None

    async def delete(self, template_id: UUID) -> bool:
        result = await self._connection.execute(delete(Template).where(Template.id == template_id))
        return result.rowcount == 1

    async def seed(self, templates: Iterable[DefaultTemplate]) -> None:
        """Adds those that are not there yet; what staff have changed stays."""
        await self._connection.execute(
            insert(Template)
            .values(
                [
                    {
                        "key": template.key,
                        "name": template.name,
                        "notification_type": template.notification_type,
                        "delivery_channel": template.channel,
                        "locale": DEFAULT_LOCALE,
                        "subject_template": template.subject,
                        "body_template": template.body,
                    }
                    for template in templates
                ]
            )
            .on_conflict_do_nothing()
        )


def _one(rows: CursorResult[Any]) -> Row | None:
    row = rows.mappings().one_or_none()
    return None if row is None else dict(row)


def _conditions(filter: TemplateFilter) -> list[ColumnElement[bool]]:
    wanted = {
        Template.notification_type: filter.notification_type,
        Template.delivery_channel: filter.channel,
        Template.is_active: filter.is_active,
    }
    return [column == value for column, value in wanted.items() if value is not None]
