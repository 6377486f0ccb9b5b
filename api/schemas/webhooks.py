"""What of Courier's reports is read here, out of much more."""

from pydantic import Field

from api.schemas.fields import Shape, Text


class ReportedMessage(Shape):
    id: Text = Field(examples=["1-665b1c2e-8f3d4a5b6c7d8e9f"])
    status: str = Field(examples=["DELIVERED"], description="An open set.")
    reason: str | None = None
    enqueued: int | None = Field(default=None, description="Unix milliseconds.")


class CourierReport(Shape):
    data: ReportedMessage
