"""Tracking: the history of an order."""

from collections.abc import Callable, Iterator

from synq_cli.errors import NotFoundError
from synq_cli.resources.orders.fulfillments import Fulfillments, Returns
from synq_cli.resources.orders.orders import Orders
from synq_cli.resources.orders.states import ENDS, STATUS_GROUPS, path_from, path_to, status_of
from synq_cli.resources.shared.pagination import Row
from synq_cli.resources.shared.polling import poll
from synq_cli.resources.shared.resource import Resource

# Nothing is packed before an order is confirmed, and nothing comes back before all of it has left.
_UNPACKED = frozenset({"draft", "pending_payment", "payment_authorized", "failed"})
_UNRETURNED = _UNPACKED | STATUS_GROUPS["to-ship"] | {"cancelled"}
_PAUSES = (2.0, 30.0)


class Tracking(Resource):
    """Orders with the history of their statuses, their parcels and their returns."""

    def get(self, order_id: str) -> Row:
        """An order with its `states`, `fulfillments` and `returns`; the last two are null if the server lists none.

        A state has its `status`, the time `at` which it was reached, if known, and its `phase`: passed, current or
        ahead.
        """
        return self._history(dict(Orders(self._api).get(order_id)))

    def watch(self, order_id: str) -> Iterator[Row]:
        """The same at each poll, until the order reaches a final status."""
        seen: Row = {}
        history: Row = {}
        orders = Orders(self._api)
        polled = poll(
            self._api,
            lambda: dict(orders.get(order_id)),
            lambda order: status_of(order) in ENDS,
            what=f"Order {order_id}",
            resume=f"synq orders track {order_id} --watch",
            limit=None,
            pauses=_PAUSES,
        )
        for order in polled:
            if order != seen:
                seen, history = order, self._history(order)
            yield history

    def _history(self, order: Row) -> Row:
        status, order_id = status_of(order), str(order["id"])
        parcels = [] if status in _UNPACKED else _if_listed(Fulfillments(self._api).of, order_id)
        returns = [] if status in _UNRETURNED else _if_listed(Returns(self._api).of, order_id)
        states = _states(order, parcels or [], returns or [])
        return {**order, "states": states, "fulfillments": parcels, "returns": returns}


def _if_listed(read: Callable[[str], list[Row]], order_id: str) -> list[Row] | None:
    try:
        return read(order_id)
    except NotFoundError:  # the order exists, so it is the route that does not
        return None


def _states(order: Row, parcels: list[Row], returns: list[Row]) -> list[Row]:
    """The statuses up to the order's own, and those that usually follow."""
    status = status_of(order)
    parcels = [parcel for parcel in parcels if status_of(parcel) not in {"cancelled", "failed"}]
    delivered = [parcel for parcel in parcels if status_of(parcel) == "delivered"]
    known = {
        "payment_authorized": bool(order.get("payment_status")),
        "partially_fulfilled": len(parcels) > 1,
        "delivered": bool(parcels) and delivered == parcels,
        "return_requested": bool(returns),
    }
    *passed, _ = path = path_to(status, [name for name, is_known in known.items() if is_known])
    times = {
        "partially_fulfilled": _time(parcels[:1], "created_at"),
        "fulfilled": _time(parcels[-1:], "created_at"),
        "delivered": _time(delivered[-1:], "updated_at"),
        "return_requested": _time(returns[:1], "created_at"),
        status: _time([order], "updated_at"),
        path[0]: _time([order], "created_at"),
    }
    phases = [(name, "passed") for name in passed] + [(status, "current")]
    phases += [(name, "ahead") for name in path_from(status)]
    return [
        {"status": name, "at": None if phase == "ahead" else times.get(name), "phase": phase} for name, phase in phases
    ]


def _time(rows: list[Row], key: str) -> object:
    """The time under this key of the first row, if any; some servers write an unknown time as an empty text."""
    return (rows[0].get(key) or None) if rows else None
