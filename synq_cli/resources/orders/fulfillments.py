"""Fulfilments: the parcels of an order."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from synq_cli.errors import NotFoundError
from synq_cli.http import operations
from synq_cli.resources.orders.lines import parse_units, remember_items
from synq_cli.resources.orders.states import status_of, take_step
from synq_cli.resources.shared import validation

if TYPE_CHECKING:
    from synq_cli.http.sender import Transport
    from synq_cli.resources.inventory.locations import Locations
    from synq_cli.resources.orders.orders import Order
    from synq_cli.resources.shared.pagination import Row
    from synq_cli.resources.shared.reader import Reader
    from synq_cli.state.id_cache import LocalIndex

_GONE = {"shipped", "out_for_delivery", "delivered"}


@dataclass(frozen=True)
class Parcel:
    """What is to be sent; `units` are of some lines, None being all that is outstanding."""

    units: list[dict[str, Any]] | None
    carrier: str | None
    tracking_number: str | None
    location: str | None


class Fulfillments:
    """The operations on the fulfilments of an order."""

    def __init__(self, transport: "Transport", reader: "Reader", index: "LocalIndex", locations: "Locations") -> None:
        self._transport = transport
        self._reader = reader
        self._index = index
        self._locations = locations

    def of(self, order_id: str) -> "list[Row]":
        """An order's parcels, oldest first. GET /api/v1/oms/orders/{orderID}/fulfillments"""
        rows = self._reader.all(operations.LIST_FULFILLMENTS, "fulfillments", path={"orderID": order_id})
        remember_items(self._index, rows)
        return rows

    def any_shipped(self, order_id: str) -> bool:
        """Whether a unit of the order has left; False where the server does not say."""
        try:
            return any(status_of(row) in _GONE for row in self.of(order_id))
        except NotFoundError:
            return False

    def parcel(
        self, items: list[str], *, carrier: str | None, tracking_number: str | None, location: str | None
    ) -> Parcel:
        """What is to be sent, checked; UsageError, RefusedError or NotFoundError for what would stop it anyway."""
        parcel = Parcel(
            parse_units(items),
            None if carrier is None else validation.filled(carrier, "carrier"),
            None if tracking_number is None else validation.filled(tracking_number, "tracking number"),
            None if location is None else validation.filled(location, "location"),
        )
        self._transport.check(operations.CREATE_FULFILLMENT)
        return parcel

    def create(self, order: "Order", parcel: Parcel) -> "Row":
        """Record a parcel as sent; gives it. POST /api/v1/oms/orders/{orderID}/fulfillments"""
        body = {
            "items": parcel.units,
            "carrier": parcel.carrier,
            "tracking_number": parcel.tracking_number,
            "location_id": self._locations.id_of(parcel.location),
        }
        after = "partially_fulfilled or fulfilled" if parcel.units else "fulfilled"
        made = take_step(self._transport, operations.CREATE_FULFILLMENT, order, body, after)
        remember_items(self._index, [made])
        return made
