"""The four calls."""

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from drf.filters import NotificationFilter
from drf.models import Notification
from drf.serializers import MarkRead, NotificationItem
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

TYPES = ("booking", "payment", "session", "review", "system", "message", "reminder")
_RECENT = 5


class Pages(PageNumberPagination):
    page_size = 20
    page_size_query_param = "page_size"
    max_page_size = 100


class NotificationViewSet(ListModelMixin, GenericViewSet):
    serializer_class = NotificationItem
    pagination_class = Pages
    filterset_class = NotificationFilter
    ordering_fields = ("created_at", "is_read")

    def get_queryset(self) -> QuerySet:
        return Notification.objects.filter(user_id=self.request.user.id)

    @action(detail=False)
    def unread_count(self, _: Request) -> Response:
        return Response({"unread_count": self.get_queryset().filter(is_read=False).count()})

    @action(detail=False, methods=["post"])
    def mark_read(self, request: Request) -> Response:
        wanted = MarkRead(data=request.data)
        wanted.is_valid(raise_exception=True)
        is_read, now = wanted.validated_data["is_read"], timezone.now()
        affected = self.get_queryset().filter(is_read=not is_read)
        if "notification_ids" in wanted.validated_data:
            affected = affected.filter(id__in=wanted.validated_data["notification_ids"])
        count = affected.update(is_read=is_read, read_at=now if is_read else None, updated_at=now)
        word = "read" if is_read else "unread"
        return Response({"message": f"Marked {count} as {word}.", "updated_count": count})

    @action(detail=False)
    def stats(self, _: Request) -> Response:
        mine = self.get_queryset()
        counts = mine.order_by().values("notification_type")
        counts = counts.annotate(total=Count("id"), unread=Count("id", filter=Q(is_read=False)))
        by_type = {kind: {"total": 0, "unread": 0} for kind in TYPES}
        by_type |= {row.pop("notification_type"): row for row in counts}
        return Response(
            {
                "unread_count": sum(count["unread"] for count in by_type.values()),
                "total_count": sum(count["total"] for count in by_type.values()),
                "by_type": by_type,
                "recent_notifications": self.get_serializer(mine[:_RECENT], many=True).data,
            }
        )
