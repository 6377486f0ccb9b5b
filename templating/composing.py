"""What a notification says on each of its channels: the caller's own words, or a template's."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from notifications.contracts import limits
from notifications.contracts.errors import InvalidNotification
from notifications.contracts.notification import NotificationRequest
from notifications.contracts.vocabulary import Channel
from templating.renderer import TemplateFault, render

_LINE_BREAK = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Words:
    """A heading and a text: rendered, or still as templates."""

    subject: str
    body: str
    template_id: UUID | None = None
    template_version: int | None = None
    """The version that they come from; None for a caller's own."""


def compose(
    request: NotificationRequest,
    templates: Mapping[Channel, Words],
    *,
    channels: Iterable[Channel],
    recipient_name: str,
) -> dict[Channel, Words]:
    """The words of each channel, in-app always among them: they are what lists and details show.

    Raises:
        InvalidNotification: no such template, or it cannot be rendered with the request's metadata.
    """
    wanted = (Channel.IN_APP, *(channel for channel in channels if channel is not Channel.IN_APP))
    if request.template_key is None:
        return dict.fromkeys(wanted, Words(request.title or "", request.message or ""))
    if not templates:
        raise InvalidNotification({"template_key": [f"There is no active template {request.template_key!r}."]})
    variables = {"recipient_name": recipient_name, **request.metadata}
    fallback = templates.get(Channel.IN_APP) or next(iter(templates.values()))
    return {channel: rendered(templates.get(channel, fallback), variables) for channel in wanted}


def rendered(template: Words, variables: Mapping[str, Any]) -> Words:
    """A template's words with its variables in place.

    Raises:
        InvalidNotification: under `metadata`, what keeps it from being rendered.
    """
    try:
        subject = render(template.subject, variables, most_chars=limits.TITLE_CHARS)
        body = render(template.body, variables, most_chars=limits.MESSAGE_CHARS)
    except TemplateFault as fault:
        raise InvalidNotification({"metadata": [str(fault)]}) from None
    if _LINE_BREAK.search(subject):
        # It would become a header of its own in an email.
        raise InvalidNotification({"metadata": ["A variable puts a line break into the subject."]})
    return replace(template, subject=subject, body=body)
