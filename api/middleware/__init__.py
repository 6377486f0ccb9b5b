"""What holds for every request, before and after its route."""

from collections.abc import Collection

from fastapi import FastAPI

from api.middleware.addresses import AddressMiddleware
from api.middleware.bounds import BoundsMiddleware
from api.middleware.cors import CrossOriginMiddleware
from api.middleware.failures import FailureMiddleware
from api.middleware.methods import MethodMiddleware
from api.middleware.request_ids import RequestIdMiddleware


def install(app: FastAPI, *, base_path: str, cookie_origins: Collection[str], token_origins: Collection[str]) -> None:
    """Wraps the application, which has all its routes. What is added last meets a request first."""
    app.add_middleware(MethodMiddleware, routes=app.routes)
    app.add_middleware(AddressMiddleware, base_path=base_path)
    app.add_middleware(BoundsMiddleware)
    app.add_middleware(FailureMiddleware)
    app.add_middleware(CrossOriginMiddleware, cookie_origins=cookie_origins, token_origins=token_origins)
    app.add_middleware(RequestIdMiddleware)
