"""The life of an order: which status may follow which, and what the clock alone brings about."""

import falcon

from synq_cli.sandbox.resources.orders.allocation import allocate
from synq_cli.sandbox.server.reading import refusal, store_of
from synq_cli.sandbox.store.schema import Row
from synq_cli.sandbox.store.store import Store
from synq_cli.sandbox.store.trail import record_unasked
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

# Seconds from one step of a new order to the next.
STEP = 2.0


def move(
    store: Store, order: Row, status: str, at: float, payment_status: str | None = None, then: float | None = None
) -> None:
    """Take the order to its next status, in the row too; `then` is when the clock takes it further.

    Without a `payment_status` the payment stays as it is. 400 if that status may not follow.
    """
    if status not in NEXT[order["status"]]:
        raise refusal(400, f"order is {order['status']}, it cannot become {status}")
    order["status"] = status
    order["payment_status"] = payment_status or order["payment_status"]
    order["advances_at"] = then
    order["updated_at"] = timestamp(at)
    store.run(
        """UPDATE orders SET status = :status, payment_status = :payment_status, allocation = :allocation,
               advances_at = :advances_at, updated_at = :updated_at
           WHERE id = :id""",
        order,
    )


class DueOrders:
    """Before a request is answered, does what new orders have waited for: reserve their stock, then confirm them."""

    def process_resource(
        self, req: falcon.Request, _resp: falcon.Response, _resource: object, _params: dict[str, object]
    ) -> None:
        store, due = store_of(req), (req.context.at,)
        if store.row("SELECT id FROM orders WHERE advances_at <= ?", due):
            with store.writing():
                while order := store.row(
                    "SELECT * FROM orders WHERE advances_at <= ? ORDER BY advances_at, rowid LIMIT 1", due
                ):
                    _advance(store, order)


def _advance(store: Store, order: Row) -> None:
    at = order["advances_at"]
    complaint = allocate(store, order, at) if order["status"] == "pending_payment" else None
    if complaint:
        move(store, order, "failed", at)
        _record(store, order, "ORDER_FAILED", {"reason": complaint})
    elif order["status"] == "pending_payment":
        move(store, order, "payment_authorized", at, payment_status="authorized", then=at + STEP)
    else:
        move(store, order, "confirmed", at)
        _record(store, order, "ORDER_CONFIRMED", {"allocation": order["allocation"]})


def _record(store: Store, order: Row, action: str, details: Row) -> None:
    record_unasked(store, order["tenant_id"], order["updated_at"], action, "ORDER", order["id"], details)
