"""What users have switched on or off."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from notifications.contracts.vocabulary import NotificationType
from persistence.database import Transaction
from persistence.models import NotificationSetting
from persistence.recipients import IS_NEW
from persistence.wishes import change_mind

Row = dict[str, Any]
Switches = Mapping[str, bool]
"""By column: `email_enabled` and its like."""


class SettingRepository:
    """One user's stored switches; every query is bound to the owner."""

    def __init__(self, transaction: Transaction, *, user_id: str) -> None:
        self._transaction = transaction
        self._connection = transaction.connection
        self._user_id = user_id
        self._mine = NotificationSetting.user_id == user_id

    async def count(self) -> int:
        return await self._connection.scalar(select(func.count()).where(self._mine)) or 0

    async def page(self, *, offset: int, limit: int) -> list[Row]:
        rows = await self._connection.execute(
            select(NotificationSetting.__table__)
            .where(self._mine)
            .order_by(NotificationSetting.notification_type)
            .offset(offset)
            .limit(limit)
        )
        return [dict(row) for row in rows.mappings()]

    async def get(self, setting_id: UUID) -> Row | None:
        rows = await self._connection.execute(
            select(NotificationSetting.__table__).where(self._mine, NotificationSetting.id == setting_id)
        )
        row = rows.mappings().one_or_none()
        return None if row is None else dict(row)

    async def put(self, notification_type: NotificationType, switches: Switches) -> tuple[Row, bool]:
        """Writes the given switches of one type; the others stay, or stay untouched in a new row."""
        await change_mind(self._transaction, self._user_id)
        statement = insert(NotificationSetting).values(
            user_id=self._user_id, notification_type=notification_type, **switches
        )
        rows = await self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=["user_id", "notification_type"], set_={**switches, "updated_at": func.now()}
            ).returning(NotificationSetting.__table__, IS_NEW)
        )
        row = rows.mappings().one()
        return dict(row), bool(row["is_new"])

    async def change(self, setting_id: UUID, switches: Switches) -> Row | None:
        """Writes the given switches of a stored row; None when it is not the user's."""
        await change_mind(self._transaction, self._user_id)
        rows = await self._connection.execute(
            update(NotificationSetting)
            .where(self._mine, NotificationSetting.id == setting_id)
            .values(**switches, updated_at=func.now())
            .returning(NotificationSetting.__table__)
        )
        row = rows.mappings().one_or_none()
        return None if row is None else dict(row)

    async def delete(self, setting_id: UUID) -> bool:
        await change_mind(self._transaction, self._user_id)
        result = await self._connection.execute(
            delete(NotificationSetting).where(self._mine, NotificationSetting.id == setting_id)
        )
        return result.rowcount == 1

    async def delete_all(self) -> None:
        await change_mind(self._transaction, self._user_id)
        await self._connection.execute(delete(NotificationSetting).where(self._mine))
