from pathlib import Path

import pytest
from supervising import SECRET, whole_table

from deploy.local.layout import PORTS, Layout
from deploy.local.process import StackError
from deploy.local.processes import product_environment, selected
from settings import Settings


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(root=tmp_path, ports={"edge": 8000, **{name: 20000 + number for number, name in enumerate(PORTS)}})


def product(layout: Layout, **outside: str) -> dict[str, str]:
    return product_environment(layout, secrets=SECRET, database_url="postgresql+psycopg://x", outside=outside)


def test_what_a_process_needs_comes_before_it(layout: Layout) -> None:
    before: set[str] = set()
    for process in whole_table(layout).values():
        assert before.issuperset(process.needs), process.name
        before.add(process.name)


def test_choosing_a_process_brings_what_it_needs(layout: Layout) -> None:
    chosen = selected(whole_table(layout).values(), ["migrate"])
    assert [process.name for process in chosen] == ["initdb", "postgres", "migrate"]


def test_an_unknown_process_is_named_beside_the_known_ones(layout: Layout) -> None:
    with pytest.raises(StackError, match=r"there is no process 'apy'; there are initdb, postgres, temporal"):
        selected(whole_table(layout).values(), ["apy"])


def test_no_secret_stands_on_a_command_line(layout: Layout) -> None:
    for process in whole_table(layout).values():
        assert not any(secret in part for part in process.command for secret in SECRET.values()), process.name


def test_the_product_gets_every_setting_that_has_no_default(layout: Layout) -> None:
    required = {name.upper() for name, field in Settings.model_fields.items() if field.is_required()}
    assert required <= set(product(layout))


def test_without_a_courier_account_the_sandbox_is_the_vendor(layout: Layout) -> None:
    environment = product(layout)
    assert environment["COURIER_BASE_URL"] == layout.url("courier")
    assert environment["COURIER_AUTH_TOKEN"] == SECRET["COURIER_AUTH_TOKEN"]


def test_with_a_courier_account_the_real_courier_is_the_vendor(layout: Layout) -> None:
    environment = product(layout, COURIER_AUTH_TOKEN="pk_prod", COURIER_WEBHOOK_SECRET="whsec")
    assert environment["COURIER_AUTH_TOKEN"] == "pk_prod"
    assert environment["COURIER_WEBHOOK_SECRET"] == "whsec"
    assert "COURIER_BASE_URL" not in environment


def test_a_database_named_outside_is_not_touched(layout: Layout) -> None:
    assert product(layout, DATABASE_URL="postgresql://production")["DATABASE_URL"] == "postgresql+psycopg://x"
