"""Prints a token of the development stack for one user: `python -m deploy.local.token USER [--staff]`."""

import argparse
import os
import sys
import time

import jwt

from deploy.local.state import State

LIFETIME_SECONDS = 24 * 3600


def development_token(user: str, *, secret: str, staff: bool) -> str:
    now = int(time.time())
    claims = {"user_id": user, "is_staff": staff, "iat": now, "exp": now + LIFETIME_SECONDS}
    # The service asks for these two when it is configured to; the stack hands it the same environment.
    named = {"aud": os.environ.get("JWT_AUDIENCE"), "iss": os.environ.get("JWT_ISSUER")}
    return jwt.encode(claims | {name: value for name, value in named.items() if value}, secret, algorithm="HS256")


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("user")
    arguments.add_argument("--staff", action="store_true")
    asked = arguments.parse_args()
    secret = State.here().environment().get("JWT_SECRET")
    if not secret:
        sys.stderr.write("no stack has run here yet: `make run` first, with the same STATE_DIR\n")
        return 1
    sys.stdout.write(development_token(asked.user, secret=secret, staff=asked.staff) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
