"""What a user wants whatever the type."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field, StrictInt, model_validator

from api.schemas.fields import ClockTime, ExternalChannels, Shape
from api.schemas.recipients import TimeZone
from notifications.contracts import limits
from notifications.contracts.vocabulary import DigestFrequency, Weekday
from policy.quiet_hours import never_ends, spans_of


class QuietSpan(Shape):
    """Times on the wall; an end before the start is on the next day."""

    start: ClockTime
    end: ClockTime

    @model_validator(mode="after")
    def _takes_time(self) -> "QuietSpan":
        if self.start == self.end:
            raise ValueError("Start and end are the same. A whole day is 00:00 to 12:00 and 12:00 to 00:00.")
        return self


_Spans = Annotated[list[QuietSpan], Field(max_length=limits.QUIET_SPANS_PER_DAY)]


def _with_an_end(hours: dict[Weekday, _Spans]) -> dict[Weekday, _Spans]:
    """In the week's order, without days that have none."""
    if never_ends(spans_of({day: [span.model_dump() for span in spans] for day, spans in hours.items()})):
        raise ValueError("These hours leave no time in the week. To receive nothing, switch channels off.")
    return {day: hours[day] for day in Weekday if hours.get(day)}


QuietHours = Annotated[
    dict[Weekday, _Spans],
    AfterValidator(_with_an_end),
    Field(
        description="Spans by the weekday on which they begin. They may touch and overlap, and last past midnight.",
        examples=[{"monday": [{"start": "22:00", "end": "07:00"}]}],
    ),
]


class ProfileWrite(Shape):
    """PUT writes the whole profile, PATCH only what is given. A switch that is null leaves it to the types.

    Not even PUT touches the time zone or an opt-out that it does not name.
    """

    time_zone: TimeZone = "UTC"
    quiet_hours: QuietHours = Field(default_factory=dict)
    email_enabled: bool | None = None
    sms_enabled: bool | None = None
    in_app_enabled: bool | None = None
    push_enabled: bool | None = None
    opted_out_channels: ExternalChannels = Field(default_factory=list)
    digest: DigestFrequency = Field(
        default=DigestFrequency.OFF,
        description="What is external and not urgent is gathered, and told at the end of the hour or once a day.",
    )
    digest_time: ClockTime = Field(default="09:00", description="When a daily digest comes, in the user's time zone.")
    daily_limit: StrictInt | None = Field(
        default=None,
        ge=1,
        le=limits.DAILY_LIMIT,
        description="External messages within 24 hours; more of them wait, except for urgent ones.",
    )
    weekly_summary: bool = Field(
        default=False, description="On Mondays at 09:00 in the user's time zone, what is unread, if anything is."
    )

    def given(self) -> dict[str, Any]:
        """What is named, by column."""
        return self.model_dump(mode="json", exclude_unset=True)

    def in_full(self) -> dict[str, Any]:
        """Everything, by column, but for what stays unless it is named."""
        stays = {"time_zone", "opted_out_channels"} - self.model_fields_set
        return self.model_dump(mode="json", exclude=stays)


class Profile(ProfileWrite):
    """A user's whole profile."""
