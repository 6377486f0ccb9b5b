"""People: where they are reached, and what they have switched on or off."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Text, bindparam, delete, func, literal_column, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import RowMapping

from notifications.contracts.vocabulary import Channel, NotificationType
from persistence.database import Transaction
from persistence.models import NotificationSetting, Recipient

Row = dict[str, Any]

SWITCHES = {channel: getattr(NotificationSetting, f"{channel}_enabled") for channel in Channel}
"""Each channel's switch in the settings table."""


@dataclass(frozen=True, slots=True)
class Reachability:
    """What deciding and sending need to know of one person, for one notification type."""

    name: str = ""
    email: str | None = None
    phone_number: str | None = None
    push_tokens: tuple[str, ...] = ()
    locale: str = "en"
    switches: Mapping[Channel, bool] | None = None
    """The user's own for this type; None when there are none stored."""

    def has_address(self, channel: Channel) -> bool:
        return channel is Channel.IN_APP or bool(self.address(channel))

    def address(self, channel: Channel) -> str | tuple[str, ...] | None:
        """Where an external channel reaches this person."""
        return {
            Channel.EMAIL: self.email,
            Channel.SMS: self.phone_number,
            Channel.PUSH: self.push_tokens,
        }.get(channel)


# xmax is zero in a row that the statement itself inserted.
IS_NEW: ColumnElement[bool] = literal_column("(xmax = 0)", Boolean).label("is_new")

REACHABILITY = (
    Recipient.name.label("recipient_name"),
    Recipient.email,
    Recipient.phone_number,
    Recipient.push_tokens,
    Recipient.locale,
    NotificationSetting.id.label("setting_id"),
    *SWITCHES.values(),
)
"""The columns of a query that ends in `reachability_of`."""


def reachability_of(row: RowMapping) -> Reachability:
    """From a row with the columns of `REACHABILITY`, all of them null for a person nobody has described."""
    return Reachability(
        name=row["recipient_name"] or "",
        email=row["email"],
        phone_number=row["phone_number"],
        push_tokens=tuple(row["push_tokens"] or ()),
        locale=row["locale"] or "en",
        switches=None if row["setting_id"] is None else {name: row[f"{name}_enabled"] for name in Channel},
    )


# Built once: SQLAlchemy takes longer to build and key such a statement than PostgreSQL to answer it.
_SOMEBODY = select(bindparam("user_id", type_=Text).label("user_id")).subquery()
_REACHABILITY_OF = (
    select(*REACHABILITY)
    .select_from(_SOMEBODY)
    .outerjoin(Recipient, Recipient.user_id == _SOMEBODY.c.user_id)
    .outerjoin(
        NotificationSetting,
        (NotificationSetting.user_id == _SOMEBODY.c.user_id)
        & (NotificationSetting.notification_type == bindparam("notification_type", type_=Text)),
    )
)


class RecipientRepository:
    def __init__(self, transaction: Transaction) -> None:
        self._connection = transaction.connection

    async def reachability(self, user_id: str, notification_type: NotificationType) -> Reachability:
        """How one person can be reached for one type; unknown people are in-app only."""
        row = await self._connection.execute(
            _REACHABILITY_OF, {"user_id": user_id, "notification_type": notification_type.value}
        )
        return reachability_of(row.mappings().one())

    async def get(self, user_id: str) -> Row | None:
        rows = await self._connection.execute(select(Recipient.__table__).where(Recipient.user_id == user_id))
        row = rows.mappings().one_or_none()
        return None if row is None else dict(row)

    async def put(self, user_id: str, values: Mapping[str, Any]) -> tuple[Row, bool]:
        """Writes the given columns, leaving the others; the row, and whether it is new."""
        rows = await self._connection.execute(
            insert(Recipient)
            .values(user_id=user_id, **values)
            .on_conflict_do_update(index_elements=["user_id"], set_={**values, "updated_at": func.now()})
            .returning(Recipient.__table__, IS_NEW)
        )
        row = rows.mappings().one()
        return dict(row), bool(row["is_new"])

    async def delete(self, user_id: str) -> bool:
        result = await self._connection.execute(delete(Recipient).where(Recipient.user_id == user_id))
        return result.rowcount == 1
