"""Fulfilments, the parcels of an order, and its returns."""

from typing import Any

from synq_cli.errors import NotFoundError, UsageError
from synq_cli.http import operations
from synq_cli.resources.inventory.locations import Locations
from synq_cli.resources.orders.lines import parse_units, remember_items
from synq_cli.resources.orders.states import NEXT, status_of, take_step
from synq_cli.resources.products.variants import Variants
from synq_cli.resources.shared import validation
from synq_cli.resources.shared.pagination import Row
from synq_cli.resources.shared.resource import Api, Resource

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
        """The fields of a fulfillment; no items mean all outstanding ones. UsageError, RefusedError, NotFoundError."""
        units = parse_units(items)
        fields = validation.given(carrier=carrier, tracking_number=tracking_number, location=location)
        self._api.check(operations.CREATE_FULFILLMENT)
        return {"items": with_skus(self._api, units), **fields} if units else fields

    def create(self, order: Row, fields: dict[str, Any]) -> Row:
        """Record a parcel as sent; returns the fulfillment. POST /api/v1/oms/orders/{orderID}/fulfillments"""
        body = {key: value for key, value in fields.items() if key != "location"}
        if "location" in fields:
            body["location_id"] = Locations(self._api).id_of(fields["location"])
        after = "partially_fulfilled or fulfilled" if "items" in body else "fulfilled"
        created = take_step(self._api, operations.CREATE_FULFILLMENT, order, body, after)
        remember_items(self._api, [created])
        return created


def with_skus(api: Api, units: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The items of a parcel or a return, with the SKU of each barcode, or else the id of its variant.

    UsageError if another item is for the same SKU, NotFoundError if several variants have a barcode.
    """
    ids = Variants(api).ids_of_barcodes(unit["sku"] for unit in units if "sku" in unit)
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for unit in units:
        key, name = ("sku", unit["sku"]) if "sku" in unit else ("variant_id", unit["variant_id"])
        if variant_id := ids.get(name):
            sku = api.index.sku_of(variant_id)
            key, name = ("sku", sku) if sku else ("variant_id", variant_id)
        if (key, name) in found:
            raise UsageError(f"{name} is given twice.", hint="Use one --item for all of its units.")
        found[key, name] = {key: name, "quantity": unit["quantity"]}
    return list(found.values())


class Returns(Resource):
    """The returns of an order."""

    def of(self, order_id: str) -> list[Row]:
        """An order's returns, oldest first. GET /api/v1/oms/orders/{orderID}/returns"""
        rows = self._api.read_list(operations.LIST_RETURNS, "returns", path={"orderID": order_id})
        remember_items(self._api, rows)
        return rows

    def prepare(self, items: list[str], reason: str | None) -> dict[str, Any]:
        """The body of a return, without items for everything shipped. UsageError, RefusedError, NotFoundError."""
        units, body = parse_units(items), validation.given(reason=reason)
        self._api.check(operations.CREATE_RETURN)
        return {"items": with_skus(self._api, units), **body} if units else body

    def create(self, order: Row, body: dict[str, Any]) -> Row:
        """Open a return and return it. POST /api/v1/oms/orders/{orderID}/returns"""
        status = status_of(order)
        after = "return_requested" if "return_requested" in NEXT.get(status, ()) else status
        opened = take_step(self._api, operations.CREATE_RETURN, order, body, after)
        remember_items(self._api, [opened])
        return opened
