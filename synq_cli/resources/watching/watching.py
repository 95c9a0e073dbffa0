"""Watches of orders and of stock levels."""

from collections.abc import Callable, Collection, Mapping
from functools import partial
from hashlib import sha256
from typing import TypedDict, Unpack

from synq_cli import exact_json
from synq_cli.errors import NotFoundError
from synq_cli.http import operations
from synq_cli.resources.inventory.locations import Locations
from synq_cli.resources.inventory.stock import Inventory
from synq_cli.resources.orders.orders import Orders
from synq_cli.resources.products.variants import Variants
from synq_cli.resources.shared.pagination import PAGE, Row
from synq_cli.resources.shared.resource import Resource
from synq_cli.resources.watching.source import Source
from synq_cli.resources.watching.watch import Watch
from synq_cli.state.shared_lists import SharedLists
from synq_cli.state.watches import Watches
from synq_cli.uuids import parse_uuid


class Known(TypedDict):
    """What all watches of this machine share, and what is called for failures that are waited out."""

    watches: Watches
    lists: SharedLists
    warn: Callable[[str], None]


class Watching(Resource):
    """Watches of orders and of stock levels."""

    def orders(
        self,
        matches: Callable[[Row], bool],
        options: Mapping[str, object],
        **known: Unpack[Known],
    ) -> Watch:
        """A watch of the orders that match; the `options` that select them distinguish it from other watches.

        GET /api/v1/oms/orders, /api/v1/oms/orders/{orderID} and /api/v1/audit
        """
        orders = Orders(self._api)

        def read_part(order_id: str) -> list[Row]:
            try:
                return [orders.get(order_id)]
            except NotFoundError:
                return []

        source = Source(
            noun="order",
            kind="order",
            what="orders",
            read=lambda: orders.matching(None),
            requests=_pages,
            key=_order_id,
            part_of=_order_id,
            part_named=_order_named,
            read_part=read_part,
            matches=matches,
            ids={"order_id": "id"},
            dated=True,
        )
        return Watch(self._api, source, _name("orders", options), **known)

    def levels(
        self,
        skus: Collection[str],
        location: str | None,
        most: int | None,
        options: Mapping[str, object],
        **known: Unpack[Known],
    ) -> Watch:
        """A watch of stock levels, of variants by SKU, barcode or UUID, and at a location; empty or None for all.

        With `most`, the levels with so many units on hand or fewer, and an event when a level crosses it. NotFoundError
        for an unknown SKU or location. GET /api/v1/inventory/levels and /api/v1/audit
        """
        inventory, variants = Inventory(self._api), Variants(self._api)
        self._api.check(operations.LIST_INVENTORY_LEVELS)
        ids = [variants.id_of(sku) for sku in dict.fromkeys(skus)]
        place = Locations(self._api).id_of(location)

        def part_named(event: Row) -> str | None:
            variant_id = _variant_named(event)
            return variant_id if not ids or variant_id in ids else None

        def matches(row: Row) -> bool:
            units = row.get("on_hand")
            return most is None or (isinstance(units, int) and units <= most)

        source = Source(
            noun="stock level",
            kind="level",
            what=" ".join(["levels", *sorted(ids), place or ""]).rstrip(),
            read=lambda: inventory.levels(ids, location=place),
            requests=_pages if not ids else lambda _rows: len(ids),
            key=lambda row: f"{_lower(row, 'variant_id')} {_lower(row, 'location_id')}",
            part_of=partial(_lower, key="variant_id"),
            part_named=part_named,
            read_part=lambda variant_id: inventory.levels([variant_id], location=place).first(None),
            matches=matches,
            ids={name: name for name in ("sku", "variant_id", "location_id")},
            compared=("on_hand", "reserved", "available"),
            crossings=most is not None,
        )
        name = _name("levels", {**options, "ids": ids, "location": place})
        return Watch(self._api, source, name, **known)


def _name(kind: str, options: Mapping[str, object]) -> str:
    """A name that is the same for the same list and options."""
    given = {key: options[key] for key in sorted(options) if options[key] not in (None, False, [])}
    return f"{kind} {sha256(exact_json.dumps(given).encode()).hexdigest()[:16]}"


def _pages(rows: int) -> int:
    """The requests that a list with so many rows takes, whose pages overlap by one row."""
    return 1 + max(rows - 1, 0) // (PAGE - 1)


def _lower(row: Row, key: str) -> str:
    return str(row.get(key) or "").lower()


def _order_id(row: Row) -> str:
    return _lower(row, "id")


def _order_named(event: Row) -> str | None:
    return parse_uuid(str(event.get("entity_id"))) if _lower(event, "entity_type") == "order" else None


def _variant_named(event: Row) -> str | None:
    details = event.get("details")
    if isinstance(details, dict) and (named := parse_uuid(str(details.get("variant_id")))):
        return named
    return parse_uuid(str(event.get("entity_id"))) if _lower(event, "entity_type") == "inventory" else None
