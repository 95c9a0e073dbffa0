"""Returns: what comes back of an order."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from synq_cli.http import operations
from synq_cli.resources.orders.lines import parse_units, remember_items
from synq_cli.resources.orders.states import NEXT, status_of, take_step
from synq_cli.resources.shared import validation

if TYPE_CHECKING:
    from synq_cli.http.sender import Transport
    from synq_cli.resources.orders.orders import Order
    from synq_cli.resources.shared.pagination import Row
    from synq_cli.resources.shared.reader import Reader
    from synq_cli.state.id_cache import LocalIndex


@dataclass(frozen=True)
class Request:
    """What is to come back; `units` are of some lines, None being all that was shipped."""

    units: list[dict[str, Any]] | None
    reason: str | None


class Returns:
    """The operations on the returns of an order."""

    def __init__(self, transport: "Transport", reader: "Reader", index: "LocalIndex") -> None:
        self._transport = transport
        self._reader = reader
        self._index = index

    def of(self, order_id: str) -> "list[Row]":
        """An order's returns, oldest first. GET /api/v1/oms/orders/{orderID}/returns"""
        rows = self._reader.all(operations.LIST_RETURNS, "returns", path={"orderID": order_id})
        remember_items(self._index, rows)
        return rows

    def request(self, items: list[str], reason: str | None) -> Request:
        """What is to come back, checked; UsageError, RefusedError or NotFoundError for what would stop it anyway."""
        request = Request(parse_units(items), None if reason is None else validation.filled(reason, "reason"))
        self._transport.check(operations.CREATE_RETURN)
        return request

    def create(self, order: "Order", request: Request) -> "Row":
        """Open a return; gives it. POST /api/v1/oms/orders/{orderID}/returns"""
        status = status_of(order)
        after = "return_requested" if "return_requested" in NEXT.get(status, ()) else status
        body = {"items": request.units, "reason": request.reason}
        opened = take_step(self._transport, operations.CREATE_RETURN, order, body, after)
        remember_items(self._index, [opened])
        return opened
