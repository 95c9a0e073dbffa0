"""Fulfilments of an order: list, record."""

import uuid

import falcon

from synq_cli.sandbox.resources.orders.allocation import ship
from synq_cli.sandbox.resources.orders.lines import ITEMS, lines_of, select_units
from synq_cli.sandbox.resources.orders.orders import INVALID_BODY, find_order
from synq_cli.sandbox.resources.orders.states import move
from synq_cli.sandbox.server.fields import identifier, text
from synq_cli.sandbox.server.request import Request, Response, http_error
from synq_cli.sandbox.store.schema import Row
from synq_cli.sandbox.store.store import Store

FIELDS = {"items": ITEMS, "carrier": text, "tracking_number": text, "location_id": identifier}
SHIPPABLE = ("confirmed", "processing", "partially_fulfilled")


class Fulfillments:
    def on_get(self, req: Request, resp: Response, order_id: str) -> None:
        order = find_order(req, order_id)
        rows = req.store.rows(
            "SELECT * FROM fulfillments WHERE order_id = ? ORDER BY created_at, rowid", (order["id"],)
        )
        resp.media = {"fulfillments": [_with_items(req.store, row) for row in rows]}

    def on_post(self, req: Request, resp: Response, order_id: str) -> None:
        fields = req.optional_fields(FIELDS, INVALID_BODY)
        store = req.store
        with store.writing():
            order = find_order(req, order_id)
            if order["status"] not in SHIPPABLE:
                raise http_error(400, f"order is {order['status']}, it cannot be fulfilled")
            lines = lines_of(store, order["id"])
            selected = select_units(lines, "unshipped", fields.get("items"))
            fulfillment = store.insert(
                "fulfillments",
                {
                    "id": str(uuid.uuid4()),
                    "order_id": order["id"],
                    "status": "shipped",
                    "location_id": _location(req, fields.get("location_id"), [line for line, _ in selected]),
                    "carrier": fields.get("carrier"),
                    "tracking_number": fields.get("tracking_number"),
                    "created_at": req.now,
                    "updated_at": req.now,
                },
            )
            for line, quantity in selected:
                item = {"fulfillment_id": fulfillment["id"], "order_item_id": line["id"], "quantity": quantity}
                store.insert("fulfillment_items", item)
                ship(store, order, line, quantity, req.at, req.caller.user_id)
            if order["status"] == "confirmed":
                move(store, order, "processing", req.at)
            if sum(quantity for _, quantity in selected) == sum(line["unshipped"] for line in lines):
                move(store, order, "fulfilled", req.at, payment_status="captured")
            elif order["status"] == "processing":
                move(store, order, "partially_fulfilled", req.at, payment_status="captured")
            details = {"fulfillment_id": fulfillment["id"], "status": order["status"]}
            req.audit("ORDER_FULFILLED", "ORDER", order["id"], details)
        resp.status = falcon.HTTP_201
        resp.media = _with_items(store, fulfillment)


def _location(req: Request, location_id: str | None, lines: list[Row]) -> str | None:
    """Where the units leave from: `location_id`, or the one location their stock is at, or None for several."""
    stocked: set[str] = {line["location_id"] for line in lines if line["variant_id"]}
    if location_id is None:
        return stocked.pop() if len(stocked) == 1 else None
    if not req.rows("locations", id=location_id):
        raise http_error(404, "Location not found")
    if stocked - {location_id}:
        raise http_error(400, "the order's stock is allocated at another location")
    return location_id


def _with_items(store: Store, fulfillment: Row) -> Row:
    items = store.rows(
        """SELECT variant_id, sku, fulfillment_items.quantity
           FROM fulfillment_items JOIN order_items ON order_items.id = order_item_id
           WHERE fulfillment_id = ? ORDER BY fulfillment_items.rowid""",
        (fulfillment["id"],),
    )
    return {**fulfillment, "items": items}


ROUTES = {"/api/v1/oms/orders/{order_id}/fulfillments": Fulfillments()}
