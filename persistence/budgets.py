"""The calls that one caller may make in a minute, given out in shares to the API's processes."""

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from persistence.database import Transaction
from persistence.models import CallBudget


class CallBudgetRepository:
    def __init__(self, transaction: Transaction) -> None:
        self._connection = transaction.connection

    async def take(self, caller: str, minute: int, calls: int) -> int:
        """Counts more calls of a caller in a minute; how many there are then, of all processes."""
        statement = insert(CallBudget).values(caller=caller, minute=minute, taken=calls)
        taken = await self._connection.scalar(
            statement.on_conflict_do_update(
                index_elements=[CallBudget.minute, CallBudget.caller],
                set_={"taken": CallBudget.taken + statement.excluded.taken},
            ).returning(CallBudget.taken)
        )
        return int(taken or 0)

    async def forget_before(self, minute: int) -> None:
        await self._connection.execute(delete(CallBudget).where(CallBudget.minute < minute))
