"""Templates: strict about what is missing, closed to everything else, bounded in what they produce."""

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from templating.renderer import TEMPLATE_CHARS, TemplateFault, check, render

PLAIN = {"name": "Ada", "items": ["a", "b"], "n": 7, "deep": {"er": 1}, "nothing": None}


def fault(template: str, variables: dict[str, Any] | None = None, *, most_chars: int = 5_000) -> str:
    with pytest.raises(TemplateFault) as raised:
        render(template, PLAIN if variables is None else variables, most_chars=most_chars)
    return str(raised.value)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("Hello {{ name }}!", "Hello Ada!"),
        ("{{ name|upper }} {{ name|lower|title }}", "ADA Ada"),
        ("{% if n > 5 %}many{% else %}few{% endif %}", "many"),
        ("{% for item in items %}{{ loop.index }}{{ item }}{% endfor %}", "1a2b"),
        ("{{ items|join(', ') }}", "a, b"),
        ("{{ [deep, deep]|join(', ', attribute='er') }}", "1, 1"),
        ("{{ missing|default('nobody') }}", "nobody"),
        ("{{ deep.er }}{{ deep['er'] }}", "11"),
        ("<b>{{ name }}</b>\n", "<b>Ada</b>\n"),
        ("{{ '{{ name }}' }}", "{{ name }}"),
        ("{# a remark #}", ""),
        ("", ""),
    ],
)
def test_a_template_shows_its_variables(template: str, text: str) -> None:
    assert render(template, PLAIN, most_chars=5_000) == text


@pytest.mark.parametrize(
    ("template", "named"),
    [
        ("{{ other }}", "other"),
        ("{{ name }} {{ other }}", "other"),
        ("{{ deep.other }}", "other"),
        ("{{ deep['other'] }}", "other"),
        ("{% if other %}{% endif %}", "other"),
        ("{% for x in other %}{% endfor %}", "other"),
        ("{{ other|upper }}", "other"),
    ],
)
def test_a_missing_variable_is_named(template: str, named: str) -> None:
    assert fault(template) == f"The variable '{named}' is missing."


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__ }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ name['__class__'] }}",
        "{{ deep.__init__.__globals__ }}",
        "{{ ''['__cla' 'ss__'] }}",
        "{{ name|attr('__class__') }}",
        "{{ [deep]|join(',', '__class__') }}",
        "{{ [deep]|sum('__class__') }}",
        "{{ self._TemplateReference__context }}",
        "{{ cycler }}",
        "{{ lipsum }}",
        "{{ config }}",
        "{{ range }}",
    ],
)
def test_no_attribute_or_name_leads_out_of_the_variables(template: str) -> None:
    assert fault(template)


@pytest.mark.parametrize(
    "template",
    [
        "{{ name.upper() }}",
        "{{ range(10) }}",
        "{{ items.append(1) }}",
        "{{ '{0.__class__}'.format(name) }}",
        "{{ deep.items() }}",
        "{% for x in items recursive %}{{ loop(items) }}{% endfor %}",
        "{% for x in items %}{{ loop.cycle(1) }}{% endfor %}",
        "{{ super() }}",
    ],
)
def test_calls_are_refused(template: str) -> None:
    assert "calls are not available" in fault(template)


@pytest.mark.parametrize(
    "template",
    ["{{ 'a' * 9 }}", "{{ 9 ** 9 }}", "{{ n + 1 }}", "{{ name ~ name }}", "{{ '%9s' % name }}", "{{ [items] * n }}"],
)
def test_operators_that_grow_a_value_are_refused(template: str) -> None:
    assert "operators" in fault(template)


@pytest.mark.parametrize(
    "template",
    [
        "{% set x = 1 %}",
        "{% set x %}{{ name }}{% endset %}",
        "{% macro m() %}{% endmacro %}",
        "{% include 'other' %}",
        "{% import 'other' as o %}",
        "{% extends 'other' %}",
        "{% block b %}{% endblock %}",
        "{% with x = 1 %}{% endwith %}",
        "{% filter upper %}{% endfilter %}",
    ],
)
def test_statements_but_if_and_for_are_refused(template: str) -> None:
    assert fault(template)


def test_nested_loops_are_refused() -> None:
    template = "{% for x in items %}{% for y in items %}{% endfor %}{% endfor %}"
    assert "loops may not be nested" in fault(template)


@pytest.mark.parametrize(
    "template",
    [
        "{{ items|join(name) }}",
        "{{ items|join(d=name) }}",
        "{{ items|join(*items) }}",
        "{{ items|join('a')|join('b') }}",
        "{{ [items|join('a'), 'x']|join('b') }}",
        "{{ items|join('" + "x" * 51 + "') }}",
    ],
)
def test_a_join_that_multiplies_is_refused(template: str) -> None:
    assert "join takes" in fault(template)


@pytest.mark.parametrize("filter", ["center", "replace", "format", "indent", "wordwrap", "tojson", "map", "batch"])
def test_filters_that_are_not_listed_do_not_exist(filter: str) -> None:
    assert f"No filter named '{filter}'" in fault(f"{{{{ name|{filter} }}}}")


def test_long_output_is_stopped() -> None:
    assert fault("{{ text }}", {"text": "x" * 5_001}) == "The text grows beyond 5000 characters."


def test_output_of_exactly_the_bound_passes() -> None:
    assert len(render("{{ text }}", {"text": "x" * 5_000}, most_chars=5_000)) == 5_000


def test_output_that_a_loop_multiplies_is_stopped_early() -> None:
    started = time.perf_counter()
    variables = {"items": list(range(4_000)), "text": "x" * 4_000}
    fault("{% for item in items %}" + "{{ text }}" * 100 + "{% endfor %}", variables)
    assert time.perf_counter() - started < 0.5


@pytest.mark.parametrize("template", ["{{ '\\x00' }}", "{{ '\\ud800' }}", "\0", "{{ lone }}"])
def test_what_postgresql_cannot_store_is_a_fault(template: str) -> None:
    assert fault(template, {"lone": "\udfff"}) == "The text holds a character that cannot be stored."


def test_a_template_that_is_too_long_is_refused() -> None:
    assert fault("x" * (TEMPLATE_CHARS + 1)) == f"A template has at most {TEMPLATE_CHARS} characters."


@pytest.mark.parametrize(
    "template",
    ["{{ 1 / 0 }}", "{{ name - 1 }}", "{{ n|first }}", "{{ items|sum }}", "{{ 1 < name }}", "{{ items|sort > 1 }}"],
)
def test_what_cannot_be_computed_is_a_fault_that_quotes_no_value(template: str) -> None:
    assert "Ada" not in fault(template)


@pytest.mark.parametrize(("template", "line"), [("{{ name", 1), ("\n{% if %}", 2), ("{% for %}", 1), ("{{ }}", 1)])
def test_bad_syntax_is_a_fault_at_its_line(template: str, line: int) -> None:
    assert fault(template).startswith(f"Line {line}: ")


@pytest.mark.parametrize(
    "template",
    [
        "{{ " + "(" * 3_000 + "a" + ")" * 3_000 + " }}",
        "{{ a" + ".b" * 4_000 + " }}",
        "{% if a %}" * 400 + "{% endif %}" * 400,
        "{{ " + "not " * 2_000 + "a }}",
        "{{ " + "[" * 250 + "]" * 250 + " }}",
    ],
)
def test_nesting_without_end_is_a_fault(template: str) -> None:
    assert "nested too deeply" in fault(template)


def test_a_template_can_be_checked_without_variables() -> None:
    with pytest.raises(TemplateFault):
        check("{{ name.upper() }}")


@pytest.mark.parametrize("template", ["\n{{ ''.__class__ }}", "\n{{ deep['__init__'] }}", "\n{{ self._context }}"])
def test_a_way_into_pythons_insides_is_refused_before_there_are_variables(template: str) -> None:
    with pytest.raises(TemplateFault, match="Line 2: what begins with _"):
        check(template)


@pytest.mark.parametrize(
    "template",
    [
        "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}",
        "{{ " + "not " * 2000 + "name }}",
        "{{ name" + "|upper" * 1500 + " }}",
        "{{ deep" + ".er" * 3000 + " }}",
        "{% if n %}" * 150 + "{% endif %}" * 150,
    ],
    ids=["parentheses", "not", "filters", "attributes", "ifs"],
)
def test_depth_beyond_pythons_own_is_a_fault(template: str) -> None:
    assert fault(template) == "The template is nested too deeply."


def test_a_number_beyond_pythons_own_is_a_fault() -> None:
    assert fault("{{ " + "9" * 5000 + " }}") == "The template holds a number with too many digits."


def test_a_variable_that_looks_like_a_template_is_only_text() -> None:
    assert render("{{ name }}", {"name": "{{ secret }}"}, most_chars=100) == "{{ secret }}"


@settings(max_examples=300)
@given(template=st.text(alphabet="{}%|.'\" ()[]*+~adeinormst_123,:=-<>#", max_size=60))
def test_any_template_renders_or_is_at_fault(template: str) -> None:
    try:
        text = render(template, PLAIN, most_chars=200)
    except TemplateFault:
        return
    assert len(text) <= 200
