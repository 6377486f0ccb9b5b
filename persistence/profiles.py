"""What people want whatever the type: quiet hours, switches for a whole channel, opt-outs, digests."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Text, func, literal, select
from sqlalchemy.dialects.postgresql import insert

from persistence.database import Transaction
from persistence.models import PreferenceProfile, Recipient
from persistence.recipients import RecipientRepository
from persistence.summaries import SummaryRepository
from persistence.wishes import change_mind

Row = dict[str, Any]


class ProfileRepository:
    """One user's profile. Its time zone is the recipient's, so that there is one."""

    def __init__(self, transaction: Transaction, *, user_id: str) -> None:
        self._transaction = transaction
        self._connection = transaction.connection
        self._recipients = RecipientRepository(transaction)
        self._user_id = user_id

    async def get(self) -> Row:
        """By column; null is what the user has left open, which is everything for somebody unknown."""
        mine = select(literal(self._user_id, Text).label("user_id")).subquery()
        rows = await self._connection.execute(
            select(PreferenceProfile.__table__, Recipient.time_zone)
            .select_from(mine)
            .outerjoin(PreferenceProfile, PreferenceProfile.user_id == mine.c.user_id)
            .outerjoin(Recipient, Recipient.user_id == mine.c.user_id)
        )
        return dict(rows.mappings().one())

    async def put(self, values: Mapping[str, Any]) -> None:
        """Writes the given columns, leaving the others. Recipient first, as everybody else locks them."""
        await change_mind(self._transaction, self._user_id)
        own = {name: value for name, value in values.items() if name != "time_zone"}
        if "time_zone" in values:
            await self._recipients.put(self._user_id, {"time_zone": values["time_zone"]})
        if own:
            await self._connection.execute(
                insert(PreferenceProfile)
                .values(user_id=self._user_id, **own)
                .on_conflict_do_update(index_elements=["user_id"], set_={**own, "updated_at": func.now()})
            )
        if "weekly_summary" in own:
            await SummaryRepository(self._transaction).plan(self._user_id)
