"""People: where they are reached, and what they have switched on or off."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Select,
    SQLColumnExpression,
    Text,
    bindparam,
    delete,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, TEXT, insert
from sqlalchemy.engine import RowMapping

from notifications.contracts.vocabulary import Channel, DigestFrequency, NotificationType, Priority
from persistence.database import Transaction
from persistence.models import NotificationSetting, PreferenceProfile, Recipient
from persistence.summaries import SummaryRepository
from persistence.wishes import change_mind
from policy.channels import Preferences
from policy.digests import OwnDigest
from policy.planning import Situation
from policy.quiet_hours import QuietHours, spans_of
from policy.types import policy_of

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reachability:
    """What deciding and sending need to know of one person, for one notification type."""

    name: str = ""
    email: str | None = None
    phone_number: str | None = None
    push_tokens: tuple[str, ...] = ()
    locale: str = "en"
    preferences: Preferences = field(default_factory=Preferences)
    quiet_hours: QuietHours = field(default_factory=QuietHours)
    daily_limit: int | None = None
    own_digest: OwnDigest = field(default_factory=OwnDigest)

    def in_app(self, kind: NotificationType, *, priority: Priority | None = None) -> Situation:
        """How a notification that comes in finds this person's inbox; the other channels' situations follow from it."""
        policy = policy_of(kind)
        return Situation(
            channel=Channel.IN_APP,
            policy=policy,
            preferences=self.preferences,
            has_address=True,
            priority=priority or policy.priority,
            quiet_hours=self.quiet_hours,
            own_digest=self.own_digest,
        )

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

_REACHABILITY = (
    Recipient.name.label("recipient_name"),
    Recipient.email,
    Recipient.phone_number,
    Recipient.push_tokens,
    Recipient.locale,
    Recipient.time_zone,
    PreferenceProfile.opted_out_channels,
    PreferenceProfile.quiet_hours,
    PreferenceProfile.daily_limit,
    PreferenceProfile.digest,
    PreferenceProfile.digest_time,
    *(getattr(NotificationSetting, f"{channel}_enabled").label(f"type_{channel}_enabled") for channel in Channel),
    *(getattr(PreferenceProfile, f"{channel}_enabled").label(f"overall_{channel}_enabled") for channel in Channel),
)


def with_reachability(
    query: Select[*tuple[Any, ...]],
    *,
    user_id: SQLColumnExpression[str],
    notification_type: SQLColumnExpression[str],
) -> Select[*tuple[Any, ...]]:
    """The query and what `reachability_of` reads, in one; nulls for a person who is not described or wants nothing."""
    return (
        query.add_columns(*_REACHABILITY)
        .outerjoin(Recipient, Recipient.user_id == user_id)
        .outerjoin(PreferenceProfile, PreferenceProfile.user_id == user_id)
        .outerjoin(
            NotificationSetting,
            (NotificationSetting.user_id == user_id) & (NotificationSetting.notification_type == notification_type),
        )
    )


def reachability_of(row: RowMapping) -> Reachability:
    """From a row of a query `with_reachability`."""
    hours, zone = row["quiet_hours"], row["time_zone"] or "UTC"
    return Reachability(
        name=row["recipient_name"] or "",
        email=row["email"],
        phone_number=row["phone_number"],
        push_tokens=tuple(row["push_tokens"] or ()),
        locale=row["locale"] or "en",
        preferences=Preferences(
            by_type=switches_of(row, prefix="type_"),
            overall=switches_of(row, prefix="overall_"),
            opted_out=_opted_out(row),
        ),
        quiet_hours=QuietHours(spans_of(hours), ZoneInfo(zone)) if hours else QuietHours(),
        daily_limit=row["daily_limit"],
        own_digest=_own_digest(row, zone),
    )


def _own_digest(row: RowMapping, zone: str) -> OwnDigest:
    frequency = DigestFrequency(row["digest"] or DigestFrequency.OFF)
    if frequency is DigestFrequency.OFF:
        return OwnDigest()
    return OwnDigest(frequency=frequency, at=time.fromisoformat(row["digest_time"]), zone=ZoneInfo(zone))


def preferences_of(setting: Mapping[str, Any] | None, profile: Mapping[str, Any]) -> Preferences:
    """From a row of the settings, if there is one, and a row of the profiles."""
    return Preferences(
        by_type={} if setting is None else switches_of(setting),
        overall=switches_of(profile),
        opted_out=_opted_out(profile),
    )


def _opted_out(row: Mapping[str, Any] | RowMapping) -> frozenset[Channel]:
    return frozenset(map(Channel, row["opted_out_channels"] or ()))


def switches_of(row: Mapping[str, Any] | RowMapping, *, prefix: str = "") -> dict[Channel, bool]:
    """A row's switches, without those that nobody has touched."""
    switches = {channel: row[f"{prefix}{channel}_enabled"] for channel in Channel}
    return {channel: switch for channel, switch in switches.items() if switch is not None}


# Built once: SQLAlchemy takes longer to build and key such a statement than PostgreSQL to answer it.
_SOMEBODY = select(bindparam("user_id", type_=Text).label("user_id")).subquery()
_MANY = func.unnest(bindparam("users", type_=ARRAY(TEXT))).table_valued("user_id").render_derived(name="many")
_REACHABILITY_OF, _REACHABILITY_OF_MANY = (
    with_reachability(
        select(people.c.user_id),
        user_id=people.c.user_id,
        notification_type=bindparam("notification_type", type_=Text),
    )
    for people in (_SOMEBODY, _MANY)
)

# What is known of a person besides decides about nothing.
_DECIDING = {"email", "phone_number", "push_tokens", "time_zone"}


class RecipientRepository:
    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._connection = transaction.connection

    async def reachability(self, user_id: str, notification_type: NotificationType) -> Reachability:
        """How one person can be reached for one type; unknown people are in-app only."""
        row = await self._connection.execute(
            _REACHABILITY_OF, {"user_id": user_id, "notification_type": notification_type.value}
        )
        return reachability_of(row.mappings().one())

    async def reachabilities(
        self, users: Sequence[str], notification_type: NotificationType
    ) -> dict[str, Reachability]:
        """How several people can be reached for one type, in the order of `users`."""
        rows = await self._connection.execute(
            _REACHABILITY_OF_MANY, {"users": users, "notification_type": notification_type.value}
        )
        found = {row["user_id"]: reachability_of(row) for row in rows.mappings()}
        return {user: found[user] for user in users}

    async def get(self, user_id: str) -> Row | None:
        rows = await self._connection.execute(select(Recipient.__table__).where(Recipient.user_id == user_id))
        row = rows.mappings().one_or_none()
        return None if row is None else dict(row)

    async def zones(self, users: Sequence[str]) -> dict[str, str]:
        """The time zones of those of the users who are known."""
        rows = await self._connection.execute(
            select(Recipient.user_id, Recipient.time_zone).where(
                Recipient.user_id == func.any(bindparam("users", users, ARRAY(TEXT)))
            )
        )
        return {row.user_id: row.time_zone for row in rows}

    async def put(self, user_id: str, values: Mapping[str, Any]) -> tuple[Row, bool]:
        """Writes the given columns, leaving the others; the row, and whether it is new."""
        if values.keys() & _DECIDING:
            await change_mind(self._transaction, user_id)
        rows = await self._connection.execute(
            insert(Recipient)
            .values(user_id=user_id, **values)
            .on_conflict_do_update(index_elements=["user_id"], set_={**values, "updated_at": func.now()})
            .returning(Recipient.__table__, IS_NEW)
        )
        row = rows.mappings().one()
        if "time_zone" in values:
            await SummaryRepository(self._transaction).plan(user_id)
        return dict(row), bool(row["is_new"])

    async def delete(self, user_id: str) -> bool:
        await change_mind(self._transaction, user_id)
        result = await self._connection.execute(delete(Recipient).where(Recipient.user_id == user_id))
        await SummaryRepository(self._transaction).plan(user_id)
        return result.rowcount == 1
