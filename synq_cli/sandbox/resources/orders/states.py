"""Order statuses: which may follow which, the changes that only take time, and the stock of an order."""

from synq_cli.sandbox.resources.inventory import add_entry, available, missing, reserve
from synq_cli.sandbox.server.request import http_error, without
from synq_cli.sandbox.store.schema import Row
from synq_cli.sandbox.store.store import Store
from synq_cli.times import timestamp

NEXT: dict[str, tuple[str, ...]] = {
    "draft": ("pending_payment", "cancelled"),
    "pending_payment": ("payment_authorized", "cancelled", "failed"),
    "payment_authorized": ("confirmed", "cancelled", "failed"),
    "confirmed": ("processing", "cancelled"),
    "processing": ("partially_fulfilled", "fulfilled", "cancelled"),
    "partially_fulfilled": ("fulfilled",),
    "fulfilled": ("delivered", "return_requested"),
    "delivered": ("completed", "return_requested"),
    "completed": (),
    "return_requested": ("partially_returned", "returned", "completed"),
    "partially_returned": ("returned", "partially_refunded", "refunded"),
    "returned": ("partially_refunded", "refunded"),
    "partially_refunded": ("refunded", "completed"),
    "refunded": (),
    "cancelled": (),
    "failed": (),
}

# Seconds from one status of a new order to the next.
STEP = 2.0


def move(
    store: Store, order: Row, status: str, at: float, payment_status: str | None = None, then: float | None = None
) -> None:
    """Move the order to its next status, in the database and in `order`; 400 if that status may not follow.

    Without `payment_status` the payment stays as it is. `then` is when the order moves on by itself.
    """
    if status not in NEXT[order["status"]]:
        raise http_error(400, f"order is {order['status']}, it cannot become {status}")
    changes = {
        "status": status,
        "payment_status": payment_status or order["payment_status"],
        "allocation": order["allocation"],
        "advances_at": then,
        "updated_at": timestamp(at),
    }
    order |= store.update("orders", order, **changes)


def advance_due_orders(store: Store, now: float) -> None:
    """Move new orders on: reserve their stock, then confirm them."""
    if store.row("SELECT id FROM orders WHERE advances_at <= ?", (now,)):
        with store.writing():
            while order := store.row(
                "SELECT * FROM orders WHERE advances_at <= ? ORDER BY advances_at, rowid LIMIT 1", (now,)
            ):
                _advance(store, order)


def _advance(store: Store, order: Row) -> None:
    at = order["advances_at"]
    if order["status"] == "payment_authorized":
        move(store, order, "confirmed", at)
        _audit(store, order, "ORDER_CONFIRMED", {"allocation": order["allocation"]})
    elif error := allocate(store, order, at):
        move(store, order, "failed", at)
        _audit(store, order, "ORDER_FAILED", {"reason": error})
    else:
        move(store, order, "payment_authorized", at, payment_status="authorized", then=at + STEP)


def _audit(store: Store, order: Row, action: str, details: Row) -> None:
    actor = {"tenant_id": order["tenant_id"], "actor_email": "system", "created_at": order["updated_at"]}
    store.add("audit", **actor, action=action, entity_type="ORDER", entity_id=order["id"], details=details)


# Stock of an order: SOFT reserves it until it is shipped, HARD takes it off hand at once.


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
        consumed = {**without(reserved, "id"), "quantity": quantity, "status": "CONSUMED"}
        store.add("reservations", **consumed)


def _places(store: Store, order: Row) -> list[Row]:
    """The quantity that the order needs of each variant at each location."""
    return store.rows(
        """SELECT orders.tenant_id, variant_id, location_id, SUM(quantity) AS quantity
           FROM order_items JOIN orders ON orders.id = order_id
           WHERE order_id = ? AND variant_id IS NOT NULL
           GROUP BY variant_id, location_id ORDER BY MIN(order_items.rowid)""",
        (order["id"],),
    )
