"""Fulfilments, the parcels of an order, and its returns."""

from typing import Any

from synq_cli.errors import NotFoundError
from synq_cli.http import operations
from synq_cli.resources.inventory.locations import Locations
from synq_cli.resources.orders.lines import parse_units, remember_items
from synq_cli.resources.orders.states import NEXT, status_of, take_step
from synq_cli.resources.shared import validation
from synq_cli.resources.shared.pagination import Row
from synq_cli.resources.shared.resource import Resource

_SHIPPED = {"shipped", "out_for_delivery", "delivered"}


class Fulfillments(Resource):
    """The fulfillments of an order."""

    def of(self, order_id: str) -> list[Row]:
        """An order's parcels, oldest first. GET /api/v1/oms/orders/{orderID}/fulfillments"""
        rows = self._api.read_list(operations.LIST_FULFILLMENTS, "fulfillments", path={"orderID": order_id})
        remember_items(self._api, rows)
        return rows

    def any_shipped(self, order_id: str) -> bool:
        """Whether a parcel of the order has left; False if the server does not list parcels."""
        try:
            return any(status_of(row) in _SHIPPED for row in self.of(order_id))
        except NotFoundError:
            return False

    def prepare(
        self, items: list[str], *, carrier: str | None, tracking_number: str | None, location: str | None
    ) -> dict[str, Any]:
        """The fields of a fulfillment, without items for everything outstanding.

        Raises UsageError, RefusedError, NotFoundError.
        """
        fields = validation.given(
            items=parse_units(items), carrier=carrier, tracking_number=tracking_number, location=location
        )
        self._api.check(operations.CREATE_FULFILLMENT)
        return fields

    def create(self, order: Row, fields: dict[str, Any]) -> Row:
        """Record a parcel as sent; returns the fulfillment. POST /api/v1/oms/orders/{orderID}/fulfillments"""
        body = {key: value for key, value in fields.items() if key != "location"}
        if "location" in fields:
            body["location_id"] = Locations(self._api).id_of(fields["location"])
        after = "partially_fulfilled or fulfilled" if "items" in body else "fulfilled"
        created = take_step(self._api, operations.CREATE_FULFILLMENT, order, body, after)
        remember_items(self._api, [created])
        return created


class Returns(Resource):
    """The returns of an order."""

    def of(self, order_id: str) -> list[Row]:
        """An order's returns, oldest first. GET /api/v1/oms/orders/{orderID}/returns"""
        rows = self._api.read_list(operations.LIST_RETURNS, "returns", path={"orderID": order_id})
        remember_items(self._api, rows)
        return rows

    def prepare(self, items: list[str], reason: str | None) -> dict[str, Any]:
        """The body of a return, without items for everything shipped. UsageError, RefusedError, NotFoundError."""
        body = validation.given(items=parse_units(items), reason=reason)
        self._api.check(operations.CREATE_RETURN)
        return body

    def create(self, order: Row, body: dict[str, Any]) -> Row:
        """Open a return and return it. POST /api/v1/oms/orders/{orderID}/returns"""
        status = status_of(order)
        after = "return_requested" if "return_requested" in NEXT.get(status, ()) else status
        opened = take_step(self._api, operations.CREATE_RETURN, order, body, after)
        remember_items(self._api, [opened])
        return opened
