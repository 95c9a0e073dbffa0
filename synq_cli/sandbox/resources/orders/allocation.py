"""An order's stock: SOFT holds it until it is shipped, HARD takes it off hand at once."""

import uuid

from synq_cli.sandbox.resources.inventory.stock import enter, free, hold, missing
from synq_cli.sandbox.store.schema import Row
from synq_cli.sandbox.store.store import Store


def allocate(store: Store, order: Row, at: float) -> str | None:
    """Hold or take the stock of all lines; what is missing, and nothing done, if some of it is not to be had."""
    places = _places(store, order)
    for place in places:
        complaint = missing(store, place)
        available = free(store, place)
        if not complaint and available < place["quantity"]:
            complaint = f"Not enough stock: {available} of {place['quantity']} available"
        if complaint:
            return complaint
    settings = store.row("SELECT inventory_allocation_model FROM settings WHERE tenant_id = ?", (order["tenant_id"],))
    order["allocation"] = settings["inventory_allocation_model"] if settings else "SOFT"
    for place in places:
        if order["allocation"] == "HARD":
            enter(store, place, -place["quantity"], "sale", f"Order {order['id']}", at)
        else:
            hold(store, place, place["quantity"], order["id"], at, order["id"])
    return None


def release(store: Store, order: Row, at: float, released_by: str | None) -> None:
    """Give back what a cancelled order held or took."""
    if order["allocation"] == "HARD":
        for place in _places(store, order):
            notes = f"Order {order['id']} cancelled"
            enter(store, place, place["quantity"], "cancellation", notes, at, released_by)
    store.run("UPDATE reservations SET status = 'RELEASED' WHERE order_id = ? AND status = 'ACTIVE'", (order["id"],))


def ship(store: Store, order: Row, line: Row, quantity: int, at: float, shipped_by: str | None) -> None:
    """Let units of a line leave the house; a line without a variant has none."""
    if line["variant_id"] is None or order["allocation"] == "HARD":
        return
    place = {**line, "tenant_id": order["tenant_id"]}
    enter(store, place, -quantity, "sale", f"Order {order['id']}", at, shipped_by)
    held = store.row(
        """SELECT * FROM reservations
           WHERE order_id = ? AND variant_id = ? AND location_id = ? AND status = 'ACTIVE'""",
        (order["id"], line["variant_id"], line["location_id"]),
    )
    if held is None:  # released by hand
        return
    if held["quantity"] <= quantity:
        store.run("UPDATE reservations SET status = 'CONSUMED' WHERE id = ?", (held["id"],))
    else:
        store.run("UPDATE reservations SET quantity = quantity - ? WHERE id = ?", (quantity, held["id"]))
        store.insert("reservations", {**held, "id": str(uuid.uuid4()), "quantity": quantity, "status": "CONSUMED"})


def _places(store: Store, order: Row) -> list[Row]:
    """What the order needs where, each variant and location once."""
    return store.rows(
        """SELECT orders.tenant_id, variant_id, location_id, SUM(quantity) AS quantity
           FROM order_items JOIN orders ON orders.id = order_id
           WHERE order_id = ? AND variant_id IS NOT NULL
           GROUP BY variant_id, location_id ORDER BY MIN(order_items.rowid)""",
        (order["id"],),
    )
