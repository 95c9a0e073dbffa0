"""The audit log: the newest events."""

import json

import falcon

from synq_cli.sandbox.server.gates import caller_of
from synq_cli.sandbox.server.reading import store_of

NEWEST = 50


class Audit:
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        rows = store_of(req).rows(
            """SELECT id, actor_email, action, entity_type, entity_id, details, ip_address, created_at FROM audit
               WHERE tenant_id = ? ORDER BY created_at DESC, rowid DESC LIMIT ?""",
            (caller_of(req).tenant_id, NEWEST),
        )
        resp.media = [{**row, "details": json.loads(row["details"] or "null")} for row in rows]
