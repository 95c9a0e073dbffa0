"""Sales channels: list, create, replace."""

from collections.abc import Collection
from typing import Any

import falcon

from synq_cli.sandbox.server import checks
from synq_cli.sandbox.server.request import Request, Response, http_error, without

FIELDS = {"name": checks.text, "currency": checks.text, "active": checks.flag}


class Channels:
    def on_get(self, req: Request, resp: Response) -> None:
        rows = req.rows("channels", order="created_at, rowid")
        resp.media = {"channels": [without(row, "tenant_id") for row in rows]}

    def on_post(self, req: Request, resp: Response) -> None:
        fields = _fields(req, required=())
        with req.store.writing():
            channel = req.insert("channels", **{"active": True, **fields})
            req.audit("CHANNEL_CREATED", "CHANNEL", channel["id"], fields)
        resp.status = falcon.HTTP_201
        resp.media = without(channel, "tenant_id")

    def on_put_one(self, req: Request, resp: Response, channel_id: str) -> None:
        fields = _fields(req, required=FIELDS)
        with req.store.writing():
            channel = req.find("channels", channel_id, "Invalid channel ID", "Channel not found")
            channel = req.store.update("channels", channel, **fields, updated_at=req.now)
            req.audit("CHANNEL_UPDATED", "CHANNEL", channel["id"], fields)
        resp.media = without(channel, "tenant_id")


def _fields(req: Request, *, required: Collection[str]) -> dict[str, Any]:
    fields = req.fields(FIELDS, required, "Invalid request body")
    fields["name"] = fields.get("name", "").strip()
    if not fields["name"]:
        raise http_error(400, "name is required")
    try:
        fields["currency"] = checks.currency(fields.get("currency", "USD"))
    except ValueError:
        raise http_error(400, "currency must be a 3-letter ISO code") from None
    return fields


ROUTES = {"/api/v1/channels": Channels(), "/api/v1/channels/{channel_id}": Channels()}
