"""Lines of an order as they are typed: SKU=QUANTITY, with @PRICE for one that is placed."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from synq_cli.errors import UsageError
from synq_cli.exact_json import Number
from synq_cli.resources.products.variants import remember_skus
from synq_cli.resources.shared import validation
from synq_cli.uuids import parse_uuid

if TYPE_CHECKING:
    from synq_cli.state.id_cache import LocalIndex

# A SKU may hold = and @ itself; what is behind it can't.
_PRICED = re.compile(r"(?P<sku>.+)=(?P<quantity>[^=@]*)(@(?P<price>[^=@]*))?", re.DOTALL)
_BARE = re.compile(r"(?P<sku>.+)=(?P<quantity>[^=]*)", re.DOTALL)


@dataclass(frozen=True)
class Line:
    """So many units of a SKU or variant id, at a price where one was typed."""

    sku: str
    quantity: int
    price: Number | None


def parse_line(text: str) -> Line:
    """SKU=QUANTITY@PRICE, or SKU=QUANTITY for the variant's own price; UsageError otherwise."""
    sku, quantity, price = _parts(_PRICED, text, "SKU=QUANTITY@PRICE such as HMC-NVY-M=2@89.50")
    return Line(sku, validation.count(quantity), None if price is None else validation.amount(price))


def parse_units(texts: list[str]) -> list[dict[str, Any]] | None:
    """SKU=QUANTITY each, as fulfilments and returns take them; None for none. UsageError for a SKU named twice."""
    units: dict[str, dict[str, Any]] = {}
    for text in texts:
        sku, quantity, _ = _parts(_BARE, text, "SKU=QUANTITY such as HMC-NVY-M=2")
        variant_id = parse_uuid(sku)
        key, name = ("variant_id", variant_id) if variant_id else ("sku", sku)
        if name in units:
            raise UsageError(f"{sku} is named twice.", hint="Give its units in one --item.")
        units[name] = {key: name, "quantity": validation.count(quantity)}
    return list(units.values()) or None


def remember_items(index: "LocalIndex", rows: Iterable[Mapping[str, Any]]) -> None:
    """Keep the SKUs of what fulfilments and returns hold."""
    lists = [row["items"] for row in rows if isinstance(row.get("items"), list)]
    remember_skus(index, [item for items in lists for item in items if isinstance(item, dict)], "variant_id")


def _parts(form: re.Pattern[str], text: str, example: str) -> tuple[str, str, str | None]:
    match = form.fullmatch(text)
    if match is None or not match["sku"].strip():
        raise UsageError(f"'{text}' is no item.", hint=f"Give {example}.")
    return match["sku"].strip(), match["quantity"], match.groupdict().get("price")
