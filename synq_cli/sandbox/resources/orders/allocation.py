"""Stock of an order: SOFT reserves it until it is shipped, HARD takes it off hand at once."""

import uuid

from synq_cli.sandbox.resources.inventory import add_entry, available, missing, reserve
from synq_cli.sandbox.store.schema import Row
from synq_cli.sandbox.store.store import Store


def allocate(store: Store, order: Row, at: float) -> str | None:
    """Reserve or take the stock of all lines; if some of it is not available, do nothing and return the reason."""
    places = _places(store, order)
    for place in places:
        if error := missing(store, place):
            return error
        units = available(store, place)
        if units < place["quantity"]:
            return f"Not enough stock: {units} of {place['quantity']} available"
    settings = store.row("SELECT inventory_allocation_model FROM settings WHERE tenant_id = ?", (order["tenant_id"],))
    order["allocation"] = settings["inventory_allocation_model"] if settings else "SOFT"
    for place in places:
        if order["allocation"] == "HARD":
            add_entry(store, place, -place["quantity"], "sale", f"Order {order['id']}", at)
        else:
            reserve(store, place, place["quantity"], order["id"], at, order["id"])
    return None


def release(store: Store, order: Row, at: float, released_by: str | None) -> None:
    """Give back the stock of a cancelled order."""
    if order["allocation"] == "HARD":
        for place in _places(store, order):
            notes = f"Order {order['id']} cancelled"
            add_entry(store, place, place["quantity"], "cancellation", notes, at, released_by)
    store.run("UPDATE reservations SET status = 'RELEASED' WHERE order_id = ? AND status = 'ACTIVE'", (order["id"],))


def ship(store: Store, order: Row, line: Row, quantity: int, at: float, shipped_by: str | None) -> None:
    """Take shipped units of a line off hand and use up its reservation; a line without a variant has no stock."""
    if line["variant_id"] is None or order["allocation"] == "HARD":
        return
    place = {**line, "tenant_id": order["tenant_id"]}
    add_entry(store, place, -quantity, "sale", f"Order {order['id']}", at, shipped_by)
    reserved = store.row(
        """SELECT * FROM reservations
           WHERE order_id = ? AND variant_id = ? AND location_id = ? AND status = 'ACTIVE'""",
        (order["id"], line["variant_id"], line["location_id"]),
    )
    if reserved is None:  # released by a request of its own
        return
    if reserved["quantity"] <= quantity:
        store.update("reservations", reserved, status="CONSUMED")
    else:
        store.update("reservations", reserved, quantity=reserved["quantity"] - quantity)
        consumed = {"id": str(uuid.uuid4()), "quantity": quantity, "status": "CONSUMED"}
        store.insert("reservations", {**reserved, **consumed})


def _places(store: Store, order: Row) -> list[Row]:
    """The quantity that the order needs of each variant at each location."""
    return store.rows(
        """SELECT orders.tenant_id, variant_id, location_id, SUM(quantity) AS quantity
           FROM order_items JOIN orders ON orders.id = order_id
           WHERE order_id = ? AND variant_id IS NOT NULL
           GROUP BY variant_id, location_id ORDER BY MIN(order_items.rowid)""",
        (order["id"],),
    )
