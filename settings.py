"""Every setting of the service, read from the environment by the three mains and handed down in pieces.

A name here is the environment variable in lower case. What must be chosen has no default; every number
carries its unit. `docs/operations.md` lists them all, held complete by a test.
"""

from typing import Annotated

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class Settings(BaseSettings):
    """The service's settings; secrets never show in a repr or a log."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    database_url: SecretStr
    """PostgreSQL, as `postgresql+psycopg://user:password@host:port/database`."""
    database_pool_size: int = Field(default=10, ge=1, le=100)

    temporal_address: str = "127.0.0.1:7233"
    temporal_namespace: str = "default"
    worker_roles: Annotated[tuple[str, ...], NoDecode] = ("workflows", "email", "sms", "push")
    """Which task queues this worker serves; comma-separated."""

    jwt_secret: SecretStr = Field(min_length=32)
    """HS256 key; RFC 7518 §3.2 asks for at least as many bits as the hash: 32 bytes."""
    jwt_audience: str | None = None
    jwt_issuer: str | None = None
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Origins whose pages may use the cookie and open a socket; comma-separated, exact."""

    courier_auth_token: SecretStr
    courier_base_url: str = "https://api.courier.com"
    courier_webhook_secret: SecretStr | None = None
    courier_timeout_seconds: float = Field(default=10, gt=0, le=60)
    email_sends_per_second: float = Field(default=50, gt=0)
    sms_sends_per_second: float = Field(default=50, gt=0)
    push_sends_per_second: float = Field(default=50, gt=0)

    api_host: str = "127.0.0.1"
    api_port: int = 8001
    forwarded_allow_ips: str = "127.0.0.1"
    """The proxies, comma-separated or `*`, whose X-Forwarded headers make the scheme of the API's links."""
    gateway_host: str = "127.0.0.1"
    gateway_port: int = 8002
    gateway_health_url: str = "http://127.0.0.1:8002/healthz"
    """Where the API's readiness asks whether the gateway is up."""

    log_level: str = "info"

    @field_validator("worker_roles", "allowed_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value
