"""Changing what somebody wants, or where they are reached."""

from persistence.database import Transaction
from persistence.inbox import InboxRepository


async def change_mind(transaction: Transaction, user_id: str) -> None:
    """Comes before any such change: takes the person's turn, and has what waits for them told of it."""
    if user_id not in transaction.changed_minds:
        await InboxRepository(transaction).lock(user_id)
        transaction.changed_minds.add(user_id)
