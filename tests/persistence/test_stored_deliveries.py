"""Deliveries in the database: what becomes of one is written once, whoever comes late; pages come from an index."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from inbox_world import put, somebody
from sqlalchemy import insert, select, text
from sqlalchemy.dialects import postgresql

from deploy.local.launch import LaunchedStack
from notifications.contracts.delivery import GivenUp
from notifications.contracts.vocabulary import Channel, DeliveryStatus
from persistence.changes import ChangeRepository
from persistence.database import Database, Transaction
from persistence.deliveries import AttemptRecord, DeliveryRepository
from persistence.delivery_listing import DeliveryFilter, DeliveryListing
from persistence.due import DueRepository
from persistence.due_delivery import DueDelivery
from persistence.inbox import InboxRepository
from persistence.models import Delivery
from persistence.slicing import Cursor
from policy.retries import Outcome, Reason

SENDING, SENT, FAILED = DeliveryStatus.SENDING, DeliveryStatus.SENT, DeliveryStatus.FAILED


@pytest.fixture
async def database(stack: LaunchedStack) -> AsyncIterator[Database]:
    database = Database(stack.environment["DATABASE_URL"], pool_size=2)
    yield database
    await database.close()


async def an_email(database: Database, **columns: Any) -> UUID:
    """A delivery by email, pending unless told otherwise."""
    async with database.transaction() as transaction:
        notification = await put(transaction, somebody(), status="pending")
        made = uuid4()
        values = {"status": "pending", "rule": "type_default", **columns}
        await transaction.connection.execute(
            insert(Delivery).values(id=made, notification_id=notification, channel="email", **values)
        )
        return made


async def due(database: Database, delivery: UUID) -> DueDelivery:
    async with database.transaction() as transaction:
        found = await DueRepository(transaction).get(delivery)
    assert found is not None
    return found


async def row(database: Database, delivery: UUID) -> Any:
    async with database.transaction() as transaction:
        return (await transaction.connection.execute(select(Delivery.__table__).where(Delivery.id == delivery))).one()


async def attempt(database: Database, delivery: UUID) -> tuple[DueDelivery, int]:
    found = await due(database, delivery)
    async with database.transaction() as transaction:
        number = await DeliveryRepository(transaction).start_attempt(found)
    assert number is not None
    return found, number


async def give_up(database: Database, delivery: UUID, *, redrives: int = 0) -> bool:
    owner = (await due(database, delivery)).user_id
    given_up = GivenUp(delivery_id=delivery, reason=Reason.DEADLINE, redrives=redrives)
    async with database.transaction() as transaction:
        return await DeliveryRepository(transaction).give_up(given_up, owner=owner)


async def take_over(database: Database, found: DueDelivery, number: int, *, message_id: str) -> None:
    async with database.transaction() as transaction:
        record = AttemptRecord(number=number, outcome=Outcome.ACCEPTED)
        await DeliveryRepository(transaction).record_sent(found, record, provider="courier", message_id=message_id)


async def redrive(database: Database, delivery: UUID) -> DueDelivery:
    found = await due(database, delivery)
    async with database.transaction() as transaction:
        await InboxRepository(transaction).lock(found.user_id)
        await ChangeRepository(transaction).redrive(found)
    return await due(database, delivery)


async def test_a_late_answer_of_the_provider_is_the_truth_about_what_was_given_up(database: Database) -> None:
    delivery = await an_email(database)
    found, number = await attempt(database, delivery)
    assert await give_up(database, delivery)
    await take_over(database, found, number, message_id="1-late")
    after = await row(database, delivery)
    assert (after.status, after.reason, after.provider_message_id) == (SENT, None, "1-late")


async def test_a_bounce_is_not_undone_by_the_answer_to_an_earlier_attempt(database: Database) -> None:
    delivery = await an_email(database)
    found, number = await attempt(database, delivery)
    await take_over(database, found, number, message_id="1-sent")
    async with database.transaction() as transaction:
        await DeliveryRepository(transaction).move(delivery, FAILED, owner=found.user_id, reason=Reason.BOUNCED)
    await take_over(database, found, number, message_id="1-sent")
    assert (await row(database, delivery)).status == FAILED


async def test_giving_up_leaves_an_outcome_alone(database: Database) -> None:
    delivery = await an_email(database)
    found, number = await attempt(database, delivery)
    await take_over(database, found, number, message_id="1-sent")
    assert not await give_up(database, delivery)
    assert (await row(database, delivery)).status == SENT


async def test_giving_up_again_leaves_a_redrive_alone(database: Database) -> None:
    delivery = await an_email(database)
    await attempt(database, delivery)
    await give_up(database, delivery)
    await redrive(database, delivery)
    assert not await give_up(database, delivery)
    assert await give_up(database, delivery, redrives=1)


async def test_an_attempt_without_an_answer_keeps_its_key_when_redriven(database: Database) -> None:
    delivery = await an_email(database)
    await attempt(database, delivery)
    await give_up(database, delivery)
    redriven = await redrive(database, delivery)
    assert (redriven.key_generation, redriven.redrives, redriven.earlier_attempts) == (0, 1, 1)


async def test_a_key_that_was_never_used_is_kept(database: Database) -> None:
    delivery = await an_email(database, status="failed", key_generation=3)
    assert (await redrive(database, delivery)).key_generation == 3


async def test_a_redriven_delivery_knows_nothing_of_its_earlier_message(database: Database) -> None:
    delivery = await an_email(database)
    found, number = await attempt(database, delivery)
    await take_over(database, found, number, message_id=f"1-{delivery}")
    async with database.transaction() as transaction:
        await DeliveryRepository(transaction).move(delivery, FAILED, owner=found.user_id, reason=Reason.BOUNCED)
    redriven = await redrive(database, delivery)
    async with database.transaction() as transaction:
        assert await DeliveryRepository(transaction).report(f"1-{delivery}", "UNDELIVERABLE") is None
    after = await row(database, delivery)
    assert (redriven.key_generation, after.status, after.sent_at) == (1, "pending", None)


class Listener:
    """A connection that only hears what it is asked."""

    def __init__(self) -> None:
        self.asked: Any = None

    async def execute(self, statement: Any) -> Any:
        self.asked = statement
        return self

    def mappings(self) -> list[Any]:
        return []


async def plan_of(database: Database, filter: DeliveryFilter, cursor: Cursor | None) -> str:
    """PostgreSQL's plan of a page, as of a table too large to be read whole."""
    listener: Any = Listener()
    await DeliveryListing(Transaction(listener)).slice(filter, cursor, limit=20)
    dialect: Any = postgresql.dialect
    statement = listener.asked.compile(dialect=dialect(), compile_kwargs={"literal_binds": True})
    async with database.transaction() as transaction:
        for way in ("seqscan", "bitmapscan", "hashjoin", "mergejoin"):
            await transaction.connection.execute(text(f"SET LOCAL enable_{way} = off"))
        lines = await transaction.connection.execute(text(f"EXPLAIN {statement}".replace(":", r"\:")))
        return "\n".join(line for (line,) in lines)


@pytest.mark.parametrize("cursor", [None, Cursor(datetime.now(UTC), uuid4())], ids=["first", "deep"])
@pytest.mark.parametrize(
    ("filter", "index"),
    [
        (DeliveryFilter(status=FAILED), "ix_deliveries_failed"),
        (DeliveryFilter(status=FAILED, channel=Channel.SMS, reason="bounced"), "ix_deliveries_failed"),
        (DeliveryFilter(), "ix_deliveries_created_at"),
    ],
    ids=["failed", "bounced", "all"],
)
async def test_a_page_is_read_from_an_index_in_its_order(
    database: Database, filter: DeliveryFilter, index: str, cursor: Cursor | None
) -> None:
    plan = await plan_of(database, filter, cursor)
    assert f"Index Scan using {index} on deliveries" in plan
    assert "Sort" not in plan
