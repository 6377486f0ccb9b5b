"""docker-compose.yml, the Dockerfile and the Caddyfile against the one-machine stack: the same processes."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from compose_spec import PyCompose
from supervising import CHECKOUT, whole_table

from deploy.local.layout import PORTS, Layout
from deploy.local.process import Process
from settings import Settings

DONE_BY_THE_IMAGES = {"initdb", "retention"}
VENDORS = {"postgres", "temporal", "edge"}
SECRET_WORD = re.compile(r"PASSWORD|PWD|SECRET|TOKEN|DATABASE_URL")


@pytest.fixture(scope="module")
def composed() -> dict[str, Any]:
    whole: dict[str, Any] = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())
    return whole


@pytest.fixture(scope="module")
def services(composed: dict[str, Any]) -> dict[str, Any]:
    return dict(composed["services"])


@pytest.fixture
def processes(tmp_path: Path) -> dict[str, Process]:
    everything = whole_table(Layout(root=tmp_path, ports=dict.fromkeys(("edge", *PORTS), 1)))
    return {name: process for name, process in everything.items() if name not in DONE_BY_THE_IMAGES}


def test_the_file_keeps_to_the_compose_specification(composed: dict[str, Any]) -> None:
    PyCompose.from_json(interpolated(composed)).validate()


@pytest.mark.parametrize(
    ("key", "value"),
    [("depnds_on", ["migrate"]), ("restart", "sometimes"), ("healthcheck", {"retries": "many"})],
)
def test_a_slip_in_a_service_would_be_seen(composed: dict[str, Any], key: str, value: object) -> None:
    slipped = {**composed, "services": {**composed["services"], "api": {**composed["services"]["api"], key: value}}}
    with pytest.raises(ValueError, match=r"\w+"):
        PyCompose.from_json(interpolated(slipped))


def interpolated(composed: dict[str, Any]) -> str:
    """With each variable replaced as compose does: by its default, or by a word where one is required."""
    default = re.compile(r"\$\{\w+(?::-(?P<default>[^}]*)|:\?[^}]*)\}")
    return default.sub(lambda found: found["default"] or "given", json.dumps(composed))


def test_every_process_has_its_service_and_only_the_temporal_page_is_extra(
    services: dict[str, Any], processes: dict[str, Process]
) -> None:
    assert set(services) - {"temporal-ui"} == set(processes)


def test_a_service_runs_the_command_of_its_process(services: dict[str, Any], processes: dict[str, Process]) -> None:
    for name in set(processes) - VENDORS:
        assert services[name]["command"] == ["python", *processes[name].command[1:]], name
    caddy, *arguments = services["edge"]["command"]
    assert Path(processes["edge"].command[0]).name == caddy
    assert [Path(part).name for part in processes["edge"].command[1:]] == [Path(part).name for part in arguments]


def test_a_service_waits_for_what_its_process_needs(services: dict[str, Any], processes: dict[str, Process]) -> None:
    for name, process in processes.items():
        needed = set(process.needs) - DONE_BY_THE_IMAGES
        assert needed <= set(services[name].get("depends_on", {})), name


def test_a_condition_can_be_met(services: dict[str, Any]) -> None:
    for service in services.values():
        for needed, how in service.get("depends_on", {}).items():
            if how["condition"] == "service_healthy":
                assert "healthcheck" in services[needed], needed
            elif how["condition"] == "service_completed_successfully":
                assert services[needed]["restart"] == "on-failure", needed
            else:
                assert how["condition"] == "service_started"


def test_the_product_reads_every_setting_it_is_given_and_gets_all_it_must_have(services: dict[str, Any]) -> None:
    known = {name.upper(): field for name, field in Settings.model_fields.items()}
    for name in ("migrate", "worker", "api", "gateway"):
        given = set(services[name]["environment"])
        assert given <= set(known), name
        assert {setting for setting, field in known.items() if field.is_required()} <= given, name


def test_every_secret_must_be_given_and_none_has_a_default(services: dict[str, Any]) -> None:
    for service in services.values():
        for name, value in service.get("environment", {}).items():
            if SECRET_WORD.search(name):
                assert re.search(r"\$\{\w+:\?[^}]+\}", value), name


def test_nothing_is_published_beyond_this_machine(services: dict[str, Any]) -> None:
    published = [port for service in services.values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_the_edge_gets_every_address_that_the_caddyfile_names(
    services: dict[str, Any], processes: dict[str, Process]
) -> None:
    named = set(re.findall(r"\{\$(\w+)", (CHECKOUT / "deploy/Caddyfile").read_text()))
    assert named <= set(services["edge"]["environment"])
    assert named <= set(processes["edge"].environment)


def test_the_image_holds_the_service_lock_alone_and_no_process_is_root() -> None:
    lines = (CHECKOUT / "Dockerfile").read_text().splitlines()
    assert "--require-hashes --requirement requirements-service.lock" in "".join(lines)
    assert lines[-2:] == ["USER estuary", "VOLUME /data"]


def test_the_image_holds_all_code_but_that_for_this_machine() -> None:
    copied = {line[1:] for line in (CHECKOUT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    packages = {module.parent.name for module in CHECKOUT.glob("*/*.py")} - {"bench", "deploy", "tests"}
    assert packages | {"*.py", "requirements-service.lock"} <= copied
