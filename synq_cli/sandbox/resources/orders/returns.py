"""Returns of an order: list, open."""

import uuid

import falcon

from synq_cli.sandbox.resources.orders.lines import ITEMS, lines_of, select_units
from synq_cli.sandbox.resources.orders.orders import INVALID_BODY, find_order
from synq_cli.sandbox.resources.orders.states import move
from synq_cli.sandbox.server.fields import text
from synq_cli.sandbox.server.request import Request, Response, http_error
from synq_cli.sandbox.store.schema import Row
from synq_cli.sandbox.store.store import Store

RETURNABLE = ("fulfilled", "delivered", "return_requested", "partially_returned")


class Returns:
    def on_get(self, req: Request, resp: Response, order_id: str) -> None:
        order = find_order(req, order_id)
        rows = req.store.rows("SELECT * FROM returns WHERE order_id = ? ORDER BY created_at, rowid", (order["id"],))
        resp.media = {"returns": [_with_items(req.store, row) for row in rows]}

    def on_post(self, req: Request, resp: Response, order_id: str) -> None:
        fields = req.optional_fields({"items": ITEMS, "reason": text}, INVALID_BODY)
        with req.store.writing():
            order = find_order(req, order_id)
            if order["status"] not in RETURNABLE:
                raise http_error(400, f"order is {order['status']}, it cannot be returned")
            opened = req.store.insert(
                "returns",
                {
                    "id": str(uuid.uuid4()),
                    "order_id": order["id"],
                    "status": "requested",
                    "reason": fields.get("reason"),
                    "created_at": req.now,
                    "updated_at": req.now,
                },
            )
            for line, quantity in select_units(lines_of(req.store, order["id"]), "returnable", fields.get("items")):
                item = {"return_id": opened["id"], "order_item_id": line["id"], "quantity": quantity}
                req.store.insert("return_items", {**item, "disposition": "pending"})
            if order["status"] in ("fulfilled", "delivered"):
                move(req.store, order, "return_requested", req.at)
            details = {"return_id": opened["id"], "reason": opened["reason"]}
            req.audit("ORDER_RETURN_REQUESTED", "ORDER", order["id"], details)
        resp.status = falcon.HTTP_201
        resp.media = _with_items(req.store, opened)


def _with_items(store: Store, opened: Row) -> Row:
    items = store.rows(
        """SELECT variant_id, sku, return_items.quantity, disposition
           FROM return_items JOIN order_items ON order_items.id = order_item_id
           WHERE return_id = ? ORDER BY return_items.rowid""",
        (opened["id"],),
    )
    return {**opened, "items": items}


ROUTES = {"/api/v1/oms/orders/{order_id}/returns": Returns()}
