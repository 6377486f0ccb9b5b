"""When a person's own digest comes, and what waits for it."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from notifications.contracts.vocabulary import Channel, DigestFrequency, Priority
from policy.channels import Preferences, Rule
from policy.digests import OwnDigest, own_closes_at
from policy.planning import Go, Situation, Skip, Step, Wait, WaitReason, next_step, still_holds
from policy.quiet_hours import QuietHours, QuietSpan
from policy.retries import Reason
from policy.simulation import Reading, ladder
from policy.types import TypePolicy

IN_APP, EMAIL, SMS = Channel.IN_APP, Channel.EMAIL, Channel.SMS
BERLIN, KOLKATA = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kolkata")
HOURLY = OwnDigest(frequency=DigestFrequency.HOURLY)
DAILY = OwnDigest(frequency=DigestFrequency.DAILY, at=time(9))
NEVER_QUIET = QuietHours()
NIGHTS = QuietHours(tuple(QuietSpan(day, time(22), time(7, 30)) for day in range(7)))
MORNINGS = QuietHours(tuple(QuietSpan(day, time(8), time(10)) for day in range(7)))


def at(moment: str) -> datetime:
    """In UTC, of a June in which nothing happens to any clock, unless the date is given."""
    return datetime.fromisoformat(f"{moment if 'T' in moment else f'2026-06-{moment}'}Z".replace(" ", "T"))


@pytest.mark.parametrize(
    ("choice", "hours", "now", "closes"),
    [
        (HOURLY, NEVER_QUIET, "10 12:00", "10 13:00"),
        (HOURLY, NEVER_QUIET, "10 12:59", "10 13:00"),
        (HOURLY, NEVER_QUIET, "10 23:01", "11 00:00"),
        (replace(HOURLY, zone=KOLKATA), NEVER_QUIET, "10 12:00", "10 12:30"),
        (DAILY, NEVER_QUIET, "10 08:59", "10 09:00"),
        (DAILY, NEVER_QUIET, "10 09:00", "11 09:00"),
        (replace(DAILY, zone=BERLIN), NEVER_QUIET, "10 06:59", "10 07:00"),
        # Berlin's clocks go forward on 28 March 2027 and back on 31 October.
        (replace(DAILY, zone=BERLIN), NEVER_QUIET, "2027-03-27T08:00", "2027-03-28T07:00"),
        (replace(DAILY, zone=BERLIN), NEVER_QUIET, "2027-10-30T07:00", "2027-10-31T08:00"),
        # A night is told in one, at its end.
        (HOURLY, NIGHTS, "10 20:59", "10 21:00"),
        (HOURLY, NIGHTS, "10 21:30", "11 07:30"),
        (HOURLY, NIGHTS, "11 03:10", "11 07:30"),
        (HOURLY, NIGHTS, "11 07:29", "11 07:30"),
        (HOURLY, NIGHTS, "11 07:30", "11 08:00"),
        (DAILY, MORNINGS, "10 07:00", "10 10:00"),
        (DAILY, MORNINGS, "10 09:30", "10 10:00"),
        (DAILY, MORNINGS, "10 10:00", "11 10:00"),
    ],
)
def test_it_comes(choice: OwnDigest, hours: QuietHours, now: str, closes: str) -> None:
    assert own_closes_at(choice, hours=hours, now=at(now)) == at(closes)


@pytest.mark.parametrize("hours", [NEVER_QUIET, NIGHTS, MORNINGS], ids=["never", "nights", "mornings"])
@pytest.mark.parametrize("choice", [HOURLY, DAILY, replace(DAILY, at=time(2, 30), zone=BERLIN)])
def test_until_it_comes_the_answer_stays_the_same(choice: OwnDigest, hours: QuietHours) -> None:
    now = datetime(2027, 3, 26, 12, 1, tzinfo=UTC)
    closes = own_closes_at(choice, hours=hours, now=now)
    for _ in range(4 * 24 * 6):
        now += timedelta(minutes=10)
        if now >= closes:
            before, closes = closes, own_closes_at(choice, hours=hours, now=now)
            assert closes > before
        assert own_closes_at(choice, hours=hours, now=now) == closes


NOON, ONE = at("10 12:20"), at("10 13:00")
EMAILED = Situation(
    channel=EMAIL,
    policy=TypePolicy(display="Some", default_channels=(IN_APP, EMAIL)),
    preferences=Preferences(),
    has_address=True,
    priority=Priority.HIGH,
    own_digest=HOURLY,
)
GATHERED = Wait(ONE, WaitReason.OWN_DIGEST)
WAITING = replace(EMAILED, gathered_until=ONE)
SENT = Go(Rule.TYPE_DEFAULT)
LATE = ONE + timedelta(minutes=7)


@pytest.mark.parametrize(
    ("situation", "now", "step"),
    [
        (EMAILED, NOON, GATHERED),
        (replace(EMAILED, channel=IN_APP), NOON, SENT),
        (replace(EMAILED, priority=Priority.URGENT), NOON, SENT),
        (
            replace(EMAILED, policy=replace(EMAILED.policy, required=frozenset({EMAIL}))),
            NOON,
            Go(Rule.TYPE_REQUIRES),
        ),
        (replace(EMAILED, goes_alone=True), NOON, SENT),
        (replace(EMAILED, is_digest=True), NOON, SENT),
        (replace(EMAILED, own_digest=OwnDigest()), NOON, SENT),
        # What is not wanted waits for nothing; a digest was decided about entry by entry.
        (replace(EMAILED, preferences=Preferences(overall={EMAIL: False})), NOON, Skip(Rule.GLOBAL_OFF)),
        (replace(EMAILED, is_digest=True, preferences=Preferences(overall={EMAIL: False})), NOON, SENT),
        (
            replace(EMAILED, is_digest=True, preferences=Preferences(opted_out=frozenset({EMAIL}))),
            NOON,
            Skip(Rule.OPTED_OUT),
        ),
        # What would be worth nothing in the digest goes by itself.
        (replace(EMAILED, expires_at=ONE), NOON, SENT),
        (replace(EMAILED, expires_at=ONE + timedelta(seconds=1)), NOON, GATHERED),
        (replace(EMAILED, expires_at=NOON), NOON, Skip(Reason.EXPIRED)),
        # First its time and its being unread.
        (replace(EMAILED, scheduled_for=LATE), NOON, Wait(LATE, WaitReason.SCHEDULED)),
        (
            replace(EMAILED, published_at=NOON, escalates_after_seconds=60),
            NOON,
            Wait(NOON + timedelta(minutes=1), WaitReason.UNLESS_READ),
        ),
        # While it is gathered.
        (WAITING, NOON, GATHERED),
        (replace(WAITING, read_at=NOON), NOON, Skip(Reason.ALREADY_READ)),
        (replace(WAITING, own_digest=OwnDigest()), NOON, SENT),
        (replace(WAITING, own_digest=OwnDigest(), read_at=NOON), NOON, Skip(Reason.ALREADY_READ)),
        (replace(WAITING, own_digest=DAILY), NOON, Wait(at("11 09:00"), WaitReason.OWN_DIGEST)),
        # Whoever closes its window is late: it belongs to that one still.
        (WAITING, LATE, GATHERED),
        (replace(WAITING, expires_at=LATE), LATE, Skip(Reason.EXPIRED)),
    ],
)
def test_what_may_wait_is_gathered(situation: Situation, now: datetime, step: Step) -> None:
    assert next_step(situation, now=now) == step


@pytest.mark.parametrize(
    ("step", "holds"),
    [
        (GATHERED, True),
        (Skip(Reason.ALREADY_READ), True),
        (Skip(Rule.GLOBAL_OFF), False),
        (SENT, False),
        (Wait(at("11 09:00"), WaitReason.OWN_DIGEST), False),
        (Wait(ONE, WaitReason.QUIET_HOURS), False),
    ],
)
def test_a_change_of_mind_reaches_what_is_gathered(step: Step, holds: bool) -> None:  # noqa: FBT001
    assert still_holds(GATHERED, step) is holds


@pytest.mark.parametrize(
    ("reading", "last"),
    [(Reading(), (ONE, SENT)), (Reading(after_seconds=60), (ONE, Skip(Reason.ALREADY_READ)))],
)
def test_a_simulation_ends_with_the_digest(reading: Reading, last: tuple[datetime, Step]) -> None:
    in_app = replace(EMAILED, channel=IN_APP)
    walk = ladder(in_app, [IN_APP, EMAIL], has_address=lambda _: True, escalation={}, reading=reading, now=NOON)
    assert [(rung.at, rung.step) for rung in walk.rungs[EMAIL]] == [(NOON, GATHERED), last]
