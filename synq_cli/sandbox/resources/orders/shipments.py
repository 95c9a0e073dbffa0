"""Fulfilments and returns of an order: list, create."""

from typing import Any, Literal

import falcon

from synq_cli.sandbox.resources.orders.orders import INVALID_BODY, find_order
from synq_cli.sandbox.resources.orders.states import move, ship
from synq_cli.sandbox.server import checks
from synq_cli.sandbox.server.request import Request, Response, http_error
from synq_cli.sandbox.store.schema import Row
from synq_cli.sandbox.store.store import Store

SHIPPABLE = ("confirmed", "processing", "partially_fulfilled")
RETURNABLE = ("fulfilled", "delivered", "return_requested", "partially_returned")

ITEM = {"sku": checks.filled_text, "variant_id": checks.identifier, "quantity": checks.positive}


def _item(value: object) -> dict[str, Any]:
    item: dict[str, Any] = checks.object_of(ITEM, ("quantity",))(value)
    if item.keys() == {"quantity"}:
        raise ValueError
    return item


# The `items` of a fulfillment or a return: a quantity, and the line it is taken from by SKU, variant or both.
ITEMS = checks.filled_list(_item)
FULFILLMENT = {"items": ITEMS, "carrier": checks.text, "tracking_number": checks.text, "location_id": checks.identifier}
RETURN = {"items": ITEMS, "reason": checks.text}
# Of each table, that of its items, their key to it, and the columns they show besides variant, SKU and quantity.
ITEM_TABLES = {
    "fulfillments": ("fulfillment_items", "fulfillment_id", ""),
    "returns": ("return_items", "return_id", ", disposition"),
}


class Fulfillments:
    def on_get(self, req: Request, resp: Response, order_id: str) -> None:
        resp.media = {"fulfillments": _list(req, "fulfillments", order_id)}

    def on_post(self, req: Request, resp: Response, order_id: str) -> None:
        fields = req.fields(FULFILLMENT, (), INVALID_BODY, optional=True)
        items = fields.pop("items", None)
        store = req.store
        with store.writing():
            order = find_order(req, order_id)
            if order["status"] not in SHIPPABLE:
                raise http_error(400, f"order is {order['status']}, it cannot be fulfilled")
            lines = _lines_of(store, order["id"])
            selected = _select_units(lines, "unshipped", items)
            fields["location_id"] = _location(req, fields.get("location_id"), [line for line, _ in selected])
            new = {"order_id": order["id"], "status": "shipped", "created_at": req.now, "updated_at": req.now}
            fulfillment = store.add("fulfillments", **new, **fields)
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
        resp.media = _with_items(store, "fulfillments", fulfillment)


class Returns:
    def on_get(self, req: Request, resp: Response, order_id: str) -> None:
        resp.media = {"returns": _list(req, "returns", order_id)}

    def on_post(self, req: Request, resp: Response, order_id: str) -> None:
        fields = req.fields(RETURN, (), INVALID_BODY, optional=True)
        with req.store.writing():
            order = find_order(req, order_id)
            if order["status"] not in RETURNABLE:
                raise http_error(400, f"order is {order['status']}, it cannot be returned")
            new = {"order_id": order["id"], "status": "requested", "created_at": req.now, "updated_at": req.now}
            opened = req.store.add("returns", **new, reason=fields.get("reason"))
            for line, quantity in _select_units(_lines_of(req.store, order["id"]), "returnable", fields.get("items")):
                item = {"return_id": opened["id"], "order_item_id": line["id"], "quantity": quantity}
                req.store.insert("return_items", {**item, "disposition": "pending"})
            if order["status"] in ("fulfilled", "delivered"):
                move(req.store, order, "return_requested", req.at)
            details = {"return_id": opened["id"], "reason": opened["reason"]}
            req.audit("ORDER_RETURN_REQUESTED", "ORDER", order["id"], details)
        resp.status = falcon.HTTP_201
        resp.media = _with_items(req.store, "returns", opened)


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


def _list(req: Request, table: str, order_id: str) -> list[Row]:
    order = find_order(req, order_id)
    rows = req.store.rows(f"SELECT * FROM {table} WHERE order_id = ? ORDER BY created_at, rowid", (order["id"],))  # noqa: S608
    return [_with_items(req.store, table, row) for row in rows]


def _with_items(store: Store, table: str, row: Row) -> Row:
    items, key, extra = ITEM_TABLES[table]
    columns = f"variant_id, sku, {items}.quantity{extra}"
    query = f"SELECT {columns} FROM {items} JOIN order_items ON order_items.id = order_item_id WHERE {key} = ?"  # noqa: S608
    return {**row, "items": store.rows(f"{query} ORDER BY {items}.rowid", (row["id"],))}


def _lines_of(store: Store, order_id: str) -> list[Row]:
    """The order's lines with their `unshipped` units and their `returnable` ones: shipped, and not in a return."""
    return store.rows(
        """WITH shipped AS (
               SELECT order_item_id, SUM(quantity) AS units FROM fulfillment_items GROUP BY order_item_id),
           returned AS (
               SELECT order_item_id, SUM(quantity) AS units FROM return_items GROUP BY order_item_id)
           SELECT order_items.*, order_items.quantity - IFNULL(shipped.units, 0) AS unshipped,
               IFNULL(shipped.units, 0) - IFNULL(returned.units, 0) AS returnable
           FROM order_items
           LEFT JOIN shipped ON shipped.order_item_id = order_items.id
           LEFT JOIN returned ON returned.order_item_id = order_items.id
           WHERE order_id = ? ORDER BY order_items.rowid""",
        (order_id,),
    )


def _select_units(
    lines: list[Row], column: Literal["unshipped", "returnable"], items: list[dict[str, Any]] | None
) -> list[tuple[Row, int]]:
    """The lines and units that `items` ask for; without `items`, all units in the column.

    400 for an unknown line, a line given twice, more units than there are, and if there are none.
    """
    if items is None:
        selected = [(line, line[column]) for line in lines if line[column]]
        if not selected:
            raise http_error(400, f"the order has nothing {column}")
        return selected
    selected = []
    for item in items:
        name = item.get("sku") or item["variant_id"]
        matches = [line for line in lines if all(line[key] == item[key] for key in item if key != "quantity")]
        if not matches:
            raise http_error(400, f"the order has no line {name}")
        if any(line["id"] == other["id"] for line in matches for other, _ in selected):
            raise http_error(400, f"line {name} is given twice")
        rest = item["quantity"]
        for line in matches:
            units = min(rest, line[column])
            if units:
                selected.append((line, units))
            rest -= units
        if rest:
            raise http_error(400, f"quantity is too large: {name} has {item['quantity'] - rest} {column}")
    return selected


ROUTES = {
    "/api/v1/oms/orders/{order_id}/fulfillments": Fulfillments(),
    "/api/v1/oms/orders/{order_id}/returns": Returns(),
}
