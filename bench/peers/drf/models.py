"""One table, with the indexes that the four calls ask for."""

from uuid import uuid4

from django.db import models


class Notification(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    user_id = models.CharField(max_length=255)
    title = models.TextField()
    message = models.TextField()
    notification_type = models.CharField(max_length=20)
    delivery_channel = models.CharField(max_length=10)
    status = models.CharField(max_length=10)
    is_read = models.BooleanField(default=False)
    read_at = models.DateTimeField(null=True)
    metadata = models.JSONField(default=dict)
    related_object_type = models.CharField(max_length=100, null=True)  # noqa: DJ001 - the contract's null
    related_object_id = models.CharField(max_length=255, null=True)  # noqa: DJ001 - as above
    group_key = models.CharField(max_length=255, null=True)  # noqa: DJ001 - as above
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "drf_notifications"
        ordering = ("-created_at",)
        indexes = (
            models.Index(fields=["user_id", "-created_at"], name="drf_inbox"),
            models.Index(fields=["user_id"], name="drf_unread", condition=models.Q(is_read=False)),
        )

    def __str__(self) -> str:
        return self.title
