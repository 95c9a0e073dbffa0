"""Orders summed up: every order counts once, currencies are never added, days are local."""

from decimal import Decimal
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synq_cli.exact_json import Number
from synq_cli.resources.orders.report import Group, summed, totals

DAYS = [f"2026-11-{day:02}T{hour:02}:30:00Z" for day in (1, 2, 9) for hour in (0, 12, 23)]
ORDERS = st.lists(
    st.fixed_dictionaries(
        {
            "total": st.one_of(st.none(), st.integers(0, 99), st.sampled_from(["0.10", "19.99"]).map(Number)),
            "currency": st.sampled_from(["GBP", "EUR"]),
            "status": st.sampled_from(["confirmed", "delivered"]),
            "channel": st.sampled_from([None, "web"]),
            "created_at": st.sampled_from([*DAYS, "", None]),
        }
    ),
    max_size=20,
)


@pytest.mark.parametrize("by", get_args(Group))
@given(orders=ORDERS)
def test_every_order_is_in_one_group_of_its_currency(by: Group, orders: list[Any]) -> None:
    rows = summed(orders, by)
    assert len({(row["currency"], row["group"]) for row in rows}) == len(rows)
    for currency in ("GBP", "EUR"):
        own, its = ([row for row in each if row["currency"] == currency] for each in (orders, rows))
        assert sum(row["orders"] for row in its) == len(own)
        assert sum(row["total"] for row in its) == sum(Decimal(order["total"] or 0) for order in own)


def test_what_is_no_amount_and_no_time_of_an_order_is_left_out_of_sums_and_days() -> None:
    odd = [
        {"total": 10**400, "currency": "GBP", "created_at": "9999-12-31T23:59:59Z"},
        {"total": 5, "currency": "GBP", "created_at": "0001-01-01T00:00:00Z"},
        {"total": True, "currency": "GBP", "created_at": "2026-11-01T12:00:00Z"},
    ]
    found = [(row["group"], row["orders"], row["total"]) for row in summed(odd, "day")]
    assert found == [("2026-11-01", 1, 0), ("unknown", 2, 5)]


def test_days_without_orders_are_there_and_days_are_local(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    import time

    time.tzset()
    try:
        orders = [
            {"total": Number("10.00"), "currency": "GBP", "created_at": at}
            for at in ("2026-11-01T12:30:00Z", "2026-11-03T13:00:00Z", "2026-11-03T14:00:00Z")
        ]
        days, weeks = summed(orders, "day"), summed(orders, "week")
    finally:
        monkeypatch.undo()
        time.tzset()
    assert [(row["group"], row["orders"], row["average"]) for row in days] == [
        ("2026-11-02", 1, Decimal("10.00")),
        ("2026-11-03", 0, None),
        ("2026-11-04", 2, Decimal("10.00")),
    ]
    assert [(row["group"], row["orders"]) for row in weeks] == [("2026-W45", 3)]
    assert totals(days) == ["3 orders for 30.00 GBP"]
