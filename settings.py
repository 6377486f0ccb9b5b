"""Every setting of the service, read from the environment by the three mains and handed down in pieces.

A name here is the environment variable in lower case. What must be chosen has no default; every number
carries its unit. `docs/operations.md` lists them all, held complete by a test.
"""

import base64
import re
from typing import Annotated, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

MOST_CALLS = 1_000_000_000
# https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
_KEY_BYTES = range(24, 65)


class Settings(BaseSettings):
    """The service's settings; secrets never show in a repr or a log."""

    # An error that showed its input would print secrets; a variable set to nothing is as good as none.
    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, env_ignore_empty=True)

    database_url: SecretStr
    """PostgreSQL, as `postgresql+psycopg://user:password@host:port/database`."""
    database_pool_size: int = Field(default=10, ge=1, le=100)
    hints_url: SecretStr | None = None
    """Where processes wake the gateways instead of in PostgreSQL: NATS, as `nats://user:password@host:port`."""

    temporal_address: str = "127.0.0.1:7233"
    temporal_namespace: str = "default"
    worker_roles: Annotated[tuple[str, ...], NoDecode] = ("workflows", "bulk", "email", "sms", "push")
    """Which task queues this worker serves; comma-separated."""

    jwt_secret: SecretStr | None = Field(default=None, min_length=32)
    """HS256 key; RFC 7518 §3.2 asks for at least as many bits as the hash: 32 bytes."""
    jwt_previous_secret: SecretStr | None = Field(default=None, min_length=32)
    """The one before it, still accepted while its last tokens run out."""
    jwt_jwks_url: str | None = Field(default=None, pattern=r"^https?://\S+$")
    """Where the issuer publishes the public keys of RS256, ES256 and EdDSA."""
    jwt_audience: str | None = None
    jwt_issuer: str | None = None
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Origins whose pages may use the cookie and open a socket; comma-separated, exact."""
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Further origins whose pages may call the API with a token in a header, never with the cookie; `*` is any."""

    rate_limit_user_per_minute: int = Field(default=1_200, ge=0, le=MOST_CALLS)
    rate_limit_staff_per_minute: int = Field(default=12_000, ge=0, le=MOST_CALLS)
    """Calls of one user, or of one staff client, over all API processes; 0 is no limit."""
    rate_limit_failed_logins_per_minute: int = Field(default=600, ge=0)
    """Calls of one client address without an acceptable token, at one API process; 0 is no limit."""

    courier_auth_token: SecretStr
    courier_base_url: str = "https://api.courier.com"
    courier_webhook_secret: SecretStr | None = None
    courier_timeout_seconds: float = Field(default=10, gt=0, le=60)
    email_sends_per_second: float = Field(default=50, gt=0)
    sms_sends_per_second: float = Field(default=50, gt=0)
    push_sends_per_second: float = Field(default=50, gt=0)
    bulk_starts_per_second: float = Field(default=10, ge=1)
    """How fast a bulk worker starts the workflows of a batch's notifications that leave through a provider."""

    precondition_secret: SecretStr | None = None
    """Signs the questions whether something is still true: `whsec_` and 24 to 64 bytes in base64."""
    precondition_allowed_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    """Hosts that may be asked although their addresses are private; comma-separated, as they are written in URLs."""
    precondition_timeout_seconds: float = Field(default=3, gt=0, le=10)
    precondition_patience_seconds: float = Field(default=60, ge=0, le=3_600)
    """How long a question without an answer is asked again before its notification's own policy decides."""

    api_host: str = "127.0.0.1"
    api_port: int = 8001
    forwarded_allow_ips: str = "127.0.0.1"
    """The proxies, comma-separated or `*`, whose X-Forwarded headers make the scheme of the API's links."""
    gateway_host: str = "127.0.0.1"
    gateway_port: int = 8002
    gateway_shares_port: bool = False
    """Whether several gateway processes of one host listen on one port; the kernel spreads the connections."""
    gateway_connections: int = Field(default=15_000, ge=1)
    """Open sockets of one gateway process."""
    gateway_connections_per_user: int = Field(default=30, ge=1)
    gateway_handshakes: int = Field(default=1_000, ge=1)
    """Connections of one gateway process that have not finished their handshake."""
    gateway_handshake_seconds: float = Field(default=5, gt=0, le=60)
    gateway_messages_per_second: float = Field(default=20, gt=0)
    """What one socket may say; five seconds' worth at once."""
    gateway_drain_seconds: float = Field(default=3, ge=0)
    """Over how long a gateway that was told to stop sends its clients elsewhere."""
    gateway_health_url: str = "http://127.0.0.1:8002/readyz"
    """Where the API's readiness asks whether the gateway lets anybody in."""

    log_level: str = "info"

    @model_validator(mode="after")
    def _has_a_key(self) -> Self:
        if self.jwt_secret is None and self.jwt_jwks_url is None:
            raise ValueError("no token can be checked without a key: set JWT_SECRET, JWT_JWKS_URL or both")
        return self

    @property
    def hints(self) -> str:
        return (self.hints_url or self.database_url).get_secret_value()

    @property
    def jwt_secrets(self) -> tuple[str, ...]:
        """The HS256 keys, the newest first."""
        return tuple(secret.get_secret_value() for secret in (self.jwt_secret, self.jwt_previous_secret) if secret)

    @field_validator("hints_url")
    @classmethod
    def _is_a_bus(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.match(r"(nats|tls|postgresql(\+psycopg)?)://\S", value.get_secret_value()):
            raise ValueError("must be a nats://, tls:// or postgresql:// URL")
        return value

    @field_validator("precondition_secret")
    @classmethod
    def _is_a_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        prefix, _, encoded = value.get_secret_value().rpartition("_")
        try:
            size = len(base64.b64decode(encoded, validate=True))
        except ValueError:
            size = 0
        if prefix != "whsec" or size not in _KEY_BYTES:
            raise ValueError("must be whsec_ and 24 to 64 bytes in base64")
        return value

    @field_validator("worker_roles", "allowed_origins", "cors_origins", "precondition_allowed_hosts", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value
