"""All that belongs to one order, read together."""

from collections.abc import Mapping
from typing import Any

from synq_cli.errors import SynqError
from synq_cli.http import operations, replies
from synq_cli.http.operation import Operation
from synq_cli.resources.orders.headers import remember_orders
from synq_cli.resources.orders.lines import remember_items
from synq_cli.resources.orders.states import status_of
from synq_cli.resources.shared.pagination import PAGE, Row
from synq_cli.resources.shared.resource import Resource, rows_of
from synq_cli.resources.shared.together import Read, read_together

# What usually comes next, by the order's status.
_NEXT = {
    "draft": "synq orders track {} --watch",
    "pending_payment": "synq orders track {} --watch",
    "payment_authorized": "synq orders track {} --watch",
    "confirmed": "synq orders fulfill {} --carrier NAME --tracking-number NUMBER",
    "processing": "synq orders fulfill {} --carrier NAME --tracking-number NUMBER",
    "partially_fulfilled": "synq orders fulfill {} --carrier NAME --tracking-number NUMBER",
    "fulfilled": "synq orders track {} --watch",
}


_PARTS = ("fulfillments", "returns", "reservations")


class Briefs(Resource):
    """Orders with all that belongs to them."""

    def get(self, order_id: str) -> Row:
        """An order with its `fulfillments`, `returns` and `reservations`, each null if they can't be read.

        `left_out` says why, by the same names.

        A reservation that still holds units has the units `on_hand` and `available` at its location, where levels can
        be read: of several variants, where the first page of the location has them. `next` is the command that usually
        comes next, or null.

        Reads the order, its fulfillments, its returns and all reservations together, then levels if units are held.
        """
        path = {"orderID": self._api.resolve_id("order", order_id)}
        answers = read_together(
            self._api,
            Read(operations.GET_ORDER, path),
            Read(operations.LIST_FULFILLMENTS, path),
            Read(operations.LIST_RETURNS, path),
            Read(operations.LIST_RESERVATIONS),
        )
        order = answers[0]
        if isinstance(order, SynqError):
            raise order
        if not isinstance(order, dict) or str(order.get("id")).lower() != path["orderID"]:
            raise replies.invalid_reply(operations.GET_ORDER, "it is not the object that was asked for")
        remember_orders(self._api, [order])
        parcels = _listed(answers[1], operations.LIST_FULFILLMENTS, "fulfillments")
        returns = _listed(answers[2], operations.LIST_RETURNS, "returns")
        remember_items(self._api, [*(parcels or []), *(returns or [])])
        reservations = _listed(answers[3], operations.LIST_RESERVATIONS, "reservations")
        if reservations is not None:
            reservations = self._with_stock([row for row in reservations if _is_for(row, path["orderID"])])
        following = _NEXT.get(status_of(order))
        return {
            **order,
            "fulfillments": parcels,
            "returns": returns,
            "reservations": reservations,
            "left_out": {
                key: answer.message
                for key, answer in zip(_PARTS, answers[1:], strict=True)
                if isinstance(answer, SynqError)
            },
            "next": following and following.format(path["orderID"]),
        }

    def _with_stock(self, reservations: list[Row]) -> list[Row]:
        """The reservations; those that hold units with the stock at their location."""
        held = [row for row in reservations if str(row.get("status")).upper() == "ACTIVE"]
        variants, locations = ({str(row.get(key)) for row in held} for key in ("variant_id", "location_id"))
        if not held:
            return reservations
        query = {
            "variant_id": variants.pop() if len(variants) == 1 else None,
            "location_id": locations.pop() if len(locations) == 1 else None,
            "limit": PAGE,
        }
        answer = read_together(self._api, Read(operations.LIST_INVENTORY_LEVELS, query=query))[0]
        levels = _listed(answer, operations.LIST_INVENTORY_LEVELS, "levels") or []
        self._api.remember_skus(levels, "variant_id")
        stock = {_place(level): {key: level.get(key) for key in ("on_hand", "available")} for level in levels}
        return [{**row, **stock.get(_place(row), {})} if row in held else row for row in reservations]


def _listed(answer: Any, operation: Operation, key: str) -> list[Row] | None:
    """The rows of an answer; None if there is none."""
    return None if isinstance(answer, SynqError) else rows_of(answer, operation, key)


def _is_for(reservation: Mapping[str, Any], order_id: str) -> bool:
    """Whether a reservation is for this order: by its `order_id`, where the server gives it, or its reference."""
    return order_id in {str(reservation.get(key)).lower() for key in ("order_id", "reference")}


def _place(row: Mapping[str, Any]) -> str:
    return f"{row.get('variant_id')} {row.get('location_id')}".lower()
