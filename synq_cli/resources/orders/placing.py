"""An order made of what a person gave: options over a file, SKUs, channel and location looked up, all of it checked."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from synq_cli.errors import NotFoundError, UsageError
from synq_cli.exact_json import Number
from synq_cli.http import operations
from synq_cli.resources.orders.checks import check_order
from synq_cli.resources.orders.lines import Line
from synq_cli.resources.shared import validation
from synq_cli.resources.shared.reader import row_named
from synq_cli.uuids import parse_uuid

if TYPE_CHECKING:
    from synq_cli.http.sender import Transport
    from synq_cli.resources.channels import Channels
    from synq_cli.resources.inventory.locations import Locations
    from synq_cli.resources.products.products import Products
    from synq_cli.resources.products.variants import Variants
    from synq_cli.resources.shared.pagination import Row
    from synq_cli.state.id_cache import LocalIndex


@dataclass(frozen=True)
class Wish:
    """What was given: an order from a file, and fields and lines that go before those of the file.

    `location` is the one that was asked for, `usual_location` the profile's, for lines alone.
    """

    document: Any
    name: str
    fields: dict[str, str | None]
    lines: list[Line]
    location: str | None
    usual_location: str | None


@dataclass(frozen=True)
class Entry:
    """An order as it is sent, but for its key; `own_key` is one that was given.

    `remarks` say what was looked up, `doubts` what is odd.
    """

    order: dict[str, Any]
    own_key: str | None
    remarks: list[str]
    doubts: list[str]


class OrderEntry:
    """Completes orders; every lookup comes after all that can be checked without one."""

    def __init__(
        self,
        transport: "Transport",
        index: "LocalIndex",
        variants: "Variants",
        products: "Products",
        channels: "Channels",
        locations: "Locations",
    ) -> None:
        self._transport = transport
        self._variants = variants
        self._products = products
        self._channels = channels
        self._locations = locations
        self._index = index

    def complete(self, wish: Wish) -> Entry:
        """The order that is meant; UsageError or NotFoundError say what is wrong with it before it is sent."""
        order = overlaid(wish.document, wish.fields)
        without = ("items",) if wish.lines else ()
        check_order(order, wish.name, without=without, located=wish.location is not None)
        self._transport.check(operations.CREATE_ORDER)
        own_key = order.pop("idempotency_key", None)
        doubts: list[str] = []
        if order.get("channel") is not None:
            settled, doubts = settled_channel(order, self._channels.list())
            order.update(settled)
        remarks = self._settle_items(order, wish)
        check_order(order, wish.name)
        return Entry(order, own_key, remarks, doubts)

    def _settle_items(self, order: dict[str, Any], wish: Wish) -> list[str]:
        """Lines as items of their variants, or the file's items at the location that was asked for."""
        if wish.lines:
            location_id = self._locations.chosen(wish.location or wish.usual_location)[0]
            order["items"], remarks = self._items(wish.lines, location_id, order["currency"])
            return remarks
        if wish.location is not None:
            order["items"] = placed_at(self._locations.chosen(wish.location)[0], order["items"])
        return []

    def _items(self, lines: list[Line], location_id: str, currency: str) -> tuple[list[dict[str, Any]], list[str]]:
        """Lines as items, and a sentence on each price that was not typed."""
        variants = {line.sku: self._variant(line.sku) for line in lines}
        titles = dict(self._titles([_product_id(row) for row in variants.values()]))
        items, remarks = [], []
        for line in lines:
            variant = variants[line.sku]
            sku, price = str(variant.get("sku") or line.sku), line.price
            if price is None:
                price = _own_price(variant, sku, currency)
                remarks.append(f"{sku}: {price.text} {currency}, the variant's own price.")
            item = {
                "product_title": titles.get(_product_id(variant)) or sku,
                "variant_title": _options(variant),
                "sku": sku,
                "variant_id": variant["id"],
                "location_id": location_id,
                "quantity": line.quantity,
                "unit_price": price,
            }
            items.append(_without_nulls(item))
        return items, remarks

    def _variant(self, name: str) -> "Row":
        """The variant of a SKU or of an id whose SKU is known; no more than its id where variants can't be listed."""
        identifier = parse_uuid(name)
        sku = self._index.names("sku").get(identifier) if identifier else name
        if sku is None:
            return {"id": identifier}
        try:
            return self._variants.the_one(sku)
        except NotFoundError as error:
            known = identifier or self._index.find("sku", sku)
            if error.status is None or known is None:
                raise
            return {"id": known, "sku": sku}

    def _titles(self, product_ids: list[str]) -> Iterator[tuple[str, str]]:
        """Titles of products by id: one request for one; for several their list, and one for each that it lacks."""
        wanted = dict.fromkeys(name for name in product_ids if name)
        if len(wanted) > 1:
            for row in self._products.list():
                product_id = str(row.get("id")).lower()
                if product_id in wanted and row.get("title"):
                    del wanted[product_id]
                    yield product_id, str(row["title"])
        for product_id in wanted:
            try:
                yield product_id, str(self._products.get(product_id).get("title") or "")
            except NotFoundError:
                continue  # the SKU stands in for it


def overlaid(document: Any, fields: Mapping[str, str | None]) -> Any:
    """A file's order with given fields over it, in which null is as good as absent."""
    document = {} if document is None else document
    if not isinstance(document, dict):
        return document
    given = {name: text.strip() for name, text in fields.items() if text is not None}
    order = _without_nulls({**document, **given})
    if isinstance(order.get("items"), list):
        order["items"] = [_without_nulls(item) if isinstance(item, dict) else item for item in order["items"]]
    if isinstance(order.get("currency"), str):
        order["currency"] = order["currency"].strip().upper()
    return order


def settled_channel(order: Mapping[str, Any], channels: "list[Row]") -> tuple[dict[str, str], list[str]]:
    """The order's channel by the name that orders carry, with its currency unless another was given; what is odd."""
    row = row_named(channels, order["channel"], "channel", "name", "id", see="synq channels list")
    name, given = str(row["name"]), order.get("currency")
    currency = given or validation.currency(str(row.get("currency")), f"currency of channel {name}")
    own, doubts = str(row.get("currency") or currency).upper(), []
    if own != currency:
        doubts.append(f"The order is in {currency}, but channel {name} sells in {own}.")
    if row.get("active") is False:
        doubts.append(f"Channel {name} takes no orders.")
    return {"channel": name, "currency": currency}, doubts


def placed_at(location_id: str, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Items that take their stock from this location."""
    return [{**item, "location_id": location_id} if item.get("variant_id") else item for item in items]


def _own_price(variant: "Row", sku: str, currency: str) -> Number:
    """The variant's price; UsageError if it has none in this currency."""
    price, priced_in = variant.get("price"), variant.get("currency")
    if not price or str(priced_in or currency).upper() != currency:
        why = f"costs {price} {priced_in}, and the order is in {currency}" if price else "has no price that can be read"
        raise UsageError(f"{sku} {why}.", hint=f"Give its price: --item '{sku}=QUANTITY@PRICE'.")
    return validation.amount(str(price), f"price of {sku}")


def _product_id(variant: "Row") -> str:
    """The id of its product; empty where the variant names none."""
    return parse_uuid(str(variant.get("product_id"))) or ""


def _options(variant: "Row") -> str | None:
    """The chosen options as a title, such as Navy / M."""
    options = variant.get("option_values")
    values = options.values() if isinstance(options, dict) else []
    return " / ".join(value for value in values if isinstance(value, str) and value.strip()) or None


def _without_nulls(row: "dict[str, Any]") -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}
