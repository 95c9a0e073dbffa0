"""Building an order: options merged over a file, SKUs, channel and location looked up, everything checked."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from synq_cli.errors import NotFoundError, UsageError
from synq_cli.exact_json import Number
from synq_cli.http import operations
from synq_cli.resources.channels import Channels
from synq_cli.resources.inventory.locations import Locations
from synq_cli.resources.orders.checks import check_order
from synq_cli.resources.orders.lines import Line
from synq_cli.resources.products.products import Products
from synq_cli.resources.products.variants import KnownVariant, Variants
from synq_cli.resources.shared import validation
from synq_cli.resources.shared.pagination import Row
from synq_cli.resources.shared.resource import Resource, find_row
from synq_cli.uuids import parse_uuid


@dataclass(frozen=True)
class PreparedOrder:
    """An order without its key, the key given for it, remarks on what was looked up, doubts about what may be wrong."""

    order: dict[str, Any]
    own_key: str | None
    remarks: list[str]
    doubts: list[str]


class OrderBuilder(Resource):
    """Builds orders. Whatever can be checked without a request is checked first."""

    def build(
        self,
        document: Any,
        name: str,
        fields: Mapping[str, str | None],
        lines: list[Line],
        *,
        location: str | None,
        usual_location: str | None,
    ) -> PreparedOrder:
        """Complete an order from the file `name` with fields and lines, which take precedence.

        `usual_location` is the profile's and applies to lines only. UsageError or NotFoundError for an invalid order.
        """
        order = merge_order(document, fields)
        check_order(order, name, without=("items",) if lines else (), located=location is not None)
        self._api.check(operations.CREATE_ORDER)
        own_key = order.pop("idempotency_key", None)
        remarks: list[str] = []
        doubts: list[str] = []
        if order.get("channel") is not None:
            resolved, doubts = resolve_channel(order, Channels(self._api).list())
            order.update(resolved)
        if lines:
            location_id = Locations(self._api).resolve(location or usual_location)[0]
            order["items"], remarks = self._items(lines, location_id, order["currency"])
        else:
            order["items"] = with_variants(order["items"], Variants(self._api).with_barcodes(labels_of(order)))
            if location is not None:
                order["items"] = with_location(Locations(self._api).resolve(location)[0], order["items"])
        check_order(order, name)
        return PreparedOrder(order, own_key, remarks, doubts)

    def _items(self, lines: list[Line], location_id: str, currency: str) -> tuple[list[dict[str, Any]], list[str]]:
        """The items of lines, and a sentence on each price that was looked up."""
        variants = {line.sku: self._variant(line.sku) for line in lines}
        titles = dict(self._titles([_product_id(row) for row in variants.values()]))
        items, remarks = [], []
        for line in lines:
            variant = variants[line.sku]
            sku, price = str(variant.get("sku") or line.sku), line.price
            if price is None:
                price = _own_price(variant, sku, currency)
                remarks.append(f"{sku}: {price.text} {currency}, the variant's price.")
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

    def _variant(self, name: str) -> Row:
        """The variant of a SKU, a barcode, or an id with a cached SKU; only its id if variants can't be listed."""
        identifier, variants = parse_uuid(name), Variants(self._api)
        sku = self._api.index.sku_of(identifier) if identifier else name
        if sku is None:
            return {"id": identifier}
        try:
            return variants.get(sku)
        except NotFoundError as error:
            known = None if error.status is None else variants.known(sku)
            if known is None:
                raise
            return {"id": known.variant_id, "sku": known.sku or None}

    def _titles(self, product_ids: list[str]) -> Iterator[tuple[str, str]]:
        """Titles by product id: one request for one product; for several their list, and one for each it lacks."""
        wanted = dict.fromkeys(name for name in product_ids if name)
        products = Products(self._api)
        if len(wanted) > 1:
            for row in products.list():
                product_id = str(row.get("id")).lower()
                if product_id in wanted and row.get("title"):
                    del wanted[product_id]
                    yield product_id, str(row["title"])
        for product_id in wanted:
            try:
                yield product_id, str(products.get(product_id).get("title") or "")
            except NotFoundError:
                continue  # the SKU becomes the title


def merge_order(document: Any, fields: Mapping[str, str | None]) -> Any:
    """Merge given fields over an order from a file; null means absent."""
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


def resolve_channel(order: Mapping[str, Any], channels: list[Row]) -> tuple[dict[str, str], list[str]]:
    """The name of the order's channel, the order's currency (by default the channel's), and doubts about them."""
    row = find_row(channels, order["channel"], "channel", "name", "id", see="synq channels list")
    name, given = str(row["name"]), order.get("currency")
    currency = given or validation.currency(str(row.get("currency")), f"currency of channel {name}")
    own, doubts = str(row.get("currency") or currency).upper(), []
    if own != currency:
        doubts.append(f"The order is in {currency}, but channel {name} sells in {own}.")
    if row.get("active") is False:
        doubts.append(f"Channel {name} is inactive.")
    return {"channel": name, "currency": currency}, doubts


def labels_of(order: Mapping[str, Any]) -> list[str]:
    """The barcodes of its items that name their variant in no other way."""
    return [item["barcode"].strip() for item in order["items"] if item.get("barcode") and not item.get("variant_id")]


def with_variants(
    items: list[dict[str, Any]], known: Mapping[str, KnownVariant | NotFoundError]
) -> list[dict[str, Any]]:
    """The items with the variants of their barcodes, which the API does not take. NotFoundError for an unknown one."""
    found = []
    for item in items:
        sent = {key: value for key, value in item.items() if key != "barcode"}
        if item.get("barcode") and not item.get("variant_id"):
            variant = known[item["barcode"].strip()]
            if isinstance(variant, NotFoundError):
                raise variant
            sent["variant_id"] = variant.variant_id
            if variant.sku:
                sent.setdefault("sku", variant.sku)
        found.append(sent)
    return found


def with_location(location_id: str, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The items, taking their stock from this location."""
    return [{**item, "location_id": location_id} if item.get("variant_id") else item for item in items]


def _own_price(variant: Row, sku: str, currency: str) -> Number:
    """The variant's price; UsageError if it has none in this currency."""
    price, priced_in = variant.get("price"), variant.get("currency")
    if not price or str(priced_in or currency).upper() != currency:
        why = f"costs {price} {priced_in}, and the order is in {currency}" if price else "has no price"
        raise UsageError(f"{sku} {why}.", hint=f"Add the price: --item '{sku}=QUANTITY@PRICE'.")
    return validation.amount(str(price), f"price of {sku}")


def _product_id(variant: Row) -> str:
    """The id of its product; empty where the variant names none."""
    return parse_uuid(str(variant.get("product_id"))) or ""


def _options(variant: Row) -> str | None:
    """The chosen options as a title, such as Navy / M."""
    options = variant.get("option_values")
    values = options.values() if isinstance(options, dict) else []
    return " / ".join(value for value in values if isinstance(value, str) and value.strip()) or None


def _without_nulls(row: "dict[str, Any]") -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}
