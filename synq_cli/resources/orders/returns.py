"""Returns of an order."""

from typing import Any

from synq_cli.http import operations
from synq_cli.resources.orders.lines import parse_units, remember_items
from synq_cli.resources.orders.states import NEXT, status_of, take_step
from synq_cli.resources.shared import validation
from synq_cli.resources.shared.pagination import Row
from synq_cli.resources.shared.resource import Resource


class Returns(Resource):
    """The returns of an order."""

    def of(self, order_id: str) -> list[Row]:
        """An order's returns, oldest first. GET /api/v1/oms/orders/{orderID}/returns"""
        rows = self._api.read_list(operations.LIST_RETURNS, "returns", path={"orderID": order_id})
        remember_items(self._api.index, rows)
        return rows

    def prepare(self, items: list[str], reason: str | None) -> dict[str, Any]:
        """The body of a return, without items for everything shipped. UsageError, RefusedError, NotFoundError."""
        body = validation.given(items=parse_units(items), reason=reason)
        self._api.transport.check(operations.CREATE_RETURN)
        return body

    def create(self, order: Row, body: dict[str, Any]) -> Row:
        """Open a return and return it. POST /api/v1/oms/orders/{orderID}/returns"""
        status = status_of(order)
        after = "return_requested" if "return_requested" in NEXT.get(status, ()) else status
        opened = take_step(self._api, operations.CREATE_RETURN, order, body, after)
        remember_items(self._api.index, [opened])
        return opened
