"""Order statuses: which may follow which, and the changes that only take time."""

from synq_cli.sandbox.resources.orders.allocation import allocate
from synq_cli.sandbox.server.request import audit_event, http_error
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
    audit_event(store, order["tenant_id"], order["updated_at"], action, "ORDER", order["id"], details)
