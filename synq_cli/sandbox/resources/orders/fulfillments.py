"""Fulfilments: list an order's parcels, record one."""

import uuid
from typing import Any

import falcon

from synq_cli.sandbox.resources.orders.allocation import ship
from synq_cli.sandbox.resources.orders.lines import PICKS, lines_of, pick
from synq_cli.sandbox.resources.orders.orders import BAD_BODY, find_order
from synq_cli.sandbox.resources.orders.states import move
from synq_cli.sandbox.server.fields import identifier, optional_fields_in, text
from synq_cli.sandbox.server.gates import caller_of
from synq_cli.sandbox.server.reading import refusal, store_of
from synq_cli.sandbox.store.schema import Row
from synq_cli.sandbox.store.store import Store
from synq_cli.sandbox.store.trail import record
from synq_cli.times import timestamp

PARCEL = {"items": PICKS, "carrier": text, "tracking_number": text, "location_id": identifier}
SHIPPABLE = ("confirmed", "processing", "partially_fulfilled")

Picked = list[tuple[Row, int]]


class Fulfillments:
    def on_get(self, req: falcon.Request, resp: falcon.Response, order_id: str) -> None:
        store = store_of(req)
        rows = store.rows(
            "SELECT * FROM fulfillments WHERE order_id = ? ORDER BY created_at, rowid",
            (find_order(req, order_id)["id"],),
        )
        resp.media = {"fulfillments": [_shown(store, row) for row in rows]}

    def on_post(self, req: falcon.Request, resp: falcon.Response, order_id: str) -> None:
        given = optional_fields_in(req, PARCEL, BAD_BODY)
        store, at = store_of(req), req.context.at
        with store.writing():
            order = find_order(req, order_id)
            if order["status"] not in SHIPPABLE:
                raise refusal(400, f"order is {order['status']}, it cannot be fulfilled")
            lines = lines_of(store, order["id"])
            picked = pick(lines, "unshipped", given.get("items"))
            parcel = {
                "id": str(uuid.uuid4()),
                "order_id": order["id"],
                "status": "shipped",
                "location_id": _location(req, given, picked),
                "carrier": given.get("carrier"),
                "tracking_number": given.get("tracking_number"),
                "created_at": timestamp(at),
                "updated_at": timestamp(at),
            }
            store.insert("fulfillments", parcel)
            for line, quantity in picked:
                units = {"fulfillment_id": parcel["id"], "order_item_id": line["id"], "quantity": quantity}
                store.insert("fulfillment_items", units)
                ship(store, order, line, quantity, at, caller_of(req).user_id)
            all_shipped = sum(quantity for _, quantity in picked) == sum(line["unshipped"] for line in lines)
            _move_on(store, order, at, all_shipped=all_shipped)
            details = {"fulfillment_id": parcel["id"], "status": order["status"]}
            record(req, "ORDER_FULFILLED", "ORDER", order["id"], details)
        resp.status = falcon.HTTP_201
        resp.media = _shown(store, parcel)


def _location(req: falcon.Request, given: dict[str, Any], picked: Picked) -> str | None:
    """Where the parcel leaves from: as given, else where its units lie; None if they lie apart."""
    where = {line["location_id"] for line, _ in picked if line["variant_id"]}
    location_id: str | None = given.get("location_id")
    if location_id is None:
        return where.pop() if len(where) == 1 else None
    if not store_of(req).row(
        "SELECT id FROM locations WHERE id = ? AND tenant_id = ?", (location_id, caller_of(req).tenant_id)
    ):
        raise refusal(404, "Location not found")
    if where - {location_id}:
        raise refusal(400, "the order's stock is allocated at another location")
    return location_id


def _move_on(store: Store, order: Row, at: float, *, all_shipped: bool) -> None:
    if order["status"] == "confirmed":
        move(store, order, "processing", at)
    if all_shipped:
        move(store, order, "fulfilled", at, payment_status="captured")
    elif order["status"] == "processing":
        move(store, order, "partially_fulfilled", at, payment_status="captured")


def _shown(store: Store, parcel: Row) -> Row:
    items = store.rows(
        """SELECT variant_id, sku, fulfillment_items.quantity
           FROM fulfillment_items JOIN order_items ON order_items.id = order_item_id
           WHERE fulfillment_id = ? ORDER BY fulfillment_items.rowid""",
        (parcel["id"],),
    )
    return {**parcel, "items": items}
