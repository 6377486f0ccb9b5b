"""How an accepted message fares: ENQUEUED, SENT, then DELIVERED or UNDELIVERABLE, each told by webhook.

One task per message, and nothing of it in memory alone: after a restart, messages whose story was not told to the
end are taken up from their status. Their last webhook may then come twice, as Courier's may.
"""

import asyncio
import time
from typing import Any

from courier_sandbox.ledger import Ledger
from courier_sandbox.message import Message, Status, details
from courier_sandbox.webhooks import Webhooks


class Progress:
    """Moves messages on; the delays count from acceptance."""

    def __init__(self, *, ledger: Ledger, webhooks: Webhooks, sent_after_ms: int, delivered_after_ms: int) -> None:
        self._ledger = ledger
        self._webhooks = webhooks
        self._sent_after_ms = sent_after_ms
        self._delivered_after_ms = delivered_after_ms
        self._tasks: set[asyncio.Task[None]] = set()

    def resume(self) -> None:
        for message in self._ledger.unsettled():
            self.follow(message)

    def follow(self, message: Message) -> None:
        task = asyncio.create_task(self._run(message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self, message: Message) -> None:
        held_back: list[dict[str, Any]] = []
        # A receiver that is down delays its webhooks, not the message.
        async with asyncio.TaskGroup() as telling:
            for status, due_at_ms in self._steps_from(message):
                await asyncio.sleep(due_at_ms / 1000 - time.time())
                now_in = self._ledger.advance(message.id, status, at=time.time_ns() // 1_000_000)
                if now_in is None:
                    break
                update = {"type": "message:updated", "data": details(now_in)}
                if message.webhook_order == "reversed":
                    held_back.insert(0, update)
                else:
                    telling.create_task(self._tell([update] * (2 if message.webhook_order == "twice" else 1)))
            telling.create_task(self._tell(held_back))
        self._ledger.settle(message.id)

    async def _tell(self, updates: list[dict[str, Any]]) -> None:
        for update in updates:
            await self._webhooks.send(update)

    def _steps_from(self, message: Message) -> list[tuple[Status, int]]:
        end: Status = "UNDELIVERABLE" if message.bounces else "DELIVERED"
        steps: list[tuple[Status, int]] = [
            ("ENQUEUED", message.enqueued),
            ("SENT", message.enqueued + self._sent_after_ms),
            (end, message.enqueued + self._delivered_after_ms),
        ]
        taken = [status for status, _ in steps]
        return steps[taken.index(message.status) :] if message.status in taken else []
