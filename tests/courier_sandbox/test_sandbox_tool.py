import re
from datetime import datetime

import pytest
from pydantic import SecretStr, ValidationError
from sandbox_running import TOKEN, running_sandbox

from courier_sandbox.settings import Settings


async def test_messages_are_listed_newest_first_and_filtered() -> None:
    async with running_sandbox() as sandbox:
        email = await sandbox.send(to={"user_id": "1", "email": "a@example.org"})
        sms = await sandbox.send("sms", channel="sms")
        push = await sandbox.send(channel="push")

        def ids(found: list[dict[str, object]]) -> list[object]:
            return [message["id"] for message in found]

        assert ids(await sandbox.results("/messages")) == [push, sms, email]
        assert ids(await sandbox.results("/messages", user="42")) == [push, sms]
        assert ids(await sandbox.results("/messages", channel="email")) == [email]
        assert ids(await sandbox.results("/messages", user="42", channel="email")) == []
        assert ids(await sandbox.results("/messages", page_size=1)) == [push]


async def test_requests_are_filtered_as_messages_are() -> None:
    async with running_sandbox() as sandbox:
        await sandbox.send("one", to={"user_id": "1", "email": "a@example.org"})
        await sandbox.send("two", channel="sms")

        [by_user] = await sandbox.results("/requests", user="1")
        [by_channel] = await sandbox.results("/requests", channel="sms")

        assert (by_user["idempotency_key"], by_channel["idempotency_key"]) == ("one", "two")
        assert datetime.fromisoformat(by_user["at"]).utcoffset() is not None


@pytest.mark.parametrize("query", [{"page_size": "0"}, {"page_size": "1001"}, {"page_size": "x"}, {"channel": "fax"}])
@pytest.mark.parametrize("path", ["/messages", "/requests"])
async def test_a_bad_parameter_is_refused_by_its_name(path: str, query: dict[str, str]) -> None:
    async with running_sandbox() as sandbox:
        refusal = await sandbox.tool.get(path, params=query)

        assert refusal.status_code == 400
        assert list(refusal.json()) == list(query)


async def test_the_list_of_messages_is_couriers_for_the_token_and_the_tools_for_everybody_else() -> None:
    async with running_sandbox() as sandbox:
        await sandbox.send()

        ours = (await sandbox.tool.get("/messages", headers={"Authorization": "Bearer of.another.service"})).json()
        couriers = (await sandbox.tool.get("/messages", headers={"Authorization": f"Bearer {TOKEN}"})).json()

        assert list(ours) == ["results"]
        assert list(couriers) == ["paging", "results"]


async def test_deleting_messages_forgets_calls_and_answers_too() -> None:
    async with running_sandbox() as sandbox:
        first = await sandbox.send("key")
        assert (await sandbox.tool.delete("/messages")).status_code == 204
        assert (await sandbox.results("/messages"), await sandbox.results("/requests")) == ([], [])

        assert await sandbox.send("key") != first


async def test_the_sandbox_says_that_it_is_alive() -> None:
    async with running_sandbox() as sandbox:
        assert (await sandbox.tool.get("/healthz")).json() == {"status": "ok"}


async def test_the_page_and_all_it_refers_to_are_served_from_here() -> None:
    async with running_sandbox() as sandbox:
        page = await sandbox.tool.get("/")
        assert "script-src 'self'" in page.headers["Content-Security-Policy"]

        references = re.findall(r'(?:src|href)="([^"]+)"', page.text)
        assert references
        for reference in references:
            assert not reference.startswith(("/", "http")), "the edge serves the page under a prefix"
            assert (await sandbox.tool.get(f"/{reference}")).status_code == 200


async def test_the_page_holds_no_script_or_style_of_its_own() -> None:
    async with running_sandbox() as sandbox:
        page = (await sandbox.tool.get("/")).text

        assert not re.search(r"<style|<script(?![^>]*src=)|\son\w+=|\sstyle=", page)


def test_a_receiver_without_a_secret_is_refused_at_start() -> None:
    with pytest.raises(ValidationError, match="SANDBOX_WEBHOOK_SECRET"):
        Settings(auth_token=SecretStr(TOKEN), webhook_url="http://127.0.0.1:9/")
