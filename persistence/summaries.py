"""Who is to be told what they have not read, when next, and what that is.

`next_summary_at` follows from the opt-in, the person's zone and the last week that is done with. Whoever changes one
of them plans it anew; whoever begins a summary moves it on. So finding those whose time has come is a walk along an
index, however many there are whose time has not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, func, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY, TEXT, TIMESTAMP

from notifications.contracts.summaries import SUMMARY_GROUP, SUMMARY_TEMPLATE
from notifications.contracts.vocabulary import NotificationType
from persistence.database import Transaction
from persistence.inbox import InboxRepository
from persistence.models import Inbox, PreferenceProfile, Recipient
from policy.summaries import last_due, next_due


@dataclass(frozen=True, slots=True, kw_only=True)
class DueSummary:
    """Somebody whose time has come."""

    user_id: str
    due_at: datetime
    zone: ZoneInfo
    has_unread: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """Where a person stands once a week is done with."""

    was_due_at: datetime
    done: str
    next_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """What a person has not read, earlier summaries left out."""

    by_type: Mapping[NotificationType, int]
    newest: Sequence[tuple[UUID, str]]
    """Ids and titles, the newest first."""

    @property
    def total(self) -> int:
        return sum(self.by_type.values())


class SummaryRepository:
    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._connection = transaction.connection

    async def plan(self, user_id: str) -> None:
        """Finds out anew when a person's next one is due. The caller holds their inbox.

        Who asks for them just now is not told of a morning that has passed.
        """
        rows = await self._connection.execute(
            select(
                PreferenceProfile.weekly_summary,
                PreferenceProfile.next_summary_at,
                PreferenceProfile.summary_week,
                Recipient.time_zone,
            )
            .outerjoin(Recipient, Recipient.user_id == PreferenceProfile.user_id)
            .where(PreferenceProfile.user_id == user_id)
        )
        row = rows.one_or_none()
        if row is None:
            return
        next_at, done = None, row.summary_week
        if row.weekly_summary:
            zone, now = ZoneInfo(row.time_zone or "UTC"), datetime.now(UTC)
            if row.next_summary_at is None:
                done = max(done or "", last_due(zone, now=now))
            next_at = next_due(zone, done=done, now=now)
        await self._connection.execute(
            update(PreferenceProfile)
            .where(PreferenceProfile.user_id == user_id)
            .values(next_summary_at=next_at, summary_week=done)
        )

    async def due(self, now: datetime, *, most: int) -> Sequence[DueSummary]:
        """Those whose time has come by then, the longest due first."""
        rows = await self._connection.execute(_DUE, {"now": now, "most": most})
        return [
            DueSummary(
                user_id=row.user_id,
                due_at=row.next_summary_at,
                zone=ZoneInfo(row.time_zone),
                has_unread=row.unread_count > 0,
            )
            for row in rows
        ]

    async def move_on(self, moved: Mapping[str, Moved]) -> None:
        """Has people wait for their next one, all at once; not those whose time was planned anew meanwhile."""
        await self._connection.execute(
            _MOVE_ON,
            {
                "users": list(moved),
                "were": [each.was_due_at for each in moved.values()],
                "weeks": [each.done for each in moved.values()],
                "moments": [each.next_at for each in moved.values()],
            },
        )

    async def is_wanted(self, user_id: str) -> bool:
        wanted = select(PreferenceProfile.weekly_summary).where(PreferenceProfile.user_id == user_id)
        return bool(await self._connection.scalar(wanted))

    async def unread(self, user_id: str, *, newest: int) -> Unread:
        """What a summary tells. It holds together while the caller holds the inbox."""
        drawers = await InboxRepository(self._transaction).drawers(user_id)
        told_before = await self._connection.execute(_EARLIER, {"user_id": user_id, **_OWN})
        earlier = {row.notification_type: row.told for row in told_before}
        counts = {kind: drawers.count([kind], is_read=False) - earlier.get(kind, 0) for kind in NotificationType}
        by_type = {kind: count for kind, count in counts.items() if count > 0}
        rows = await self._connection.execute(
            _NEWEST, {"user_id": user_id, "types": [kind.value for kind in by_type], "most": newest, **_OWN}
        )
        return Unread(by_type=by_type, newest=[(row.id, row.title) for row in rows])


_OWN = {"group_key": SUMMARY_GROUP, "template_key": SUMMARY_TEMPLATE}

_DUE = (
    select(
        PreferenceProfile.user_id,
        PreferenceProfile.next_summary_at,
        func.coalesce(Recipient.time_zone, "UTC").label("time_zone"),
        func.coalesce(Inbox.unread_count, 0).label("unread_count"),
    )
    .outerjoin(Recipient, Recipient.user_id == PreferenceProfile.user_id)
    .outerjoin(Inbox, Inbox.user_id == PreferenceProfile.user_id)
    .where(PreferenceProfile.next_summary_at <= bindparam("now"))
    .order_by(PreferenceProfile.next_summary_at, PreferenceProfile.user_id)
    .limit(bindparam("most"))
)

_MOVE_ON = text(
    """
    UPDATE preference_profiles AS profile SET next_summary_at = moved.next_at, summary_week = moved.week
    FROM unnest(:users, :were, :weeks, :moments) AS moved (user_id, was_due_at, week, next_at)
    WHERE profile.user_id = moved.user_id AND profile.next_summary_at = moved.was_due_at
    """
).bindparams(
    bindparam("users", type_=ARRAY(TEXT)),
    bindparam("were", type_=ARRAY(TIMESTAMP(timezone=True))),
    bindparam("weeks", type_=ARRAY(TEXT)),
    bindparam("moments", type_=ARRAY(TIMESTAMP(timezone=True))),
)

_EARLIER = text(
    """
    SELECT notification_type, count(*) AS told FROM notifications
    WHERE user_id = :user_id AND folder = 'inbox' AND group_key = :group_key AND template_key = :template_key
        AND NOT is_read
    GROUP BY notification_type
    """
)

# A few of each type, each found along an index, whatever lies read on top of them.
_NEWEST = text(
    """
    SELECT newest.id, newest.title
    FROM unnest(:types) AS wanted (notification_type), LATERAL (
        SELECT id, title, listed_at FROM notifications
        WHERE user_id = :user_id AND folder = 'inbox' AND notification_type = wanted.notification_type
            AND is_read = false AND (group_key, template_key) IS DISTINCT FROM (:group_key, :template_key)
        ORDER BY listed_at DESC, id DESC LIMIT :most
    ) AS newest
    ORDER BY newest.listed_at DESC, newest.id DESC LIMIT :most
    """
).bindparams(bindparam("types", type_=ARRAY(TEXT)))
