"""Sales channels: list, create, change."""

import uuid
from collections.abc import Collection
from typing import Any

import falcon

from synq_cli.sandbox.server.fields import currency, fields_in, flag, text
from synq_cli.sandbox.server.gates import caller_of
from synq_cli.sandbox.server.reading import refusal, store_of, uuid_in
from synq_cli.sandbox.store.schema import Row
from synq_cli.sandbox.store.trail import record
from synq_cli.times import timestamp

FIELDS = {"name": text, "currency": text, "active": flag}


class Channels:
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        rows = store_of(req).rows(
            "SELECT * FROM channels WHERE tenant_id = ? ORDER BY created_at, rowid", (caller_of(req).tenant_id,)
        )
        resp.media = {"channels": [_shown(row) for row in rows]}

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        wanted = _wanted(req, required=())
        store, at = store_of(req), timestamp(req.context.at)
        channel = {
            "id": str(uuid.uuid4()),
            "tenant_id": caller_of(req).tenant_id,
            "active": True,
            **wanted,
            "created_at": at,
            "updated_at": at,
        }
        with store.writing():
            store.insert("channels", channel)
            record(req, "CHANNEL_CREATED", "CHANNEL", channel["id"], wanted)
        resp.status = falcon.HTTP_201
        resp.media = _shown(channel)

    def on_put_one(self, req: falcon.Request, resp: falcon.Response, channel_id: str) -> None:
        wanted = _wanted(req, required=("name", "currency", "active"))
        store = store_of(req)
        with store.writing():
            channel = store.row(
                "SELECT * FROM channels WHERE id = ? AND tenant_id = ?",
                (uuid_in(channel_id, "Invalid channel ID"), caller_of(req).tenant_id),
            )
            if channel is None:
                raise refusal(404, "Channel not found")
            channel |= {**wanted, "updated_at": timestamp(req.context.at)}
            store.run(
                """UPDATE channels SET name = :name, currency = :currency, active = :active, updated_at = :updated_at
                   WHERE id = :id""",
                channel,
            )
            record(req, "CHANNEL_UPDATED", "CHANNEL", channel["id"], wanted)
        resp.media = _shown(channel)


def _wanted(req: falcon.Request, *, required: Collection[str]) -> dict[str, Any]:
    wanted = fields_in(req, FIELDS, required, "Invalid request body")
    wanted["name"] = wanted.get("name", "").strip()
    if not wanted["name"]:
        raise refusal(400, "name is required")
    try:
        wanted["currency"] = currency(wanted.get("currency", "USD"))
    except ValueError:
        raise refusal(400, "currency must be a 3-letter ISO code") from None
    return wanted


def _shown(row: Row) -> Row:
    channel = {name: value for name, value in row.items() if name != "tenant_id"}
    return {**channel, "active": bool(row["active"])}
