"""No rule or reason is left without its sentence."""

import pytest

from policy.channels import Rule
from policy.explaining import explanation
from policy.planning import WaitReason
from policy.retries import Outcome, Reason


@pytest.mark.parametrize("word", [*Rule, *WaitReason, *Outcome, *Reason], ids=str)
def test_every_word_has_its_sentence(word: str) -> None:
    sentence = explanation(word)
    assert sentence is not None
    assert sentence.endswith(".")


def test_an_unknown_word_has_none() -> None:
    assert explanation("no such word") is None
    assert explanation(None) is None
