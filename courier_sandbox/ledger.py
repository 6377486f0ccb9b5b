"""What the sandbox received, in SQLite: messages, calls, and the answers kept under idempotency keys.

One connection, used from the event loop's thread: each transaction is a few rows and takes some tens of
microseconds. `synchronous=OFF` keeps every commit through a kill of the process (not through a power cut).
"""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from courier_sandbox.message import Message, Status

_SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
    sequence INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, channel TEXT NOT NULL, user TEXT, "to" TEXT NOT NULL,
    title TEXT NOT NULL, body TEXT NOT NULL, idempotency_key TEXT, trace_id TEXT, tags TEXT NOT NULL,
    webhook_order TEXT NOT NULL, status TEXT NOT NULL, enqueued INTEGER NOT NULL, sent INTEGER, delivered INTEGER,
    settled INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS messages_by_user ON messages (user, sequence);
CREATE INDEX IF NOT EXISTS messages_by_trace ON messages (trace_id, sequence);
CREATE INDEX IF NOT EXISTS messages_unsettled ON messages (sequence) WHERE settled = 0;
CREATE TABLE IF NOT EXISTS requests (
    sequence INTEGER PRIMARY KEY, at INTEGER NOT NULL, channel TEXT, user TEXT, idempotency_key TEXT,
    status_code INTEGER, fault TEXT, replayed INTEGER NOT NULL, body_differs INTEGER NOT NULL, message_id TEXT
);
CREATE INDEX IF NOT EXISTS requests_by_user ON requests (user, sequence);
CREATE TABLE IF NOT EXISTS answers (
    idempotency_key TEXT PRIMARY KEY, status_code INTEGER NOT NULL, body BLOB NOT NULL,
    request_digest BLOB NOT NULL, expires_at INTEGER NOT NULL
);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One call to `POST /send`; `status_code` is None when no answer was given, `fault` the script entry it met."""

    at: int
    channel: str | None
    user: str | None
    idempotency_key: str | None
    status_code: int | None
    fault: Any
    replayed: bool
    body_differs: bool
    message_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    """The first answer given under an idempotency key, and a digest of the call that got it."""

    idempotency_key: str
    status_code: int
    body: bytes
    request_digest: bytes
    expires_at: int


class Ledger:
    """The tables, and every question that is asked of them."""

    def __init__(self, path: str) -> None:
        # The loop's thread alone uses it, but that is not always the thread that built it.
        self._connection = sqlite3.connect(path, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.executescript(_SCHEMA)

    def close(self) -> None:
        self._connection.close()

    def write(self, request: Request, *, message: Message | None, answer: KeptAnswer | None) -> None:
        """Everything that one call changed, in one transaction."""
        with self._connection:
            self._insert("requests", _columns(request) | {"fault": json.dumps(request.fault)})
            if message is not None:
                self._insert("messages", _columns(message) | {"tags": json.dumps(message.tags)})
            if answer is not None:
                self._insert("answers", _columns(answer))

    def kept_answer(self, idempotency_key: str, *, now: int) -> KeptAnswer | None:
        row = self._connection.execute(
            "SELECT * FROM answers WHERE idempotency_key = ? AND expires_at > ?", (idempotency_key, now)
        ).fetchone()
        return None if row is None else KeptAnswer(**row)

    def advance(self, message_id: str, status: Status, *, at: int) -> Message | None:
        """The message in its new status; None when it is gone or its story has ended."""
        with self._connection:
            row = self._connection.execute(
                """UPDATE messages SET status = :status,
                     sent = CASE WHEN :status = 'SENT' THEN :at ELSE sent END,
                     delivered = CASE WHEN :status = 'DELIVERED' THEN :at ELSE delivered END
                   WHERE id = :id AND (status IN ('ENQUEUED', 'SENT') OR status = :status) RETURNING *""",
                {"id": message_id, "status": status, "at": at},
            ).fetchone()
        return None if row is None else _message(row)

    def cancel(self, message_id: str) -> Message | None:
        """The message, canceled if it had not been handed over yet."""
        with self._connection:
            self._connection.execute(
                "UPDATE messages SET status = 'CANCELED' WHERE id = ? AND status = 'ENQUEUED'", (message_id,)
            )
        return self.message(message_id)

    def settle(self, message_id: str) -> None:
        """Marks that nothing is left to do or to tell for this message."""
        with self._connection:
            self._connection.execute("UPDATE messages SET settled = 1 WHERE id = ?", (message_id,))

    def unsettled(self) -> list[Message]:
        rows = self._connection.execute("SELECT * FROM messages WHERE settled = 0 ORDER BY sequence")
        return [_message(row) for row in rows]

    def message(self, message_id: str) -> Message | None:
        row = self._connection.execute("SELECT * FROM messages WHERE id = ?", (message_id,)).fetchone()
        return None if row is None else _message(row)

    def messages(self, filters: Mapping[str, Any], *, limit: int, before: str | None = None) -> list[Message]:
        """Newest first, older than the message `before`; a filter is a column and its value, None for any."""
        return [_message(row) for row in self._newest("messages", filters, limit=limit, before=before)]

    def requests(self, filters: Mapping[str, Any], *, limit: int) -> list[Request]:
        """Newest first, filtered as the messages are."""
        return [_request(row) for row in self._newest("requests", filters, limit=limit)]

    def clear(self) -> None:
        with self._connection:
            for table in ("messages", "requests", "answers"):
                self._connection.execute(f"DELETE FROM {table}")  # noqa: S608 - the names are literals

    def _insert(self, table: str, values: Mapping[str, Any]) -> None:
        names = ", ".join(f'"{name}"' for name in values)
        marks = ", ".join(f":{name}" for name in values)
        # REPLACE, because an expired answer makes room for the next one under its key.
        self._connection.execute(f"REPLACE INTO {table} ({names}) VALUES ({marks})", values)  # noqa: S608 - names from the code

    def _newest(
        self, table: str, filters: Mapping[str, Any], *, limit: int, before: str | None = None
    ) -> list[sqlite3.Row]:
        values = {name: value for name, value in filters.items() if value is not None}
        conditions = [f'"{name}" = :{name}' for name in values]
        if before is not None:
            conditions.append("sequence < (SELECT sequence FROM messages WHERE id = :before)")
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        return self._connection.execute(
            f"SELECT * FROM {table} {where} ORDER BY sequence DESC LIMIT :limit",  # noqa: S608 - names from the code
            values | {"limit": limit, "before": before},
        ).fetchall()


def _columns(record: Request | Message | KeptAnswer) -> dict[str, Any]:
    return {field.name: getattr(record, field.name) for field in fields(record)}


def _message(row: sqlite3.Row) -> Message:
    values = dict(row)
    del values["sequence"], values["settled"]
    return Message(**values | {"tags": tuple(json.loads(values["tags"]))})


def _request(row: sqlite3.Row) -> Request:
    values = dict(row)
    del values["sequence"]
    flags = {name: bool(values[name]) for name in ("replayed", "body_differs")}
    return Request(**values | flags | {"fault": json.loads(values["fault"])})
