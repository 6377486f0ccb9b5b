"""The words that staff keep."""

from collections.abc import Iterable, Mapping

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from notifications.contracts.vocabulary import Channel
from persistence.database import Transaction
from persistence.models import Template
from templating.composing import Words
from templating.defaults import DEFAULT_LOCALE, DefaultTemplate


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
