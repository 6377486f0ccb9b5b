"""`python -m demo`: the sample marketplace of the one-machine stack."""

import logging

import uvicorn

from demo.app import create_app
from demo.settings import DemoSettings


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it tells of every request
    settings = DemoSettings()
    uvicorn.run(
        create_app(settings), host=settings.demo_host, port=settings.demo_port, access_log=False, log_level="warning"
    )


if __name__ == "__main__":
    main()
