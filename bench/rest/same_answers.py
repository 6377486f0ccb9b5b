"""Before anything is measured: do both services answer the same?"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from bench.http_driver import NOTIFICATIONS
from bench.rest.calls import Person
from bench.rest.filling import NEEDLE

_QUESTIONS = (
    *("", "?page=2", "?page=10", "?page_size=7&page=3", "?page=11", "?notification_type=booking", "?is_read=false"),
    *("?notification_types=booking,system&is_read=true", "?is_unread=true", "?delivery_channel=in_app&status=sent"),
    *("?related_to=booking:7", "?group_key=booking:3", f"?search={NEEDLE.lower()}", "?ordering=created_at"),
    *("?created_after=2001-02-03T04:05:06Z&created_before=2101-02-03T04:05:06Z", "?created_after=2101-02-03T04:05:06Z"),
    *("unread_count/", "stats/"),
)
_TRIES = 3


def compare(urls: Sequence[str], people: Sequence[Person]) -> int:
    """How many answers were compared.

    Raises:
        RuntimeError: two differ.
    """
    with httpx.Client() as http:
        for person in people:
            for question in _QUESTIONS:
                _agree(http, [f"{url}{NOTIFICATIONS}{question}" for url in urls], person)
            for is_read in (True, False):
                _agree(http, [f"{url}{NOTIFICATIONS}mark_read/" for url in urls], person, is_read=is_read)
                _agree(http, [f"{url}{NOTIFICATIONS}unread_count/" for url in urls], person)
    return len(people) * (len(_QUESTIONS) + 4)


def _agree(http: httpx.Client, urls: Sequence[str], person: Person, *, is_read: bool | None = None) -> None:
    # A minute may pass between two answers, and `time_since` with it.
    for _ in range(_TRIES):
        answers = [_answer(http, url, person, is_read=is_read) for url in urls]
        if all(answer == answers[0] for answer in answers):
            return
    raise RuntimeError(f"{urls[0]} and its like answer differently:\n" + "\n".join(map(str, answers)))


def _answer(http: httpx.Client, url: str, person: Person, *, is_read: bool | None) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {person.token}"}
    if is_read is None:
        response = http.get(url, headers=headers)
    else:
        content = {"notification_ids": list(person.unread), "is_read": is_read}
        response = http.post(url, headers=headers, json=content)
    body = response.json()
    if response.is_success:
        body |= {link: _place(body[link]) for link in ("next", "previous") if link in body}
    else:
        body = None  # the words of an error may differ
    return response.status_code, body


def _place(link: str | None) -> object:
    """A link without its host, its parameters in any order."""
    return link and (urlsplit(link).path, parse_qs(urlsplit(link).query))
