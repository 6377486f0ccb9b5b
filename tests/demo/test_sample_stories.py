from demo.bookings import BOOKINGS
from demo.people import PEOPLE, PEOPLE_BY_USER
from demo.stories import MOMENTS, SAMPLE
from notifications.contracts.building import build_request
from notifications.contracts.vocabulary import NotificationType

ALL_STORIES = [*SAMPLE, *(moment(booking) for moment in MOMENTS for booking in BOOKINGS)]


def test_every_story_is_one_that_the_service_accepts() -> None:
    for story in ALL_STORIES:
        build_request(
            user=story.user,
            notification_type=story.notification_type,
            title=story.title,
            message=story.message,
            delivery_channels=story.channels,
            metadata=story.metadata,
            notification_key=story.key,
        )


def test_every_sample_story_has_a_key_of_its_own() -> None:
    keys = {story.key for story in SAMPLE}
    assert None not in keys
    assert len(keys) == len(SAMPLE)


def test_a_live_story_has_no_key_so_that_it_may_happen_again() -> None:
    assert {moment(BOOKINGS[0]).key for moment in MOMENTS} == {None}


def test_everybody_has_an_inbox_and_every_type_occurs() -> None:
    assert {story.user for story in SAMPLE} == set(PEOPLE_BY_USER)
    assert {story.notification_type for story in SAMPLE} == set(NotificationType)


def test_people_differ_in_how_they_can_be_reached() -> None:
    assert [person.user for person in PEOPLE if person.email is None] == ["rosa"]
    assert any(person.phone is None for person in PEOPLE)
    assert any(not person.push_tokens for person in PEOPLE)
