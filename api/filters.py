"""The list's query parameters, in the spellings that existing clients use."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Query

from api.dependencies import Caller, ServicesDep
from api.errors import InvalidFields
from api.schemas.fields import Instant, Text
from api.zones import UTC_ZONE, TimeZoneName, zone_of
from notifications.contracts.vocabulary import Channel, NotificationStatus, NotificationType
from persistence.filters import ORDERINGS, ListFilter, Ordering
from policy.periods import Period, span_of

Word = TypeVar("Word", bound=StrEnum)
_SEARCH_CHARS = 200


def _one_of(words: type[StrEnum]) -> Any:
    """Documented as it should be used; `_word` refuses the rest in words of its own, and takes empty for absent."""
    return Query(json_schema_extra={"enum": list(words)})


async def _list_filter(
    *,
    caller: Caller,
    services: ServicesDep,
    notification_type: Annotated[str | None, _one_of(NotificationType)] = None,
    notification_types: Annotated[list[str] | None, Query(description="Comma list, or repeated.")] = None,
    is_read: bool | None = None,
    is_unread: bool | None = None,
    delivery_channel: Annotated[str | None, _one_of(Channel)] = None,
    status: Annotated[str | None, _one_of(NotificationStatus)] = None,
    archived: Annotated[bool, Query(description="The archive instead of the inbox.")] = False,
    snoozed: Annotated[bool, Query(description="What sleeps instead of the inbox.")] = False,
    created_after: Instant | None = None,
    created_before: Instant | None = None,
    period: Period = Period.ALL,
    tz: TimeZoneName = None,
    related_to: Annotated[Text | None, Query(description="As `type:id`.")] = None,
    group_key: Text | None = None,
    search: Annotated[Text | None, Query(max_length=_SEARCH_CHARS)] = None,
    ordering: Annotated[str | None, Query(description=f"Comma list of {', '.join(ORDERINGS)}.")] = None,
) -> ListFilter:
    names = _parts(notification_types) + ([notification_type] if notification_type else [])
    if is_unread is not None:
        is_read = not is_unread
    zone = UTC_ZONE if period is Period.ALL else await zone_of(caller, services, tz)
    span = span_of(period, now=datetime.now(UTC), zone=zone)
    return ListFilter(
        since=span.since,
        until=span.until,
        types=tuple(
            _word("notification_type" if name == notification_type else "notification_types", name, NotificationType)
            for name in names
        ),
        is_read=is_read,
        status=_word("status", status, NotificationStatus) if status else None,
        archived=archived,
        snoozed=snoozed,
        channel=_word("delivery_channel", delivery_channel, Channel) if delivery_channel else None,
        created_after=created_after,
        created_before=created_before,
        related_to=_related(related_to) if related_to else None,
        group_key=group_key,
        search=search,
        ordering=_ordering(ordering or ""),
    )


ListFilterDep = Annotated[ListFilter, Depends(_list_filter)]


def _parts(values: list[str] | None) -> list[str]:
    """A parameter that is repeated, or a comma list, or both."""
    return [part.strip() for value in values or [] for part in value.split(",") if part.strip()]


def _word(parameter: str, value: str, words: type[Word]) -> Word:
    for word in words:
        if word == value:
            return word
    raise InvalidFields({parameter: [f'"{value[:50]}" is not one of: {", ".join(words)}.']})


def _related(value: str) -> tuple[str, str]:
    kind, _, number = value.partition(":")
    if not kind or not number:
        raise InvalidFields({"related_to": ["Must be an object's type and id, as booking:123."]})
    return kind, number


def _ordering(value: str) -> Ordering:
    names = _parts([value])
    unknown = [name for name in names if name not in ORDERINGS]
    if unknown:
        raise InvalidFields({"ordering": [f'"{unknown[0][:50]}" is not one of: {", ".join(ORDERINGS)}.']})
    return Ordering.of(names)
