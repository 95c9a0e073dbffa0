"""Tenant settings: get, replace."""

from typing import ClassVar

from synq_cli.sandbox.server import checks
from synq_cli.sandbox.server.request import Request, Response, http_error

FIELDS = {
    "inventory_allocation_model": checks.text,
    "auto_po_enabled": checks.flag,
    "default_low_stock_threshold": checks.whole_number,
    "costing_method": checks.text,
}


class TenantSettings:
    ADMINS_ONLY: ClassVar = {"PUT": "update tenant settings"}

    def on_get(self, req: Request, resp: Response) -> None:
        rows = req.rows("settings")
        if not rows:
            raise http_error(404, "tenant settings not found")
        resp.media = rows[0]

    def on_put(self, req: Request, resp: Response) -> None:
        fields = req.fields(FIELDS, FIELDS, "Invalid request body")
        if fields["inventory_allocation_model"] not in ("HARD", "SOFT"):
            raise http_error(400, "inventory_allocation_model must be HARD or SOFT")
        if fields["costing_method"] not in ("WAC", "FIFO"):
            raise http_error(400, "costing_method must be WAC or FIFO")
        if fields["default_low_stock_threshold"] < 0:
            raise http_error(400, "default_low_stock_threshold cannot be negative")
        new = req.new_row(org_id=req.caller.org_id, **fields, updated_by=req.caller.user_id)
        with req.store.writing():
            for saved in req.rows("settings"):
                new |= {"id": saved["id"], "created_at": saved["created_at"]}
                req.store.run("DELETE FROM settings WHERE id = ?", (saved["id"],))
            resp.media = req.store.insert("settings", new)
            req.audit("TENANT_SETTINGS_UPDATED", "TENANT_SETTINGS", new["id"], fields)


ROUTES = {"/api/v1/settings/tenant": TenantSettings()}
