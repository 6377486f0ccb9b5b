"""The sandbox's settings; a name here with `SANDBOX_` before it, in upper case, is the environment variable."""

from typing import Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What the sandbox is told at start. With no webhook URL, statuses move on and nobody is told."""

    model_config = SettingsConfigDict(env_prefix="SANDBOX_", frozen=True, extra="ignore")

    host: str = "127.0.0.1"
    port: int = 8003
    database: str = ":memory:"
    """Path of the SQLite file that lets the ledger survive a kill."""
    auth_token: SecretStr
    """What vendor calls must bring as their bearer token."""
    webhook_url: str | None = None
    webhook_secret: SecretStr = SecretStr("")
    sent_after_ms: int = Field(default=150, ge=0)
    delivered_after_ms: int = Field(default=400, ge=0)
    """Both count from acceptance."""
    hang_seconds: float = Field(default=30, gt=0)
    """How long a hanging call is held: longer than any client should wait."""

    @model_validator(mode="after")
    def _webhooks_are_signed(self) -> Self:
        if self.webhook_url and not self.webhook_secret.get_secret_value():
            raise ValueError("SANDBOX_WEBHOOK_URL needs SANDBOX_WEBHOOK_SECRET beside it")
        return self
