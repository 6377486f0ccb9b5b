"""Django's settings: for production, with nothing that the four calls do not need."""

import os
from urllib.parse import urlsplit

_database = urlsplit(os.environ["DATABASE_URL"])

DEBUG = False
SECRET_KEY = os.environ["JWT_SECRET"]
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = [
    "django.contrib.auth",  # which simplejwt imports
    "django.contrib.contenttypes",
    "django_filters",
    "rest_framework",
    "drf",
]
# It gives an answer its Content-Length, which keeps the connection open without chunks.
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
ROOT_URLCONF = "drf.urls"
USE_TZ = True
TIME_ZONE = "UTC"
LOGGING = {"version": 1, "loggers": {"django.request": {"level": "ERROR"}}}  # a refusal is no news

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": _database.hostname,
        "PORT": _database.port,
        "USER": _database.username,
        "PASSWORD": _database.password,
        "NAME": _database.path.removeprefix("/"),
        "CONN_MAX_AGE": None,  # a connection for as long as its thread lives
    }
}

REST_FRAMEWORK = {
    # A token is believed by its signature: no row of a user is read for it.
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework_simplejwt.authentication.JWTStatelessUserAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_FILTER_BACKENDS": [
        "django_filters.rest_framework.DjangoFilterBackend",
        "rest_framework.filters.OrderingFilter",
    ],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "UNAUTHENTICATED_USER": None,
}
SIMPLE_JWT = {"ALGORITHM": "HS256", "SIGNING_KEY": os.environ["JWT_SECRET"]}
