"""Tenant settings: show, replace."""

import uuid
from typing import Any, ClassVar

import falcon

from synq_cli.sandbox.server.fields import fields_in, flag, text, whole_number
from synq_cli.sandbox.server.gates import caller_of
from synq_cli.sandbox.server.reading import refusal, store_of
from synq_cli.sandbox.store.schema import Row
from synq_cli.sandbox.store.trail import record
from synq_cli.times import timestamp

FIELDS = {
    "inventory_allocation_model": text,
    "auto_po_enabled": flag,
    "default_low_stock_threshold": whole_number,
    "costing_method": text,
}


class TenantSettings:
    ADMINS_ONLY: ClassVar = {"PUT": "update tenant settings"}

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        row = store_of(req).row("SELECT * FROM settings WHERE tenant_id = ?", (caller_of(req).tenant_id,))
        if row is None:
            raise refusal(404, "tenant settings not found")
        resp.media = _shown(row)

    def on_put(self, req: falcon.Request, resp: falcon.Response) -> None:
        wanted = _wanted(req)
        store, caller, at = store_of(req), caller_of(req), timestamp(req.context.at)
        new = {
            "id": str(uuid.uuid4()),
            "org_id": caller.org_id,
            "tenant_id": caller.tenant_id,
            **wanted,
            "updated_by": caller.user_id,
            "created_at": at,
            "updated_at": at,
        }
        with store.writing():
            saved = store.row("SELECT id, created_at FROM settings WHERE tenant_id = ?", (caller.tenant_id,)) or {}
            store.run("DELETE FROM settings WHERE tenant_id = ?", (caller.tenant_id,))
            store.insert("settings", {**new, **saved})
            record(req, "TENANT_SETTINGS_UPDATED", "TENANT_SETTINGS", saved.get("id", new["id"]), wanted)
        resp.media = _shown({**new, **saved})


def _wanted(req: falcon.Request) -> dict[str, Any]:
    wanted = fields_in(req, FIELDS, FIELDS, "Invalid request body")
    if wanted["inventory_allocation_model"] not in ("HARD", "SOFT"):
        raise refusal(400, "inventory_allocation_model must be HARD or SOFT")
    if wanted["costing_method"] not in ("WAC", "FIFO"):
        raise refusal(400, "costing_method must be WAC or FIFO")
    if wanted["default_low_stock_threshold"] < 0:
        raise refusal(400, "default_low_stock_threshold cannot be negative")
    return wanted


def _shown(row: Row) -> Row:
    return {**row, "auto_po_enabled": bool(row["auto_po_enabled"])}
