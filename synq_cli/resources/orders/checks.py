"""Checks of a whole order before it is sent: the API reports many mistakes only in the background."""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from synq_cli.exact_json import Number
from synq_cli.nearest import nearest
from synq_cli.resources.shared.validation import LARGEST, file_problems, is_currency, shown
from synq_cli.uuids import parse_uuid

# The most digits before and after the decimal point of a price.
_DIGITS = 18


class _Field(NamedTuple):
    """A field: what to use for it, the check of a value, whether it is required."""

    use: str
    fits: Callable[[Any], bool]
    required: bool = False


def _is_text(value: object) -> bool:
    # JSON text may hold a lone surrogate, which can't be encoded in a request.
    return isinstance(value, str) and bool(value.strip()) and value.encode(errors="replace").decode() == value


def _is_id(value: object) -> bool:
    return parse_uuid(value, bare=False) is not None


def _is_quantity(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= LARGEST


def _is_price(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | Number):
        return False
    exponent = Decimal(value).as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -_DIGITS and 0 <= value < 10**_DIGITS


_TEXT = _Field("text", _is_text)
_FIELDS = {
    "idempotency_key": _Field("text of your own, unique for each order", _is_text),
    "payment_provider": _Field("text such as stripe, adyen or paypal", _is_text, required=True),
    "payment_reference": _Field("the provider's own reference", _is_text, required=True),
    "customer_id": _Field("a UUID", _is_id),
    "currency": _Field(
        "an ISO 4217 code such as EUR, GBP or USD", lambda value: isinstance(value, str) and is_currency(value)
    ),
    "channel": _Field("the name or id of a channel", _is_text),
    "source_platform": _TEXT,
    "items": _Field(
        "a list of at least one item, or --item", lambda value: isinstance(value, list) and bool(value), required=True
    ),
}
_ITEM_FIELDS = {
    "product_title": _Field("text", _is_text, required=True),
    "quantity": _Field(f"a whole number from 1 to {LARGEST:,}", _is_quantity, required=True),
    # The API would take 0 for a missing price.
    "unit_price": _Field("a number, 0 or more, without quotes", _is_price, required=True),
    "variant_id": _Field("a UUID", _is_id),
    "location_id": _Field("a UUID", _is_id),
    "sku": _TEXT,
    "variant_title": _TEXT,
    "requires_shipping": _Field("true or false", lambda value: isinstance(value, bool)),
}


def check_order(document: Any, name: str, *, without: tuple[str, ...] = (), located: bool = False) -> None:
    """UsageError with all problems of an order from `name`; see order_problems."""
    found = list(order_problems(document, without, located=located))
    if found:
        raise file_problems(name, found, "`synq orders create --help` shows what an order looks like.")


def order_problems(document: Any, without: tuple[str, ...] = (), *, located: bool = False) -> Iterator[str]:
    """The problems of an order; fields `without`, and with `located` its items' locations, are added to it later."""
    if not isinstance(document, dict):
        yield "it is not an object: use one with fields such as payment_provider and items"
        return
    fields = {key: field for key, field in _FIELDS.items() if key not in without}
    yield from _misfits({key: value for key, value in document.items() if key not in without}, fields, "")
    if document.get("currency") is None and document.get("channel") is None:
        yield "currency is missing, and the API would assume USD: add a currency, or a channel to use its currency"
    items = document.get("items")
    for number, item in enumerate(items if isinstance(items, list) and "items" not in without else []):
        where = f"items[{number}]"
        if not isinstance(item, dict):
            yield f"{where} is not an object: use one with fields such as product_title and quantity"
            continue
        yield from _misfits(item, _ITEM_FIELDS, f"{where}.")
        if item.get("variant_id") is not None and item.get("location_id") is None and not located:
            yield f"{where}.location_id is missing: an item with a variant needs it, or the option --location"


def _misfits(row: Mapping[str, Any], fields: Mapping[str, _Field], where: str) -> Iterator[str]:
    for key in map(str, row):
        if key not in fields:
            near = nearest(key, fields)
            advice = f"did you mean {near[0]}?" if near else f"use {', '.join(fields)}"
            yield f"unknown field {where}{key}: {advice}"
    for key, field in fields.items():
        value = row.get(key)
        if value is None and field.required:
            yield f"{where}{key} is missing: use {field.use}"
        elif value is not None and not field.fits(value):
            found = "blank" if isinstance(value, str) and not value.strip() else shown(value)
            yield f"{where}{key} is {found}: use {field.use}"
