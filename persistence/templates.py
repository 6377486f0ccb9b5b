"""The words that staff keep."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from notifications.contracts.vocabulary import Channel, NotificationType
from persistence.database import Transaction
from persistence.models import Template, TemplateVersion
from templating.composing import Words
from templating.defaults import DefaultTemplate
from templating.locales import DEFAULT_LOCALE, lookup_order

Row = dict[str, Any]

_CONTENT = (
    "key",
    "name",
    "notification_type",
    "delivery_channel",
    "locale",
    "subject_template",
    "body_template",
    "is_active",
)
"""What a version consists of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateFilter:
    key: str | None = None
    locale: str | None = None
    notification_type: NotificationType | None = None
    channel: Channel | None = None
    is_active: bool | None = None


class TemplateRepository:
    def __init__(self, transaction: Transaction) -> None:
        self._connection = transaction.connection

    async def texts(self, key: str, *, locale: str) -> dict[Channel, Words]:
        """The active texts of a key by channel, each in the locale that is nearest to the given one."""
        found = await self._nearest(key, locale)
        return {
            channel: Words(row["subject_template"], row["body_template"], row["id"], row["version"])
            for channel, row in found.items()
        }

    async def nearest(self, template: Row, *, locale: str) -> Row | None:
        """The active template of the same key and channel that speaks a locale, or a wider or the default one."""
        return (await self._nearest(template["key"], locale)).get(Channel(template["delivery_channel"]))

    async def _nearest(self, key: str, locale: str) -> dict[Channel, Row]:
        order = lookup_order(locale)
        rows = await self._connection.execute(
            select(Template.__table__).where(Template.key == key, Template.is_active, Template.locale.in_(order))
        )
        # Later rows win, so the nearest locale comes last.
        nearest_last = sorted(rows.mappings(), key=lambda row: order.index(row["locale"]), reverse=True)
        return {Channel(row["delivery_channel"]): dict(row) for row in nearest_last}

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
        added = _one(await self._connection.execute(statement))
        if added is not None:
            await self._keep(Template.id == added["id"])
        return added

    async def lock(self) -> None:
        """Takes the writers' turn, so that what is read here still holds when it is changed."""
        await self._connection.execute(text("LOCK TABLE templates IN SHARE ROW EXCLUSIVE MODE"))

    async def change(self, template_id: UUID, values: Mapping[str, Any]) -> Row:
        """Writes the given columns as the next version of a template that is locked."""
        statement = (
            update(Template)
            .where(Template.id == template_id)
            .values(**values, version=Template.version + 1, updated_at=func.now())
            .returning(Template.__table__)
        )
        changed = (await self._connection.execute(statement)).mappings().one()
        await self._keep(Template.id == template_id)
        return dict(changed)

    async def count_versions(self, template_id: UUID) -> int:
        statement = select(func.count()).where(TemplateVersion.template_id == template_id)
        return await self._connection.scalar(statement) or 0

    async def versions(self, template_id: UUID, *, offset: int, limit: int) -> list[Row]:
        """What a template was and is, newest first."""
        rows = await self._connection.execute(
            select(TemplateVersion.__table__)
            .where(TemplateVersion.template_id == template_id)
            .order_by(TemplateVersion.version.desc())
            .offset(offset)
            .limit(limit)
        )
        return [dict(row) for row in rows.mappings()]

    async def content(self, template_id: UUID, version: int) -> Row | None:
        """What one version consists of, to be written again."""
        columns = (getattr(TemplateVersion, name) for name in _CONTENT)
        return _one(
            await self._connection.execute(
                select(*columns).where(TemplateVersion.template_id == template_id, TemplateVersion.version == version)
            )
        )

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
        await self._keep()

    async def _keep(self, *which: ColumnElement[bool]) -> None:
        """Adds the current versions to those that are kept."""
        current = (Template.id, Template.version, Template.updated_at, *(getattr(Template, name) for name in _CONTENT))
        await self._connection.execute(
            insert(TemplateVersion)
            .from_select(["template_id", "version", "created_at", *_CONTENT], select(*current).where(*which))
            .on_conflict_do_nothing()
        )


def _one(rows: CursorResult[Any]) -> Row | None:
    row = rows.mappings().one_or_none()
    return None if row is None else dict(row)


def _conditions(filter: TemplateFilter) -> list[ColumnElement[bool]]:
    wanted = {
        Template.key: filter.key,
        Template.locale: filter.locale,
        Template.notification_type: filter.notification_type,
        Template.delivery_channel: filter.channel,
        Template.is_active: filter.is_active,
    }
    return [column == value for column, value in wanted.items() if value is not None]
