"""SKU=QUANTITY@PRICE, as it is typed."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from table import cases

from synq_cli.errors import UsageError
from synq_cli.exact_json import Number
from synq_cli.resources.orders.lines import Line, parse_line, parse_units

SKUS = st.text(min_size=1).map(str.strip).filter(bool)
QUANTITIES = st.integers(1, 2**31 - 1)
PRICES = st.decimals(0, 10**9, places=2, allow_nan=False).map(str)
VARIANT = "a1f46e83-0c9d-4b72-95e8-3d7b2c60f41e"


@given(SKUS, QUANTITIES, st.none() | PRICES)
def test_what_was_typed_comes_back(sku: str, quantity: int, price: str | None) -> None:
    line = parse_line(f"{sku}={quantity}" + ("" if price is None else f"@{price}"))
    assert (line.sku, line.quantity) == (sku, quantity)
    assert (None if line.price is None else line.price.text) == price


@given(st.text())
def test_anything_else_is_a_usage_error(text: str) -> None:
    for parse in (parse_line, lambda typed: parse_units([typed])):
        try:
            parse(text)
        except UsageError:
            continue


@cases(
    ("text", "line"),
    [
        ("HMC-NVY-M=2@89.50", Line("HMC-NVY-M", 2, Number("89.50"))),
        ("A=B@C=2@0", Line("A=B@C", 2, Number("0"))),
        ("A@B=2", Line("A@B", 2, None)),
        (" A = 2 @ 1.0 ", Line("A", 2, Number("1.0"))),
        ("A=\x1d2", Line("A", 2, None)),
    ],
)
def test_a_sku_may_hold_the_signs_itself(text: str, line: Line) -> None:
    assert parse_line(text) == line


@cases(
    ("text", "message"),
    [
        ("A", 'Invalid item "A".'),
        ("=2", 'Invalid item "=2".'),
        (" =2@3", 'Invalid item " =2@3".'),
        ("A=", 'Invalid quantity "".'),
        ("A=0", 'Invalid quantity "0".'),
        ("A=-1", 'Invalid quantity "-1".'),
        ("A=1.5", 'Invalid quantity "1.5".'),
        ("A=2147483648", 'Invalid quantity "2147483648".'),
        ("A=2@", 'Invalid price "".'),
        ("A=2@-1", 'Invalid price "-1".'),
        ("A=2@1,50", 'Invalid price "1,50".'),
        ("A=2@1e3", 'Invalid price "1e3".'),
    ],
)
def test_what_is_wrong_is_named(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_line(text)
    assert caught.value.message == message


def test_units_go_by_sku_or_by_variant_and_each_once() -> None:
    units: list[dict[str, Any]] = [{"sku": "A=1", "quantity": 2}, {"variant_id": VARIANT, "quantity": 1}]
    assert parse_units(["A=1=2", f"{VARIANT.upper()}=1"]) == units
    assert parse_units([]) is None
    with pytest.raises(UsageError, match="A is given twice"):
        parse_units(["A=1", "A=2"])
    with pytest.raises(UsageError, match='Invalid quantity "2@3"'):
        parse_units(["A=2@3"])
