"""Returns: list an order's, open one."""

import uuid

import falcon

from synq_cli.sandbox.resources.orders.lines import PICKS, lines_of, pick
from synq_cli.sandbox.resources.orders.orders import BAD_BODY, find_order
from synq_cli.sandbox.resources.orders.states import move
from synq_cli.sandbox.server.fields import optional_fields_in, text
from synq_cli.sandbox.server.reading import refusal, store_of
from synq_cli.sandbox.store.schema import Row
from synq_cli.sandbox.store.store import Store
from synq_cli.sandbox.store.trail import record
from synq_cli.times import timestamp

RETURNABLE = ("fulfilled", "delivered", "return_requested", "partially_returned")


class Returns:
    def on_get(self, req: falcon.Request, resp: falcon.Response, order_id: str) -> None:
        store = store_of(req)
        rows = store.rows(
            "SELECT * FROM returns WHERE order_id = ? ORDER BY created_at, rowid",
            (find_order(req, order_id)["id"],),
        )
        resp.media = {"returns": [_shown(store, row) for row in rows]}

    def on_post(self, req: falcon.Request, resp: falcon.Response, order_id: str) -> None:
        given = optional_fields_in(req, {"items": PICKS, "reason": text}, BAD_BODY)
        store, at = store_of(req), timestamp(req.context.at)
        with store.writing():
            order = find_order(req, order_id)
            if order["status"] not in RETURNABLE:
                raise refusal(400, f"order is {order['status']}, it cannot be returned")
            opened = {
                "id": str(uuid.uuid4()),
                "order_id": order["id"],
                "status": "requested",
                "reason": given.get("reason"),
                "created_at": at,
                "updated_at": at,
            }
            store.insert("returns", opened)
            for line, quantity in pick(lines_of(store, order["id"]), "returnable", given.get("items")):
                units = {"return_id": opened["id"], "order_item_id": line["id"], "quantity": quantity}
                store.insert("return_items", {**units, "disposition": "pending"})
            if order["status"] in ("fulfilled", "delivered"):
                move(store, order, "return_requested", req.context.at)
            details = {"return_id": opened["id"], "reason": opened["reason"]}
            record(req, "ORDER_RETURN_REQUESTED", "ORDER", order["id"], details)
        resp.status = falcon.HTTP_201
        resp.media = _shown(store, opened)


def _shown(store: Store, opened: Row) -> Row:
    items = store.rows(
        """SELECT variant_id, sku, return_items.quantity, disposition
           FROM return_items JOIN order_items ON order_items.id = order_item_id
           WHERE return_id = ? ORDER BY return_items.rowid""",
        (opened["id"],),
    )
    return {**opened, "items": items}
