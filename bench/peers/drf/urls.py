"""The product's own addresses."""

from django.urls import include, path
from drf.views import NotificationViewSet
from rest_framework.routers import SimpleRouter

router = SimpleRouter()
router.register("notifications", NotificationViewSet, basename="notification")

urlpatterns = [path("api/v1/drf/notifications/", include(router.urls))]
