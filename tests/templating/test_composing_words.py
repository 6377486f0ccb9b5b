"""What a notification says on each of its channels."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from notifications.contracts.building import build_request
from notifications.contracts.errors import InvalidNotification
from notifications.contracts.vocabulary import Channel, NotificationType
from templating.composing import Words, compose
from templating.defaults import DEFAULT_TEMPLATES, DefaultTemplate
from templating.renderer import render

IN_APP, EMAIL, SMS, PUSH = Channel


def composed(templates: Mapping[Channel, Words], channels: list[Channel], **metadata: Any) -> dict[Channel, Words]:
    request = build_request(user="ada", notification_type="system", template_key="a.key", metadata=metadata)
    return compose(request, templates, channels=channels, recipient_name="Ada")


def errors(templates: Mapping[Channel, Words], channels: list[Channel], **metadata: Any) -> dict[str, list[str]]:
    with pytest.raises(InvalidNotification) as refused:
        composed(templates, channels, **metadata)
    return refused.value.errors


def test_without_a_template_every_channel_says_the_callers_words() -> None:
    request = build_request(user="ada", notification_type="system", title="T", message="M {{ x }}")
    assert compose(request, {}, channels=[EMAIL], recipient_name="Ada") == dict.fromkeys(
        [IN_APP, EMAIL], Words("T", "M {{ x }}")
    )


def test_in_app_words_are_always_there_for_lists_to_show() -> None:
    assert composed({IN_APP: Words("s", "b")}, [EMAIL]).keys() == {IN_APP, EMAIL}


def test_a_channel_with_a_template_of_its_own_uses_it() -> None:
    words = composed({IN_APP: Words("s", "b"), EMAIL: Words("es", "eb")}, [IN_APP, EMAIL])
    assert words[EMAIL] == Words("es", "eb")


def test_a_channel_without_a_template_uses_the_in_app_one() -> None:
    assert composed({EMAIL: Words("es", "eb"), IN_APP: Words("s", "b")}, [SMS])[SMS] == Words("s", "b")


def test_without_an_in_app_template_the_one_that_exists_is_used() -> None:
    assert composed({EMAIL: Words("es", "eb")}, [PUSH]) == dict.fromkeys([IN_APP, PUSH], Words("es", "eb"))


def test_the_recipients_name_is_a_variable() -> None:
    assert composed({IN_APP: Words("{{ recipient_name }}", "b")}, [])[IN_APP].subject == "Ada"


def test_the_metadata_may_overrule_the_recipients_name() -> None:
    words = composed({IN_APP: Words("{{ recipient_name }}", "b")}, [], recipient_name="Dr. Ada")
    assert words[IN_APP].subject == "Dr. Ada"


def test_an_unknown_template_is_named() -> None:
    assert errors({}, []) == {"template_key": ["There is no active template 'a.key'."]}


def test_a_missing_variable_is_named() -> None:
    assert errors({IN_APP: Words("s", "{{ amount }}")}, []) == {"metadata": ["The variable 'amount' is missing."]}


def test_a_variable_missing_on_one_channel_alone_is_an_error_too() -> None:
    templates = {IN_APP: Words("s", "b"), EMAIL: Words("s", "{{ amount }}")}
    assert errors(templates, [EMAIL]) == {"metadata": ["The variable 'amount' is missing."]}


@pytest.mark.parametrize("line_break", ["\n", "\r", "\r\n", "\x0b", "\x7f"])
def test_a_line_break_in_a_subject_is_refused(line_break: str) -> None:
    told = errors({IN_APP: Words("{{ x }}", "b")}, [], x=f"a{line_break}b")
    assert told == {"metadata": ["A variable puts a line break into the subject."]}


def test_a_line_break_in_a_body_is_fine() -> None:
    assert composed({IN_APP: Words("s", "{{ x }}")}, [], x="a\nb")[IN_APP].body == "a\nb"


def test_a_subject_that_grows_too_long_is_refused() -> None:
    assert "200 characters" in errors({IN_APP: Words("{{ x }}", "b")}, [], x="x" * 201)["metadata"][0]


LISTS = {"by_type": [{"display": "Booking", "total": 2}], "newest": [{"title": "Yoga"}]}
"""What a template goes through in a loop."""


@pytest.mark.parametrize("template", DEFAULT_TEMPLATES, ids=lambda each: f"{each.key}-{each.channel}")
def test_a_default_template_renders_with_the_variables_it_names(template: DefaultTemplate) -> None:
    text = template.subject + template.body
    variables = {name: f"<{name}>" for name in re.findall(r"{{ (\w+) }}", text)}
    shown = render(text, LISTS | variables, most_chars=5_000)
    assert all(value in shown for value in variables.values())


def test_there_is_a_default_template_for_every_type() -> None:
    assert {template.notification_type for template in DEFAULT_TEMPLATES} == set(NotificationType)


def test_every_default_key_has_an_in_app_text() -> None:
    in_app = {template.key for template in DEFAULT_TEMPLATES if template.channel is IN_APP}
    assert in_app == {template.key for template in DEFAULT_TEMPLATES}


def test_no_default_template_is_there_twice() -> None:
    assert len({(template.key, template.channel) for template in DEFAULT_TEMPLATES}) == len(DEFAULT_TEMPLATES)
