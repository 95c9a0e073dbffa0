"""Integrations: where to grant access, and the connections to other platforms."""

import uuid
from typing import Any, ClassVar
from urllib.parse import urlencode

import falcon

from synq_cli.sandbox.server.fields import fields_in, text
from synq_cli.sandbox.server.gates import caller_of
from synq_cli.sandbox.server.reading import refusal, store_of, uuid_in
from synq_cli.sandbox.store.schema import Row
from synq_cli.sandbox.store.trail import record
from synq_cli.times import timestamp

BAD_BODY = "Invalid request body"
CATEGORIES = ("commerce", "accounting")
MANAGE = "manage connections"


class AuthUrl:
    ADMINS_ONLY: ClassVar = {"POST": MANAGE}

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        query = urlencode({"category": "commerce", "state": caller_of(req).tenant_id})
        resp.media = {"auth_url": f"https://unified.example/integration/auth?{query}"}


class Callback:
    ADMINS_ONLY: ClassVar = {"POST": MANAGE}

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        wanted = _wanted(req)
        store, at = store_of(req), timestamp(req.context.at)
        connection = {
            "id": str(uuid.uuid4()),
            "tenant_id": caller_of(req).tenant_id,
            **wanted,
            "status": "ACTIVE",
            "created_at": at,
            "updated_at": at,
        }
        with store.writing():
            saved = store.row(
                """SELECT id FROM connections
                   WHERE tenant_id = :tenant_id AND unified_connection_id = :unified_connection_id""",
                connection,
            )
            if saved:
                connection |= saved
                store.run("UPDATE connections SET status = 'ACTIVE', updated_at = ? WHERE id = ?", (at, saved["id"]))
            else:
                store.insert("connections", connection)
            record(req, "INTEGRATION_CONNECTED", "COMMERCE_CONNECTION", connection["id"], wanted)
        resp.status = falcon.HTTP_201
        resp.media = {"status": "success", "message": "Integration secured"}


class Connections:
    ADMINS_ONLY: ClassVar = {"DELETE": MANAGE}

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        rows = store_of(req).rows(
            "SELECT * FROM connections WHERE tenant_id = ? AND status = 'ACTIVE' ORDER BY created_at, rowid",
            (caller_of(req).tenant_id,),
        )
        resp.media = {"connections": [_shown(row) for row in rows]}

    def on_delete_one(self, req: falcon.Request, resp: falcon.Response, connection_id: str) -> None:
        # Kept, so that saving the same connection again brings it back under its id.
        store, at = store_of(req), timestamp(req.context.at)
        with store.writing():
            connection = store.row(
                "SELECT * FROM connections WHERE id = ? AND tenant_id = ? AND status = 'ACTIVE'",
                (uuid_in(connection_id, "Invalid connection ID"), caller_of(req).tenant_id),
            )
            if connection is None:
                raise refusal(404, "Connection not found")
            store.run(
                "UPDATE connections SET status = 'DISCONNECTED', updated_at = ? WHERE id = ?", (at, connection["id"])
            )
            details = {"provider": connection["provider"]}
            record(req, "INTEGRATION_DISCONNECTED", "COMMERCE_CONNECTION", connection["id"], details)
        resp.status = falcon.HTTP_204


def _wanted(req: falcon.Request) -> dict[str, Any]:
    wanted = fields_in(req, {"connection_id": text, "category": text, "provider": text}, (), BAD_BODY)
    if not wanted.get("connection_id"):
        raise refusal(400, "connection_id is required")
    category = wanted.get("category", "commerce").lower()
    if category not in CATEGORIES:
        raise refusal(400, BAD_BODY)
    return {
        "unified_connection_id": wanted["connection_id"],
        "category": category,
        "provider": wanted.get("provider", "").lower() or None,
    }


def _shown(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "tenant_id"}
