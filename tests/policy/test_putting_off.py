"""What a delivery waits for, and what it waits for no longer than its notification is worth."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from notifications.contracts.vocabulary import Channel, Priority
from policy.channels import Preferences, Rule
from policy.planning import Go, Situation, Skip, Wait, WaitReason, first_steps, next_step
from policy.quiet_hours import QuietHours, QuietSpan
from policy.retries import Reason
from policy.types import TypePolicy

EMAIL, IN_APP = Channel.EMAIL, Channel.IN_APP
MINUTE = timedelta(minutes=1)
# A Wednesday.
NIGHT, MORNING = datetime(2026, 6, 10, 3, tzinfo=UTC), datetime(2026, 6, 10, 7, tzinfo=UTC)
QUIET = QuietHours((QuietSpan(2, time(0), time(7)),))
EMAILED = Situation(
    channel=EMAIL,
    policy=TypePolicy(display="Some", default_channels=(IN_APP, EMAIL)),
    preferences=Preferences(),
    has_address=True,
    priority=Priority.NORMAL,
    quiet_hours=QUIET,
)
UNTIL_MORNING = Wait(MORNING, WaitReason.QUIET_HOURS)
SENT = Go(Rule.TYPE_DEFAULT)


@pytest.mark.parametrize(
    ("situation", "now", "step"),
    [
        (EMAILED, NIGHT, UNTIL_MORNING),
        (EMAILED, MORNING, SENT),
        (replace(EMAILED, priority=Priority.URGENT), NIGHT, SENT),
        (replace(EMAILED, channel=IN_APP), NIGHT, SENT),
        (replace(EMAILED, quiet_hours=QuietHours()), NIGHT, SENT),
        # What is not wanted waits for nothing.
        (replace(EMAILED, preferences=Preferences(overall={EMAIL: False})), NIGHT, Skip(Rule.GLOBAL_OFF)),
        (replace(EMAILED, preferences=Preferences(opted_out=frozenset({EMAIL}))), NIGHT, Skip(Rule.OPTED_OUT)),
        (replace(EMAILED, has_address=False), NIGHT, Skip(Rule.NO_ADDRESS)),
        # Expiry wins.
        (replace(EMAILED, expires_at=MORNING), NIGHT, Skip(Reason.EXPIRED)),
        (replace(EMAILED, expires_at=MORNING + MINUTE), NIGHT, UNTIL_MORNING),
        # First its time, then its being unread, then quiet hours; all asked again at the end of each wait.
        (
            replace(EMAILED, scheduled_for=NIGHT + MINUTE),
            NIGHT,
            Wait(NIGHT + MINUTE, WaitReason.SCHEDULED),
        ),
        (
            replace(EMAILED, published_at=NIGHT, escalates_after_seconds=60),
            NIGHT,
            Wait(NIGHT + MINUTE, WaitReason.UNLESS_READ),
        ),
        (replace(EMAILED, published_at=NIGHT, escalates_after_seconds=60), NIGHT + MINUTE, UNTIL_MORNING),
        (
            replace(EMAILED, published_at=NIGHT, escalates_after_seconds=60, read_at=NIGHT),
            NIGHT + MINUTE,
            Skip(Reason.ALREADY_READ),
        ),
    ],
)
def test_quiet_hours_are_the_last_thing_to_wait_for(
    situation: Situation, now: datetime, step: Go | Wait | Skip
) -> None:
    assert next_step(situation, now=now) == step


def test_the_others_wait_to_be_read_only_where_the_inbox_has_it() -> None:
    in_app = replace(EMAILED, channel=IN_APP, quiet_hours=QuietHours())

    def email_of(in_app: Situation, *channels: Channel) -> Go | Wait | Skip:
        steps = first_steps(in_app, channels, has_address=lambda _: True, escalation={EMAIL: 60}, now=NIGHT)
        return steps[EMAIL]

    assert email_of(in_app, IN_APP, EMAIL) == Wait(NIGHT + MINUTE, WaitReason.UNLESS_READ)
    assert email_of(in_app, EMAIL) == SENT
    assert email_of(replace(in_app, preferences=Preferences(overall={IN_APP: False})), IN_APP, EMAIL) == SENT
