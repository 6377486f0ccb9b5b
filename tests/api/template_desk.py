"""Staff at the templates: written, changed, restored, previewed."""

from typing import Any
from uuid import uuid4

import httpx
from rest_door import Door


async def write(by: Door, /, **fields: Any) -> dict[str, Any]:
    """A new template, which must be accepted."""
    template = {
        "key": f"system.{uuid4().hex[:10]}",
        "notification_type": "system",
        "delivery_channel": "in_app",
        "subject_template": "One",
        "body_template": "The first words.",
    }
    response = await by.call("POST", "notification-templates/", json=template | fields)
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    return made


async def change(by: Door, template: dict[str, Any], /, method: str = "PATCH", **fields: Any) -> httpx.Response:
    return await by.call(method, f"notification-templates/{template['id']}/", json=fields)


async def restore(by: Door, template: dict[str, Any], number: object, **fields: Any) -> httpx.Response:
    address = f"notification-templates/{template['id']}/versions/{number}/restore/"
    return await by.call("POST", address, json=fields)


async def versions(by: Door, template: dict[str, Any], **params: Any) -> list[dict[str, Any]]:
    page = await by.get(f"notification-templates/{template['id']}/versions/", **params)
    return list(page["results"])


async def preview(by: Door, template: dict[str, Any], **fields: Any) -> httpx.Response:
    return await by.call("POST", f"notification-templates/{template['id']}/preview/", json=fields)
