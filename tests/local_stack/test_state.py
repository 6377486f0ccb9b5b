import json
import os
import random
import socket
import stat
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from deploy.local.process import StackError
from deploy.local.state import PORTS, State, free_port


@pytest.fixture
def edge() -> int:
    """A free port with Temporal's familiar one free beside it; none that the kernel may lend to anyone meanwhile."""
    return next(port for port in random.sample(PORTS, 200) if _both_are_free(port, port + 7233 - 8000))


def _both_are_free(*ports: int) -> bool:
    with ExitStack() as probes:
        try:
            for port in ports:
                probes.enter_context(socket.create_server(("127.0.0.1", port)))
        except OSError:
            return False
    return True


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    state = State(tmp_path / "state")
    yield state
    state.release()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_ports_are_remembered(state: State, edge: int) -> None:
    before = state.ports(["api", "gateway"], edge)
    state.release()
    assert state.ports(["api", "gateway"], edge) == before


def test_a_port_taken_in_the_meantime_is_chosen_anew(state: State, edge: int) -> None:
    before = state.ports(["api", "gateway"], edge)
    state.release()
    with socket.create_server(("127.0.0.1", before["api"])):
        after = state.ports(["api", "gateway"], edge)
    assert after["api"] != before["api"]
    assert after["gateway"] == before["gateway"]


def test_no_two_processes_share_a_port(state: State, edge: int) -> None:
    names = [f"process {number}" for number in range(50)]
    assert len(set(state.ports(names, edge).values())) == len(names) + 1


def test_a_port_that_another_stack_has_chosen_is_passed_over_before_anybody_listens(
    state: State, tmp_path: Path, edge: int
) -> None:
    chosen = state.ports(["temporal", "api"], edge)
    other = State(tmp_path / "other")
    other.write("ports.json", chosen)
    beside = other.ports(["temporal", "api"], free_port())
    other.release()
    assert not set(beside.values()) & set(chosen.values())


def test_a_port_that_a_stack_has_chosen_is_not_free(state: State, edge: int, monkeypatch: pytest.MonkeyPatch) -> None:
    unclaimed = edge + 7233 - 8000
    monkeypatch.setattr(random, "sample", lambda *_: [edge, unclaimed])
    state.ports([], edge)
    assert free_port() == unclaimed


def test_an_edge_port_that_another_stack_has_chosen_is_taken(state: State, tmp_path: Path, edge: int) -> None:
    state.ports([], edge)
    with pytest.raises(StackError, match=rf"^port {edge} is taken"):
        State(tmp_path / "other").ports([], edge)


def test_a_taken_edge_port_says_what_to_do(state: State) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(StackError, match=rf"^port {port} is taken: choose another one with `PORT=8010 make run`$"):
            state.ports(["api"], port)


def test_a_second_stack_on_the_same_folder_says_what_to_do(state: State) -> None:
    held = state.lock()
    with pytest.raises(StackError, match=r"^a stack runs on .*: stop it, or run beside it with `PORT="):
        State(state.root).lock()
    os.close(held)
    os.close(State(state.root).lock())


def test_secrets_are_made_once_and_for_their_owner_alone(state: State) -> None:
    secrets = state.secrets()
    assert State(state.root).secrets() == secrets
    assert len(secrets["JWT_SECRET"]) >= 32
    assert len(set(secrets.values())) == len(secrets)
    assert mode(state.root / "secrets.json") == 0o600


def test_a_secret_that_is_new_joins_the_old_ones(state: State) -> None:
    state.write("secrets.json", {"JWT_SECRET": "kept" * 8})
    assert state.secrets()["JWT_SECRET"] == "kept" * 8
    assert state.secrets()["COURIER_WEBHOOK_SECRET"]


def test_a_file_is_replaced_as_a_whole(state: State) -> None:
    state.write("stack.json", {"pids": {"api": 1}})
    reader = (state.root / "stack.json").open()
    state.write("stack.json", {"pids": {"api": 2}})
    with reader:
        assert json.load(reader) == {"pids": {"api": 1}}
    assert json.loads((state.root / "stack.json").read_text()) == {"pids": {"api": 2}}


def test_temporal_is_where_its_tools_look_unless_somebody_else_is_there(state: State, edge: int) -> None:
    familiar = state.ports(["temporal"], edge)["temporal"]
    assert familiar - edge == 7233 - 8000
    state.release()

    with socket.create_server(("127.0.0.1", familiar)):
        assert state.ports(["temporal"], edge)["temporal"] != familiar
