"""Every notification type is declared in full."""

import pytest

from notifications.contracts.vocabulary import EXTERNAL_CHANNELS, NotificationType
from policy.types import policy_of


@pytest.mark.parametrize("kind", NotificationType)
def test_a_type_has_a_policy_with_a_name_for_people(kind: NotificationType) -> None:
    assert policy_of(kind).display == kind.title()


@pytest.mark.parametrize("kind", NotificationType)
def test_a_type_has_default_channels_each_once(kind: NotificationType) -> None:
    channels = policy_of(kind).default_channels
    assert len(channels) == len(set(channels)) > 0


@pytest.mark.parametrize("kind", NotificationType)
def test_a_type_sends_nothing_by_default_that_it_forbids(kind: NotificationType) -> None:
    assert not policy_of(kind).forbidden & set(policy_of(kind).default_channels)


@pytest.mark.parametrize("kind", NotificationType)
def test_a_type_requires_nothing_that_it_forbids(kind: NotificationType) -> None:
    assert not policy_of(kind).forbidden & policy_of(kind).required


@pytest.mark.parametrize("kind", NotificationType)
def test_a_type_has_a_deadline_for_every_external_channel(kind: NotificationType) -> None:
    assert policy_of(kind).deadline_seconds.keys() == set(EXTERNAL_CHANNELS)


@pytest.mark.parametrize("kind", NotificationType)
def test_a_types_deadlines_leave_room_for_a_retry(kind: NotificationType) -> None:
    assert min(policy_of(kind).deadline_seconds.values()) >= 600


@pytest.mark.parametrize("kind", NotificationType)
def test_a_type_is_kept_for_a_month_at_least(kind: NotificationType) -> None:
    assert policy_of(kind).retention_days >= 30
