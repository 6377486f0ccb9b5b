"""The templates that a new installation starts with: at least one for each notification type.

A channel without a template of its own uses the in-app one. Variables are the notification's metadata;
`recipient_name` is always there.
"""

from dataclasses import dataclass

from notifications.contracts.vocabulary import Channel, NotificationType


@dataclass(frozen=True, slots=True)
class DefaultTemplate:
    key: str
    name: str
    notification_type: NotificationType
    channel: Channel
    subject: str
    body: str


def _template(key: str, name: str, subject: str, body: str, *, email: str = "", sms: str = "") -> list[DefaultTemplate]:
    kind = NotificationType(key.split(".", maxsplit=1)[0])
    texts = {Channel.IN_APP: body, Channel.EMAIL: email, Channel.SMS: sms}
    return [
        DefaultTemplate(key, name, kind, channel, subject if channel is not Channel.SMS else "", text)
        for channel, text in texts.items()
        if text
    ]


DEFAULT_TEMPLATES: tuple[DefaultTemplate, ...] = (
    *_template(
        "booking.confirmed",
        "Booking confirmed",
        "{{ service_name }} is booked",
        "{{ service_name }} with {{ practitioner_name }} is confirmed for {{ booking_time }}.",
        email=(
            "Hello {{ recipient_name }},\n\nyour {{ service_name }} with {{ practitioner_name }} is confirmed for "
            "{{ booking_time }}.\n\nWe look forward to seeing you."
        ),
        sms="{{ service_name }} with {{ practitioner_name }} is confirmed: {{ booking_time }}.",
    ),
    *_template(
        "booking.cancelled",
        "Booking cancelled",
        "{{ service_name }} is cancelled",
        "{{ service_name }} with {{ practitioner_name }} on {{ booking_time }} has been cancelled.",
    ),
    *_template(
        "payment.received",
        "Payment received",
        "We have received {{ amount }}",
        "Your payment of {{ amount }} for {{ service_name }} has arrived. Thank you.",
    ),
    *_template(
        "payment.payout_failed",
        "Payout failed",
        "Your payout of {{ amount }} did not go through",
        "The bank returned your payout of {{ amount }}. Please check your bank details; we try again tomorrow.",
    ),
    *_template(
        "session.starting",
        "Session starting",
        "{{ service_name }} is starting",
        "{{ practitioner_name }} is ready for you. Come in whenever you like.",
    ),
    *_template(
        "review.received",
        "New review",
        "{{ client_name }} has left a review",
        "{{ client_name }} gave {{ rating }} of 5 for {{ service_name }}.",
    ),
    *_template("system.announcement", "Announcement", "{{ headline }}", "{{ announcement }}"),
    *_template(
        "message.received",
        "New message",
        "{{ sender_name }} has written to you",
        "{{ preview }}",
    ),
    *_template(
        "reminder.session",
        "Session reminder",
        "{{ service_name }} at {{ starts_at }}",
        "{{ service_name }} with {{ practitioner_name }} starts at {{ starts_at }}.",
        sms="Reminder: {{ service_name }} with {{ practitioner_name }} at {{ starts_at }}.",
    ),
    *_template(
        "reminder.weekly_summary",
        "Weekly summary",
        "{{ unread }} unread notification{% if unread != 1 %}s{% endif %}",
        "{% for each in by_type %}{{ each.display }}: {{ each.total }}\n{% endfor %}\n"
        "The newest:\n{% for each in newest %}• {{ each.title }}\n{% endfor %}",
    ),
)
