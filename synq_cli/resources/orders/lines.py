"""Order items given on the command line: SKU=QUANTITY, with @PRICE for a new order."""

import re
from typing import Any, NamedTuple

from synq_cli.errors import UsageError
from synq_cli.exact_json import Number
from synq_cli.resources.shared import validation
from synq_cli.resources.shared.pagination import Row
from synq_cli.resources.shared.resource import Api
from synq_cli.uuids import parse_uuid

# A SKU may contain = and @, a quantity and a price can't.
_PRICED = re.compile(r"(?P<sku>.+)=(?P<quantity>[^=@]*)(@(?P<price>[^=@]*))?", re.DOTALL)
_BARE = re.compile(r"(?P<sku>.+)=(?P<quantity>[^=]*)", re.DOTALL)


class Line(NamedTuple):
    """Units of a SKU or variant id; no price means the variant's own."""

    sku: str
    quantity: int
    price: Number | None


def parse_line(text: str) -> Line:
    """Parse SKU=QUANTITY or SKU=QUANTITY@PRICE; UsageError otherwise."""
    sku, quantity, price = _parts(_PRICED, text, "SKU=QUANTITY@PRICE such as HMC-NVY-M=2@89.50")
    return Line(sku, validation.count(quantity), None if price is None else validation.amount(price))


def parse_units(texts: list[str]) -> list[dict[str, Any]] | None:
    """Parse SKU=QUANTITY items of a fulfillment or return; None if there are none. UsageError for a repeated SKU."""
    units: dict[str, dict[str, Any]] = {}
    for text in texts:
        sku, quantity, _ = _parts(_BARE, text, "SKU=QUANTITY such as HMC-NVY-M=2")
        variant_id = parse_uuid(sku)
        key, name = ("variant_id", variant_id) if variant_id else ("sku", sku)
        if name in units:
            raise UsageError(f"{sku} is given twice.", hint="Use one --item for all of its units.")
        units[name] = {key: name, "quantity": validation.count(quantity)}
    return list(units.values()) or None


def remember_items(api: Api, rows: list[Row]) -> None:
    """Cache the SKUs of the items of fulfillments and returns."""
    lists = [row["items"] for row in rows if isinstance(row.get("items"), list)]
    api.remember_skus([item for items in lists for item in items if isinstance(item, dict)], "variant_id")


def _parts(form: re.Pattern[str], text: str, example: str) -> tuple[str, str, str | None]:
    match = form.fullmatch(text)
    if match is None or not match["sku"].strip():
        raise UsageError(f'Invalid item "{text}".', hint=f"Use {example}.")
    return match["sku"].strip(), match["quantity"], match.groupdict().get("price")
