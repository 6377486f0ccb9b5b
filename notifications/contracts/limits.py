"""How large anything from outside may be. One place, quoted by the errors and the OpenAPI document."""

USER_CHARS = 128
TITLE_CHARS = 200
MESSAGE_CHARS = 5_000
KEY_CHARS = 255
OBJECT_CHARS = 100
METADATA_BYTES = 16 * 1024
METADATA_DEPTH = 6
IDS_PER_CALL = 500
RELATED_PER_CALL = 100
"""Of what waits about an object; each is changed by its own workflow."""
QUIET_SPANS_PER_DAY = 6
DAILY_LIMIT = 1_000
SEQ = 2**63 - 1
"""The last that PostgreSQL can count to."""
YEARS = range(1970, 2200)
"""Of an instant to wait for. A Temporal timer ends after 292 years, and Python's and PostgreSQL's calendars differ."""
USERS_PER_BATCH = 10_000
BATCH_BYTES = 1_000_000
"""A batch's users as JSON; Temporal takes two megabytes at once."""
ACCEPT_SECONDS = 2.0
"""How long a caller waits for the first step before it is told 'accepted, visible soon'."""
WAIT_SECONDS = 30 * 24 * 3600
"""How long an escalation may wait for a notification to be read."""
SNOOZE_SECONDS = 366 * 24 * 3600
"""How long a notification may sleep."""
CHANGE_SECONDS = 35.0
"""How long a change may take: a provider that is being asked at that moment is waited for."""
ANCHOR_CHARS = 100
OFFSET_SECONDS = 366 * 24 * 3600
"""How far before or after the start a reminder may fire."""
OFFSETS_PER_CALL = 20
REMINDERS_PER_ANCHOR = 2_000
ANCHOR_SECONDS = 10.0
"""How long a call on an anchor is waited for."""
URL_CHARS = 2_000
DIGEST_SECONDS = 31 * 24 * 3600
"""How long a digest may gather."""
DIGEST_COUNT = 1_000
DIGEST_ENTRIES = 20
"""Of a digest's entries the newest so many are told one by one, the others by their number."""
DIGEST_ENTRY_CHARS = 200
"""So much of an entry's message is in its digest."""
