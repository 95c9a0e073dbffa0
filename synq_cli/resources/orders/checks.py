"""Checks of a whole order before it is sent: the API reports many mistakes only in the background."""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple, TypeGuard

from synq_cli.errors import ConflictError
from synq_cli.exact_json import Number
from synq_cli.nearest import nearest
from synq_cli.resources.shared.validation import LARGEST, file_problems, is_currency, shown
from synq_cli.uuids import parse_uuid

# The most digits before and after the decimal point of a price.
_DIGITS = 18
_CENT = Decimal("0.01")


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
    if not _is_number(value):
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
    "barcode": _TEXT,  # its variant is looked up, and it is not sent
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
        is_stock = item.get("variant_id") is not None or item.get("barcode") is not None
        if is_stock and item.get("location_id") is None and not located:
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


def check_placed(sent: Mapping[str, Any], placed: Mapping[str, Any], key: str) -> None:
    """ConflictError if the order that the API shows for a key is not the one that was sent under it.

    Compares payment reference, currency and total, each where both sides have it.
    """
    differing = [
        f"{name.replace('_', ' ')} {placed[name]}, not {sent[name]}"
        for name in ("payment_reference", "currency")
        if isinstance(placed.get(name), str) and sent.get(name) and placed[name].lower() != sent[name].lower()
    ]
    prices = [item.get("unit_price") for item in sent["items"]]
    shown = [Decimal(placed[name]) for name in ("subtotal", "total") if _is_number(placed.get(name))]
    if None not in prices and shown:
        total = sum((item["quantity"] * Decimal(item["unit_price"]) for item in sent["items"]), Decimal(0))
        # A server may add taxes to the total, and round the amount of each item.
        if all(abs(amount - total) >= _CENT * len(prices) for amount in shown):
            differing.append(f"total {shown[-1]}, not {total}")
    if differing:
        name = placed.get("id") or "another order"
        raise ConflictError(
            f'The idempotency key "{key}" belongs to order {name} ({"; ".join(differing)}). Nothing was placed.',
            hint=f"Use another idempotency key. `synq orders list --key {key}` shows that order.",
        )


def _is_number(value: object) -> TypeGuard[int | Number]:
    return isinstance(value, int | Number) and not isinstance(value, bool)
