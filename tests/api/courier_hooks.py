"""Has Schemathesis call as Courier does, whose calls are signed (`SCHEMATHESIS_HOOKS=courier_hooks`)."""

import hashlib
import hmac
import os
import time

from requests import PreparedRequest
from requests.auth import AuthBase
from schemathesis.auths import GLOBAL_AUTH_STORAGE


class CourierSignature(AuthBase):
    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        body = request.body.encode() if isinstance(request.body, str) else request.body
        moment = str(time.time_ns() // 1_000_000)
        signed = moment.encode() + b"." + (body if isinstance(body, bytes) else b"")
        signature = hmac.new(self._secret, signed, hashlib.sha256).hexdigest()
        request.headers["courier-signature"] = f"t={moment},signature={signature}"
        return request


GLOBAL_AUTH_STORAGE.set_from_requests(CourierSignature(os.environ["COURIER_WEBHOOK_SECRET"]))
