"""Checking the precondition that a notification asks for: where to ask, and what if nobody answers there.

Whether the address is one that this deployment asks is the worker's to say, which knows its settings.
"""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from notifications.contracts import limits
from notifications.contracts.checking import Check
from notifications.contracts.errors import InvalidNotification
from notifications.contracts.preconditions import IfUnreachable, Precondition

# Parsers of URLs differ over what is not in here.
_PLAIN = re.compile(r"[!-\[\]-~]+")
_FIELDS = {"url", "if_unreachable"}


def checked_precondition(check: Check, field: str, value: object) -> Precondition | None:
    """The precondition asked for; None, and told to `check`, when anything about it is wrong."""
    if value is None:
        return None
    if not isinstance(value, Mapping) or set(value) - _FIELDS:
        # What is misspelt must not be passed over in silence: the policy would be another than was meant.
        check.fail(field, "An object with nothing but url, if_unreachable is required.")
        return None
    parts = Check()
    url = parts.text("url", value.get("url"), limits.URL_CHARS, required=True)
    if url is not None and (fault := _fault(url)) is not None:
        parts.fail("url", fault)
    policy = parts.word("if_unreachable", value.get("if_unreachable") or IfUnreachable.SEND, IfUnreachable)
    try:
        parts.finish()
    except InvalidNotification as invalid:
        for part, messages in invalid.errors.items():
            for message in messages:
                check.fail(field, f"{part}: {message}")
        return None
    return Precondition(url=url or "", if_unreachable=policy or IfUnreachable.SEND)


def _fault(url: str) -> str | None:
    """The sentence never quotes the address."""
    if not _PLAIN.fullmatch(url):
        return "Must be written in ASCII, with everything else percent-encoded."
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or port == 0:
        return "Must be a URL with a host."
    faults = {
        "Must begin with http:// or https://.": parts.scheme not in ("http", "https"),
        "Must not hold a user or password.": "@" in parts.netloc,
        "Must not have a fragment.": bool(parts.fragment),
    }
    return next((sentence for sentence, is_so in faults.items() if is_so), None)
