"""Starts the sandbox: `python -m courier_sandbox`."""

import uvicorn

from courier_sandbox.app import create_app
from courier_sandbox.connection import DroppableConnection
from courier_sandbox.settings import Settings


def main() -> None:
    settings = Settings()
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        http=DroppableConnection,
        loop="uvloop",
        access_log=False,
        log_level="warning",
        # A hanging call must not hold up a restart.
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main()
