"""Nothing of what people are told, or where they are reached, or who they prove to be, ends up where it should not."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
import websockets

from deploy.local.launch import LaunchedStack, launched

BASE = "/api/v1/drf/notifications"
DEADLINE_SECONDS = 30


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LaunchedStack]:
    """A stack that talks as much as it ever does."""
    state = tmp_path_factory.mktemp("watched") / "state"
    with launched(state, environment={"LOG_LEVEL": "debug"}) as running:
        yield running


def canary(kind: str) -> str:
    return f"canary{kind}{uuid4().hex}"


async def test_no_canary_sings_in_a_log_and_no_address_or_token_in_temporals_store(watched: LaunchedStack) -> None:
    user = "watched"
    email, push, name = f"{canary('mail')}@example.org", canary("push"), canary("name")
    title, message, rendered = canary("title"), canary("message"), canary("template")
    staff, owner = watched.token("a-member-of-staff", staff=True), watched.token(user)
    async with httpx.AsyncClient(base_url=watched.url, timeout=20) as http:
        headers = {"Authorization": f"Bearer {staff}"}
        person = {"name": name, "email": email, "push_tokens": [push]}
        await http.put(f"{BASE}/recipients/{user}/", json=person, headers=headers)
        template = {
            "key": "canary.sings",
            "notification_type": "booking",
            "delivery_channel": "in_app",
            "subject_template": rendered,
            "body_template": "{{ recipient_name }}",
        }
        await http.post(f"{BASE}/notification-templates/", json=template, headers=headers)
        faults = {"channel": "email", "script": [500, 401, 400]}
        async with websockets.connect(f"{watched.websocket_url}?token={owner}") as socket:
            for body in (
                {"title": title, "message": message, "delivery_channels": ["in_app", "email", "push"]},
                {"template_key": "canary.sings", "delivery_channels": ["in_app", "email"]},
            ):
                request = {"user": user, "notification_type": "booking", **body}
                answer = await http.post(f"{BASE}/notifications/", json=request, headers=headers)
                assert answer.status_code == 201
                await http.put("/courier-sandbox/faults", json=faults)
            async with asyncio.timeout(DEADLINE_SECONDS):
                while "provider_unavailable" not in (heard := str(await socket.recv())) and '"sent"' not in heard:
                    pass
        # Refusals, too, are answered without repeating what they refuse.
        await http.post(f"{BASE}/notifications/", json={"user": user, "title": title}, headers=headers)
        await http.get(f"{BASE}/notifications/", headers={"Authorization": f"Bearer {owner}x"})
        with pytest.raises(websockets.InvalidStatus):
            await websockets.connect(f"{watched.websocket_url}?token={owner}x")

    secrets = json.loads((watched.state_dir / "secrets.json").read_text())
    logs = watched.log.read_bytes()
    for hidden in (email, push, name, title, message, rendered, staff, owner, *secrets.values()):
        assert hidden.encode() not in logs
    store = b"".join(path.read_bytes() for path in _files(watched.state_dir, "temporal.db*"))
    assert title.encode() in store  # in the request that started the workflow, and so the search works
    for hidden in (email, push, name, rendered, staff, owner, secrets["COURIER_AUTH_TOKEN"]):
        assert hidden.encode() not in store


def _files(folder: Path, pattern: str) -> list[Path]:
    found = sorted(folder.glob(pattern))
    assert found
    return found
