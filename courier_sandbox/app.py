"""The sandbox as an application: one process, two doors, one ledger."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.staticfiles import StaticFiles

from courier_sandbox import tool, vendor
from courier_sandbox.faults import FaultScripts
from courier_sandbox.intake import Intake
from courier_sandbox.ledger import Ledger
from courier_sandbox.progress import Progress
from courier_sandbox.settings import Settings
from courier_sandbox.webhooks import Webhooks


def create_app(settings: Settings) -> FastAPI:
    """Everything is built when the application starts; cutting connections needs `DroppableConnection` under it."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        ledger = Ledger(settings.database)
        webhooks = Webhooks(url=settings.webhook_url, secret=settings.webhook_secret.get_secret_value())
        progress = Progress(
            ledger=ledger,
            webhooks=webhooks,
            sent_after_ms=settings.sent_after_ms,
            delivered_after_ms=settings.delivered_after_ms,
        )
        app.state.settings = settings
        app.state.ledger = ledger
        app.state.faults = FaultScripts()
        app.state.intake = Intake(ledger=ledger, faults=app.state.faults, progress=progress)
        progress.resume()
        yield
        await progress.stop()
        webhooks.close()
        ledger.close()

    app = FastAPI(title="Courier sandbox", lifespan=lifespan, openapi_url=None)
    app.add_exception_handler(vendor.VendorError, vendor.vendor_error_response)
    app.add_exception_handler(RequestValidationError, tool.validation_error_response)
    app.include_router(tool.router)
    app.include_router(vendor.router)
    app.mount("/page", StaticFiles(directory=tool.PAGE), name="page")
    return app
