"""Rows chosen and sorted on this side of the API."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synq_cli.errors import UsageError
from synq_cli.exact_json import Number
from synq_cli.resources.orders.filters import order_filter
from synq_cli.resources.shared.selection import search, sort

VALUES = st.one_of(st.none(), st.just(""), st.integers(-9, 9), st.sampled_from(["a", "B"]), st.just(Number("1.5")))


@given(rows=st.lists(st.fixed_dictionaries({"x": VALUES, "n": st.integers()})), desc=st.booleans())
def test_sorting_loses_no_row_and_puts_rows_without_a_value_last(rows: list[Any], desc: bool) -> None:
    found = sort(rows, "x:desc" if desc else "x")
    assert sorted(map(repr, found)) == sorted(map(repr, rows))
    filled = [row["x"] not in (None, "") for row in found]
    assert filled == sorted(filled, reverse=True)
    numbers = [row["x"] for row in found if isinstance(row["x"], int | Number)]
    assert numbers == sorted(numbers, reverse=desc)


def test_a_sort_that_means_nothing_is_an_error() -> None:
    for by, message in {"x:down": 'Invalid order "x:down".', "totl": 'Unknown field "totl".'}.items():
        with pytest.raises(UsageError) as raised:
            sort([{"total": 1}], by)
        assert raised.value.message == message
    assert sort([], "whatever") == []


def test_a_search_takes_every_word_in_any_case() -> None:
    rows: list[Any] = [{"name": "Leith warehouse"}, {"name": "High Street", "city": "LEITH"}, {"name": None}]
    assert search(rows, "leith STREET", "name", "city") == [rows[1]]
    assert search(rows, None, "name") == rows


ROW = {
    "created_at": "2026-11-20T00:00:00Z", "tags": ["Gift"], "payment_status": "authorized", "payment_reference": "pi_1",
    "total": Number("19.90"),
}  # fmt: skip
OPEN: dict[str, Any] = dict.fromkeys(("until", "tag", "payment_status", "reference", "min_total", "max_total"))


@pytest.mark.parametrize(
    ("given", "row", "matches"),
    [
        ({}, {}, True),
        ({"until": 1_795_132_800.0}, {}, False),
        ({"until": 1_795_132_801.0}, {}, True),
        ({"until": 1e12}, {"created_at": ""}, False),
        ({"tag": "gift"}, {}, True),
        ({"tag": "gift"}, {"tags": 5}, False),
        ({"payment_status": "AUTHORIZED", "reference": "pi_1"}, {}, True),
        ({"reference": "pi_2"}, {}, False),
        ({"min_total": "19.90", "max_total": "19.90"}, {}, True),
        ({"min_total": "19.91"}, {}, False),
        ({"max_total": "19.89"}, {}, False),
        ({"max_total": "100"}, {"total": "19.90"}, False),
    ],
)
def test_orders_are_filtered(given: dict[str, Any], row: dict[str, Any], matches: bool) -> None:
    assert order_filter(**OPEN | given)(ROW | row) is matches
