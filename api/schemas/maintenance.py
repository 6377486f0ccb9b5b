"""What the housekeeping has done."""

from datetime import datetime
from uuid import UUID

from api.schemas.fields import Shape


class RetentionRun(Shape):
    """`removed` counts by table, notifications by type: `{"notifications/system": 12, "anchors": 3}`."""

    id: UUID
    started_at: datetime
    finished_at: datetime | None
    removed: dict[str, int]


class RetentionRuns(Shape):
    results: list[RetentionRun]
