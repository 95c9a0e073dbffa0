"""What sells how fast, against a stock that is simulated hour by hour."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synq_cli.resources.inventory.demand import DAY, Period, Rate, Supply, demand_of, needed, rate_of, urgency
from synq_cli.state.ledger_cache import Entry

NOW = 1_795_521_600
HOUR = 3600
DAYS = 4
SLOTS = DAYS * 24


def entry(hours_ago: int, delta: int, kind: str = "sale", place: str = "leith") -> Entry:
    return Entry(f"{hours_ago} {delta} {kind} {place}", "variant", place, delta, kind, NOW - hours_ago * HOUR)


MOVES = st.lists(
    st.builds(
        entry,
        st.integers(1, SLOTS),
        st.integers(-4, 6).filter(bool),
        st.sampled_from(["sale", "return", "receipt", "adjustment"]),
        st.sampled_from(["leith", "shop"]),
    )
)


@given(st.dictionaries(st.sampled_from(["leith", "shop"]), st.integers(-2, 3)), MOVES)
def test_days_in_stock_are_those_of_a_simulated_stock(opening: dict[str, int], moves: list[Entry]) -> None:
    level = {"leith": 0, "shop": 0} | opening
    sold, days = 0, set()
    for slot in range(SLOTS, 0, -1):  # the hour that begins `slot` hours ago
        day = (slot - 1) // 24
        for move in moves:
            if move.posted != NOW - slot * HOUR:
                continue
            level[move.location_id] += move.delta
            if move.kind in {"sale", "return"}:
                sold -= move.delta
                days |= {day} if move.delta < 0 else set()
        if any(units > 0 for units in level.values()):
            days.add(day)
    assert rate_of(level, moves[::-1], Period(NOW, DAYS)) == Rate(max(sold, 0), len(days))


@pytest.mark.parametrize(
    ("kind", "left", "came"),
    [
        ("sale", 3, -3), ("Return", 3, -3), ("order_cancelled", 3, -3), ("ORDER", 3, 0), ("", 3, 0),
        ("fulfillment", 3, 0), ("receipt", 0, 0), ("adjustment", 0, 0), ("Stock Count", 0, 0), ("transfer_out", 0, 0),
        ("supplier_return", 0, 0),
    ],
)  # fmt: skip
def test_types_that_nobody_published_count_by_their_words(kind: str, left: int, came: int) -> None:
    assert [demand_of(entry(1, delta, kind), None) for delta in (-3, 3)] == [left, came]
    assert [demand_of(entry(1, delta, kind), [kind.lower()]) for delta in (-3, 3)] == [3, -3]
    assert demand_of(entry(1, -3, kind), ["other"]) == 0


NONE = {"per_day": None, "days_left": None, "suggested": None}


@pytest.mark.parametrize(
    ("available", "rate", "supply", "expected"),
    [
        # 0.5 a day * 14 days - 3, and with 10 days until it arrives, in packs of 6.
        (3, Rate(15, 30), Supply(), {"per_day": "0.50", "days_left": 6, "suggested": 4}),
        (3, Rate(15, 30), Supply("A", 10, 6), {"per_day": "0.50", "days_left": 6, "suggested": 12}),
        (7, Rate(15, 30), Supply(), {"per_day": "0.50", "days_left": 14, "suggested": 0}),
        (0, Rate(1, 7), Supply(), {"per_day": "0.14", "days_left": 0, "suggested": 2}),
        (-2, Rate(0, 30), Supply("A", 10, 5), {"per_day": "0.00", "days_left": 0, "suggested": 5}),
        (-2, Rate(0, 0), Supply(), NONE | {"days_left": 0, "suggested": 2}),
        (0, Rate(0, 0), Supply(), NONE | {"days_left": 0}),
        (5, Rate(0, 30), Supply(), {"per_day": "0.00", "days_left": None, "suggested": 0}),
    ],
)
def test_suggestion_follows_its_formula(available: int, rate: Rate, supply: Supply, expected: dict[str, Any]) -> None:
    found = needed(available, rate, supply, 14)
    shown = {key: str(value) if key == "per_day" and value is not None else value for key, value in found.items()}
    assert shown == {"available": available, "sold": rate.sold, "days_in_stock": rate.days} | expected


def test_urgent_is_what_runs_out_before_a_delivery() -> None:
    rate = Rate(10, 10)
    assert [urgency(5, rate, Supply()), urgency(5, rate, Supply("", 9)), urgency(-5, rate, Supply())] == [5, -4, -5]
    assert [urgency(-1, Rate(0, 3), Supply("", 2)), urgency(1, Rate(0, 3), Supply())] == [-2, None]


def test_a_stock_without_entries_is_there_on_every_day_or_on_none() -> None:
    assert rate_of({"leith": 1}, [], Period(NOW, 30)) == Rate(0, 30)
    assert rate_of({"leith": -1, "shop": 0}, [], Period(NOW, 30)) == Rate(0, 0)
    # Sold out within the hour after the delivery, long ago: that day counts.
    moves = [entry(50, 5, "receipt"), entry(49, -5)]
    assert rate_of({}, moves, Period(NOW, 30)) == Rate(5, 1)
    # The server's clock may be ahead.
    assert rate_of({"leith": 0}, [entry(-1, -1)], Period(NOW, 30)) == Rate(1, 30)


def test_the_days_of_a_period_are_whole() -> None:
    assert Period(NOW, 2).since == NOW - 2 * DAY
