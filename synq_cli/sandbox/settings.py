"""Tenant settings: show."""

import falcon

from synq_cli.sandbox.gates import caller_of
from synq_cli.sandbox.reading import refusal, store_of


class TenantSettings:
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        row = store_of(req).row("SELECT * FROM settings WHERE tenant_id = ?", (caller_of(req).tenant_id,))
        if row is None:
            raise refusal(404, "tenant settings not found")
        resp.media = {**row, "auto_po_enabled": bool(row["auto_po_enabled"])}
