"""The words that staff keep."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, Field

from api.schemas.fields import Shape, Text
from api.schemas.recipients import Locale as LanguageTag
from notifications.contracts import limits
from notifications.contracts.vocabulary import Channel, NotificationType
from templating.locales import DEFAULT_LOCALE, canonical
from templating.renderer import TEMPLATE_CHARS, TemplateFault, check


def _renderable(template: str) -> str:
    try:
        check(template)
    except TemplateFault as fault:
        raise ValueError(str(fault)) from None
    return template


TemplateText = Annotated[Text, Field(max_length=TEMPLATE_CHARS), AfterValidator(_renderable)]
Name = Annotated[Text, Field(max_length=limits.TITLE_CHARS, examples=["A booking has moved"])]
SubjectTemplate = Annotated[TemplateText, Field(pattern=r"^[^\r\n]*$")]
"""One line: a break would make a header of its own in an email."""
Key = Annotated[str, Field(min_length=1, max_length=limits.KEY_CHARS, pattern=r"^[\w.-]+$", examples=["booking.moved"])]


Locale = Annotated[LanguageTag, AfterValidator(canonical)]


class ExpectedVersion(Shape):
    version: int | None = Field(
        default=None, description="The version that the change was written for; 409 when there is a newer one."
    )


class TemplateChange(ExpectedVersion):
    """Whatever is given is written, as the template's next version."""

    key: Key | None = None
    name: Name | None = None
    notification_type: NotificationType | None = None
    delivery_channel: Channel | None = None
    locale: Locale | None = None
    subject_template: SubjectTemplate | None = None
    body_template: TemplateText | None = None
    is_active: bool | None = None


class TemplateCreate(Shape):
    key: Key
    name: Name = ""
    notification_type: NotificationType
    delivery_channel: Channel
    locale: Locale = DEFAULT_LOCALE
    subject_template: SubjectTemplate = Field(default="", examples=["{{ service_name }} has moved"])
    body_template: TemplateText = Field(examples=["{{ service_name }} is at {{ booking_time }} now."])
    is_active: bool = True


class TemplateReplace(TemplateCreate, ExpectedVersion):
    """All of a template's next version."""


class TemplateVersion(TemplateCreate):
    version: int
    created_at: datetime


class Template(TemplateVersion):
    id: UUID
    updated_at: datetime


class TemplatePage(Shape):
    count: int
    next: str | None
    previous: str | None
    results: list[Template]


class TemplateVersionPage(Shape):
    count: int
    next: str | None
    previous: str | None
    results: list[TemplateVersion]


class PreviewData(Shape):
    """The variables, under `data` as they would be under a notification's `metadata`.

    With a `locale`, the preview is what people of that locale would get, who may have to do with a wider
    or the default one. A `subject_template` or `body_template` is shown in place of the stored one.
    """

    data: dict[str, Any] = Field(default_factory=dict, examples=[{"service_name": "Yoga", "booking_time": "10:00"}])
    locale: Locale | None = None
    subject_template: SubjectTemplate | None = None
    body_template: TemplateText | None = None


class Preview(Shape):
    """The words, and the locale and version of the template that they come from."""

    subject: str
    body: str
    locale: str
    version: int
