"""The sentences: what the marketplace tells its people, before and while somebody watches.

Nothing in a sample story depends on the clock or on chance: its key stands for exactly these words, so that loading
it twice is the same notification.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypedDict

from demo.bookings import BOOKINGS, Booking
from demo.people import PEOPLE, Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One notification to be: for whom, in which words, over which channels."""

    user: str
    notification_type: str
    title: str
    message: str
    channels: tuple[str, ...]
    key: str | None = None
    booking_id: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


class _About(TypedDict):
    booking_id: str
    metadata: Mapping[str, str]


def _about(booking: Booking) -> _About:
    return {
        "booking_id": booking.id,
        "metadata": {
            "client_name": booking.client.name,
            "practitioner_name": booking.practitioner.name,
            "service_name": booking.service,
            "booking_time": booking.when,
            "place": booking.place,
        },
    }


def _to_client(kind: str, title: str, message: str, *channels: str, booking: Booking) -> Story:
    return Story(
        user=booking.client_user,
        notification_type=kind,
        title=title,
        message=message,
        channels=("in_app", *channels),
        **_about(booking),
    )


def _to_practitioner(kind: str, title: str, message: str, *channels: str, booking: Booking) -> Story:
    return replace(_to_client(kind, title, message, *channels, booking=booking), user=booking.practitioner_user)


def _life_of(booking: Booking) -> list[Story]:
    """Everything that one booking gives rise to, in the order in which it happens."""
    b, client, practitioner = booking, booking.client, booking.practitioner
    told = [
        _to_client(
            "booking",
            f"You are booked with {practitioner.first_name}",
            f"{b.service}, {b.when}, {b.place}. Plans change; you can move it until the evening before.",
            "email",
            booking=b,
        ),
        _to_practitioner(
            "booking",
            f"{client.first_name} booked {b.service}",
            f"{b.when}, {b.place}. It is in your calendar already.",
            "email",
            "push",
            booking=b,
        ),
        _to_client(
            "payment",
            f"Receipt: {b.price} for {b.service}",
            f"Thank you. {practitioner.name} is paid once the session has taken place.",
            "email",
            booking=b,
        ),
        _to_client("message", f"{practitioner.first_name} wrote to you", b.note, "push", booking=b),
        _to_practitioner("message", f"{client.first_name} replied", b.answer, "push", booking=b),
        _to_client(
            "reminder",
            f"Soon: {b.service}",
            f"{b.when} with {practitioner.name}, {b.place}. Take the time to arrive.",
            "sms",
            "push",
            booking=b,
        ),
        _to_client(
            "session",
            f"How was it with {practitioner.first_name}?",
            f"Notes from {b.service} are in your journal. A line of thanks or advice helps others to choose.",
            "email",
            booking=b,
        ),
        _to_practitioner(
            "review",
            f"{client.first_name} left {b.stars} stars",
            f"“{b.review}”",  # typographic quotes: it is a person who speaks
            "email",
            "push",
            booking=b,
        ),
        _to_practitioner(
            "payment",
            f"{b.price} is on its way to you",
            f"For {b.service} with {client.name}. Banks usually need one working day.",
            "email",
            booking=b,
        ),
    ]
    return [replace(story, key=f"sample:{story.user}-{b.id}-{step}") for step, story in enumerate(told, start=1)]


def _welcome(person: Person) -> Story:
    return Story(
        user=person.user,
        notification_type="system",
        title="New at Estuary this month",
        message=(
            "Your journal now keeps the notes from every session in one place, for your eyes only."
            if person.role == "Client"
            else "Your calendar can now keep a quarter of an hour free between sessions, so that you may breathe too."
        ),
        channels=("in_app", "email"),
        key=f"sample:{person.user}-news-1",
    )


SAMPLE = (*map(_welcome, PEOPLE), *(story for booking in BOOKINGS for story in _life_of(booking)))


def _running_late(b: Booking) -> Story:
    return _to_client(
        "message",
        f"{b.practitioner.first_name} is five minutes late",
        "The session before ran over. Put the kettle on; your full time stays yours.",
        "push",
        booking=b,
    )


def _thank_you(b: Booking) -> Story:
    return _to_practitioner(
        "message",
        f"A word from {b.client.first_name}",
        "Still feeling yesterday, in the best way. Thank you!",
        booking=b,
    )


def _moved(b: Booking) -> Story:
    return _to_client(
        "booking",
        f"{b.service} starts half an hour later",
        f"{b.practitioner.name} moved {b.when} by thirty minutes. If that does not suit you, cancelling is free.",
        "email",
        "push",
        booking=b,
    )


def _booked_again(b: Booking) -> Story:
    return _to_practitioner(
        "booking",
        f"{b.client.first_name} would like to come again",
        f"Another {b.service}, same time next week. Accept it with one tap.",
        "email",
        "push",
        booking=b,
    )


def _refund(b: Booking) -> Story:
    return _to_client(
        "payment",
        f"{b.price} is coming back to you",
        f"{b.practitioner.name} had to cancel one date of {b.service}. The refund takes two to three days.",
        "email",
        booking=b,
    )


def _starting(b: Booking) -> Story:
    return _to_client(
        "session", f"The room for {b.service} is open", f"{b.practitioner.name} is there already.", "push", booking=b
    )


def _recording(b: Booking) -> Story:
    return _to_client(
        "session",
        f"The recording of {b.service} is ready",
        "It stays in your journal for thirty days. The first minutes are silence, on purpose.",
        "email",
        booking=b,
    )


def _tonight(b: Booking) -> Story:
    return _to_client(
        "reminder", f"Something small for tonight, from {b.practitioner.first_name}", b.note, "sms", "push", booking=b
    )


def _new_review(b: Booking) -> Story:
    return _to_practitioner("review", f"{b.stars} stars for {b.service}", f"“{b.review}”", "email", "push", booking=b)


def _quiet_night(b: Booking) -> Story:
    return _to_practitioner(
        "system",
        "A short pause tonight",
        "Payouts rest from 02:00 to 02:20 UTC while we move them to newer machines. Bookings go on as ever.",
        "email",
        booking=b,
    )


MOMENTS: tuple[Callable[[Booking], Story], ...] = (
    _running_late,
    _thank_you,
    _moved,
    _booked_again,
    _refund,
    _starting,
    _recording,
    _tonight,
    _new_review,
    _quiet_night,
)
"""What may happen to any booking while somebody watches."""
