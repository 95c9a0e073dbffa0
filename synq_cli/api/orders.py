"""Orders: the statuses they can have, and the operations on them."""

from typing import TYPE_CHECKING, TypedDict, cast

from synq_cli.api.operation import Operation
from synq_cli.api.pagination import Listing, Row
from synq_cli.errors import UsageError

if TYPE_CHECKING:
    from synq_cli.api.index import LocalIndex
    from synq_cli.api.reader import Reader

ORDER_STATUSES = (
    "draft", "pending_payment", "payment_authorized", "confirmed", "processing", "partially_fulfilled", "fulfilled",
    "delivered", "completed", "return_requested", "partially_returned", "returned", "refunded", "partially_refunded",
    "cancelled", "failed",
)  # fmt: skip
_CLOSED = {"completed", "cancelled", "refunded", "returned", "failed"}
STATUS_GROUPS = {
    "open": frozenset(ORDER_STATUSES) - _CLOSED,
    "closed": frozenset(_CLOSED),
    "unpaid": frozenset({"draft", "pending_payment"}),
    "to-ship": frozenset({"confirmed", "processing", "partially_fulfilled"}),
    "shipped": frozenset({"fulfilled", "delivered"}),
    "returning": frozenset({"return_requested", "partially_returned", "returned"}),
    "refunded": frozenset({"partially_refunded", "refunded"}),
    "dead": frozenset({"cancelled", "failed"}),
    "cancellable": frozenset({"draft", "pending_payment", "payment_authorized", "confirmed", "processing"}),
}

LIST = Operation("list_orders", "GET", "/api/v1/oms/orders", "the list of orders")
GET = Operation("get_order", "GET", "/api/v1/oms/orders/{orderID}", "the order")


class Order(TypedDict, total=False):
    """An order's header; its lines are not part of it."""

    id: str
    status: str
    channel: str | None
    created_at: str


def parse_statuses(text: str | None) -> frozenset[str] | None:
    """The statuses that a comma list of statuses and groups names; None for all. UsageError for a wrong one."""
    names = [name.strip() for name in ("all" if text is None else text).lower().split(",")]
    if "all" in names:
        return None
    known = {**{status: frozenset({status}) for status in ORDER_STATUSES}, **STATUS_GROUPS}
    for name in names:
        if name not in known:
            raise _no_such_status(name, list(known))
    return frozenset().union(*(known[name] for name in names))


def _no_such_status(name: str, known: list[str]) -> UsageError:
    from difflib import get_close_matches

    near = get_close_matches(name.replace(" ", "_"), known, n=1)
    return UsageError(
        f"There is no order status '{name}'.",
        hint=f"Did you mean {near[0]}? `synq orders list --help` explains the groups."
        if near
        else f"Groups: all, {', '.join(STATUS_GROUPS)}. Statuses: {', '.join(ORDER_STATUSES)}.",
    )


class Orders:
    """The operations on orders."""

    def __init__(self, reader: "Reader", index: "LocalIndex") -> None:
        self._reader = reader
        self._index = index

    def matching(self, statuses: frozenset[str] | None, *, channel: str | None, since: float | None) -> Listing:
        """Orders of these statuses and this channel, placed since an epoch second; None means any.

        The API does not filter: pages are read only as rows are taken. GET /api/v1/oms/orders
        """

        def matches(row: Row) -> bool:
            return (
                (statuses is None or _has_status(row, statuses))
                and (channel is None or row.get("channel") == channel)
                and (since is None or _placed_since(row, since))
            )

        return self._reader.listing(
            LIST, "orders", matches=matches, remember=lambda rows: self._index.remember_ids("order", rows)
        )

    def get(self, order_id: str) -> Order:
        """One order, by its id or by the first letters of one seen before. GET /api/v1/oms/orders/{orderID}"""
        whole = self._reader.whole_id("order", order_id)
        return cast("Order", self._reader.one(GET, {"orderID": whole}))


def _has_status(row: Row, statuses: frozenset[str]) -> bool:
    status = str(row.get("status"))
    # Open is all that is not closed, and so is a status that the API has learned since.
    return status in statuses or (status not in ORDER_STATUSES and statuses >= STATUS_GROUPS["open"])


def _placed_since(row: Row, since: float) -> bool:
    from datetime import UTC, datetime

    try:
        placed = datetime.fromisoformat(str(row.get("created_at")))
    except ValueError:
        return False
    return (placed if placed.tzinfo else placed.replace(tzinfo=UTC)).timestamp() >= since
