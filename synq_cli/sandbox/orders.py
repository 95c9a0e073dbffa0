"""Orders: list, show."""

import json

import falcon

from synq_cli.sandbox.gates import caller_of
from synq_cli.sandbox.reading import page, refusal, store_of, uuid_in
from synq_cli.sandbox.store import Row

MONEY = ("subtotal", "discount_total", "shipping_total", "tax_total", "total")


class Orders:
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        limit, offset = page(req)
        rows = store_of(req).rows(
            """SELECT * FROM orders WHERE tenant_id = ?
               ORDER BY created_at DESC, rowid DESC LIMIT ? OFFSET ?""",
            (caller_of(req).tenant_id, limit, offset),
        )
        resp.media = {"orders": [_shown(row) for row in rows], "limit": limit, "offset": offset}

    def on_get_one(self, req: falcon.Request, resp: falcon.Response, order_id: str) -> None:
        row = store_of(req).row(
            "SELECT * FROM orders WHERE id = ? AND tenant_id = ?",
            (uuid_in(order_id, "invalid order id"), caller_of(req).tenant_id),
        )
        if row is None:
            raise refusal(404, "order not found")
        resp.media = _shown(row)


def _shown(row: Row) -> Row:
    order = {name: value for name, value in row.items() if name != "tenant_id"}
    # The shortest text of a float is the decimal it came from, up to 15 digits.
    order.update({name: float(row[name]) for name in MONEY})
    order["tags"] = json.loads(row["tags"] or "null")
    return order
