"""A socket ticket."""

from pydantic import Field

from api.schemas.fields import Shape


class Ticket(Shape):
    ticket: str
    expires_in: int = Field(description="Seconds.")
