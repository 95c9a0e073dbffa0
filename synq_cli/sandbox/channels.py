"""Sales channels: list."""

import falcon

from synq_cli.sandbox.gates import caller_of
from synq_cli.sandbox.reading import store_of


class Channels:
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        rows = store_of(req).rows(
            """SELECT id, name, currency, active, created_at, updated_at FROM channels
               WHERE tenant_id = ? ORDER BY created_at, rowid""",
            (caller_of(req).tenant_id,),
        )
        resp.media = {"channels": [{**row, "active": bool(row["active"])} for row in rows]}
