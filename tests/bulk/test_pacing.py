"""The pace of a run on a simulated clock, as `make bench` measures it."""

from pathlib import Path

import pytest
from pacing import ExactLog, FixedWindow, SlidingCounter, simulate

# 1,000 rows through 90 places: eleven full windows before the last ten rows may leave.
FLOOR = 660.0


@pytest.mark.parametrize("latency", [0.2, 1.5])
def test_a_thousand_rows_take_three_percent_more_than_the_floor_at_most_without_a_refusal(
    memory: Path, latency: float
) -> None:
    run = simulate(ExactLog(), latency=latency, folder=memory)
    assert (run.rows, run.doubled, run.left, run.refused) == (1000, 0, 0, 0)
    assert FLOOR < run.seconds <= FLOOR * 1.03


@pytest.mark.parametrize(
    ("server", "most"),
    [
        (ExactLog(counts_refused=True), 250),
        (SlidingCounter(), 450),
        (FixedWindow(), 250),
        (ExactLog(others=30), 500),
        (ExactLog(limit=20), 1900),
    ],
)
def test_a_server_that_counts_otherwise_costs_a_wait_and_no_row(
    memory: Path, server: ExactLog | SlidingCounter | FixedWindow, most: float
) -> None:
    run = simulate(server, rows=300, latency=0.3, folder=memory)
    assert (run.rows, run.doubled, run.left) == (300, 0, 0)
    assert run.seconds < most
