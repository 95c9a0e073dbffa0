"""Stock counted and valued by group."""

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from synq_cli.exact_json import Number
from synq_cli.resources.inventory.stock import Inventory
from synq_cli.resources.products.products import Products
from synq_cli.resources.products.variants import Variants
from synq_cli.resources.shared.pagination import Row
from synq_cli.resources.shared.resource import Resource

Group = Literal["location", "category"]
_UNKNOWN = "unknown"


class StockReports(Resource):
    """Reports of stock."""

    def rows(self, by: Group, *, location: str | None, names: Mapping[str, str]) -> list[Row]:
        """A row for each group and currency: `group`, `currency`, `skus`, `units`, `value` at prices, and `cost`.

        `names` are the names of locations by id. Units below zero count as they are. `value` and `cost` leave out
        variants without a price or a cost; `unpriced` is how many those without a price are.
        Reads all levels and variants, and for categories the list of products.
        """
        levels = list(Inventory(self._api).levels(location=location).first(None))
        variants = {_id(row.get("id")): row for row in Variants(self._api).matching(sku=None, product=None).first(None)}
        if by == "location":
            groups = {place: names.get(place, place) for level in levels if (place := _id(level.get("location_id")))}
            return summed(levels, variants, lambda level, _variant: groups.get(_id(level.get("location_id"))))
        categories = {_id(row.get("id")): row.get("category") for row in Products(self._api).list()}
        return summed(levels, variants, lambda _level, variant: categories.get(_id(variant.get("product_id"))))


def summed(levels: Iterable[Row], variants: Mapping[str, Row], group_of: Any) -> list[Row]:
    """The rows of a report, by currency, the largest value first. Amounts are never added across currencies."""
    sums: dict[tuple[str, str], Row] = {}
    for level in levels:
        variant, units = variants.get(_id(level.get("variant_id")), {}), level.get("on_hand")
        if not isinstance(units, int):
            continue
        currency, group = str(variant.get("currency") or ""), str(group_of(level, variant) or _UNKNOWN)
        empty = {"skus": set(), "units": 0, "value": Decimal(), "cost": Decimal(), "unpriced": 0}
        row = sums.setdefault((currency, group), empty)
        price = _decimal(variant.get("price"))
        row["skus"].add(_id(level.get("variant_id")))
        row["units"] += units
        row["value"] += units * (price or 0)
        row["cost"] += units * (_decimal(variant.get("cost_price")) or 0)
        row["unpriced"] += price is None
    return [
        {"group": group, "currency": currency, **row, "skus": len(row["skus"])}
        | {key: Number(f"{row[key]:f}") for key in ("value", "cost")}
        for (currency, group), row in sorted(sums.items(), key=lambda each: (each[0][0], -each[1]["value"], each[0][1]))
    ]


def _decimal(value: object) -> Decimal | None:
    """An amount as a number or as text; None for anything else."""
    if isinstance(value, int | Decimal | str) and not isinstance(value, bool):
        try:
            number = Decimal(value)
        except InvalidOperation:
            return None
        return number if number.is_finite() else None
    return None


def _id(value: object) -> str:
    return str(value or "").lower()
