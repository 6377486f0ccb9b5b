"""Has Schemathesis call as Courier does, whose calls are signed (`SCHEMATHESIS_HOOKS=courier_hooks`)."""

import hashlib
import hmac
import os
import time

import schemathesis
from requests import PreparedRequest
from requests.auth import AuthBase


class CourierSignature(AuthBase):
    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        body = request.body or b""
        moment = str(time.time_ns() // 1_000_000)
        signed = moment.encode() + b"." + (body.encode() if isinstance(body, str) else body)
        signature = hmac.new(self._secret, signed, hashlib.sha256).hexdigest()
        request.headers["courier-signature"] = f"t={moment},signature={signature}"
        return request


schemathesis.auth.set_from_requests(CourierSignature(os.environ["COURIER_WEBHOOK_SECRET"]))
