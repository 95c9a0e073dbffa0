"""A tenant's server with a canned reply for each endpoint, and what it was asked."""

from collections.abc import Mapping
from typing import Any

import httpx

ENVIRON = {"SYNQ_TOKEN": "a.b.c", "SYNQ_BASE_URL": "https://api.test"}
VARIANT = "a1f46e83-0c9d-4b72-95e8-3d7b2c60f41e"
OTHER = "c82b5d09-7e41-4f3a-8b16-f9a0d4e7235c"
LEITH = "e07a2f5c-41b8-4d93-8c6e-b9f5d3a1720e"
SHOP = "38c6d9b1-f05e-4a27-9d84-c1e7b2f60a35"
LOCATIONS = {
    "locations": [
        {"id": SHOP, "name": "High Street shop", "active": True},
        {"id": LEITH, "name": "Leith warehouse", "active": True},
    ]
}
INVENTORY = "/api/v1/inventory"


class Tenant(httpx.MockTransport):
    """Answers `METHOD path` with what it was given: JSON, a whole response, or an error that is raised."""

    def __init__(self, replies: Mapping[str, Any]) -> None:
        super().__init__(self._answer)
        self._replies = replies
        self.asked: list[str] = []

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode()
        self.asked.append(" ".join(filter(None, [request.method, path, request.content.decode()])))
        reply = self._replies[f"{request.method} {path.partition('?')[0]}"]
        if isinstance(reply, BaseException):
            raise reply
        if isinstance(reply, httpx.Response):
            return httpx.Response(reply.status_code, content=reply.content, headers=reply.headers)
        return httpx.Response(200, json=reply)
