"""The shapes of the four calls' questions and answers."""

from django.utils import timezone
from drf.models import Notification
from rest_framework import serializers

_UNITS = (
    (365 * 86400, "year"),
    (30 * 86400, "month"),
    (7 * 86400, "week"),
    (86400, "day"),
    (3600, "hour"),
    (60, "minute"),
)


class NotificationItem(serializers.ModelSerializer):
    time_since = serializers.SerializerMethodField()

    class Meta:
        model = Notification
        fields = (
            "id",
            "title",
            "message",
            "notification_type",
            "is_read",
            "created_at",
            "time_since",
            "metadata",
            "related_object_type",
            "related_object_id",
            "group_key",
        )

    def get_time_since(self, notification: Notification) -> str:
        seconds = (timezone.now() - notification.created_at).total_seconds()
        for size, unit in _UNITS:
            if seconds >= size:
                count = int(seconds // size)
                return f"{count} {unit}{'s' if count > 1 else ''} ago"
        return "just now"


class MarkRead(serializers.Serializer):
    notification_ids = serializers.ListField(child=serializers.UUIDField(), required=False, max_length=1000)
    is_read = serializers.BooleanField(default=True)
