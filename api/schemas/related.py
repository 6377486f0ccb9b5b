"""Changes to all that waits about one object."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from api.schemas.changes import ChangeResult, Reschedule
from api.schemas.fields import Shape, Text
from notifications.contracts import limits


class Related(Shape):
    related_object_type: Annotated[Text, Field(min_length=1, max_length=limits.OBJECT_CHARS, examples=["booking"])]
    related_object_id: Annotated[Text, Field(min_length=1, max_length=limits.OBJECT_CHARS, examples=["123"])]
    after: UUID | None = Field(default=None, description="The `next` of the answer before, when there was more.")


class RelatedReschedule(Related, Reschedule):
    pass


class RelatedResult(Shape):
    """What was found waiting, and by channel what became of it: as if each had been changed alone."""

    results: list[ChangeResult]
    next: UUID | None = Field(description="Null when these were all; else repeat the call with it as `after`.")
