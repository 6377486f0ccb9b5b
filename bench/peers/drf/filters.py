"""The list's query parameters."""

from django.db.models import Q, QuerySet
from django_filters import rest_framework as filters
from drf.models import Notification


class WordsFilter(filters.BaseInFilter, filters.CharFilter):
    """A comma list of words."""


class NotificationFilter(filters.FilterSet):
    notification_types = WordsFilter(field_name="notification_type")
    is_unread = filters.BooleanFilter(field_name="is_read", exclude=True)
    created_after = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gte")
    created_before = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="lte")
    related_to = filters.CharFilter(method="related")
    search = filters.CharFilter(method="containing")

    class Meta:
        model = Notification
        fields = ("notification_type", "is_read", "delivery_channel", "status", "group_key")

    def related(self, queryset: QuerySet, _: str, value: str) -> QuerySet:
        kind, _, number = value.partition(":")
        return queryset.filter(related_object_type=kind, related_object_id=number)

    def containing(self, queryset: QuerySet, _: str, value: str) -> QuerySet:
        return queryset.filter(Q(title__icontains=value) | Q(message__icontains=value))
