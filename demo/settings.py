"""What the demo process is told, from the environment."""

from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

LOOPBACK = ("localhost", "127.0.0.1")


class DemoSettings(BaseSettings):
    """Refuses any address but this machine's own: see `demo.app` for why."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    demo_host: str = "127.0.0.1"
    demo_port: int
    public_url: str
    """The stack's one origin, such as `http://localhost:8000`."""
    jwt_secret: SecretStr = Field(min_length=32)
    jwt_audience: str | None = None
    jwt_issuer: str | None = None
    temporal_address: str = "127.0.0.1:7233"
    temporal_namespace: str = "default"
    state_dir: Path

    @field_validator("public_url")
    @classmethod
    def _only_this_machine(cls, value: str) -> str:
        if urlsplit(value).hostname not in LOOPBACK:
            raise ValueError(f"the demo hands out sessions, so it serves {' or '.join(LOOPBACK)} only")
        return value.rstrip("/")

    @property
    def allowed_origins(self) -> frozenset[str]:
        """The page's origin under both of this machine's names."""
        url = urlsplit(self.public_url)
        port = f":{url.port}" if url.port else ""
        return frozenset(f"{url.scheme}://{host}{port}" for host in LOOPBACK)
