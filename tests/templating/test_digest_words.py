"""What a digest says."""

import pytest

from notifications.contracts import limits
from templating.composing import Words
from templating.digesting import digest_words, shortened


def test_one_entry_says_what_it_would_have_said_by_itself() -> None:
    alone = Words("A booking", "Ada\nhas booked.")
    assert digest_words([alone], total=1) == alone


def test_several_entries_are_a_line_each() -> None:
    words = digest_words([Words("Second", "Two\nlines."), Words("First", "One.")], total=2)
    assert words == Words("2 new notifications", "• Second: Two lines.\n• First: One.")


def test_what_is_not_listed_is_counted() -> None:
    words = digest_words([Words("Newest", "Here.")], total=1_000)
    assert words == Words("1000 new notifications", "• Newest: Here.\n… and 999 more")


@pytest.mark.parametrize("letter", ["x", "☀"])
def test_the_longest_entries_fit(letter: str) -> None:
    longest = Words(letter * limits.TITLE_CHARS, letter * limits.MESSAGE_CHARS)
    words = digest_words([longest] * limits.DIGEST_ENTRIES, total=limits.DIGEST_COUNT * 100)
    listed = words.body.count("•")
    assert len(words.body) <= limits.MESSAGE_CHARS
    assert words.body.endswith(f"… and {limits.DIGEST_COUNT * 100 - listed} more")
    assert listed > 1


def test_a_message_is_shortened_to_a_line() -> None:
    assert shortened("a\r\n\tb ") == "a b"
    assert len(shortened("x" * 5_000)) == limits.DIGEST_ENTRY_CHARS
