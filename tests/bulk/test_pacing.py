"""The pace of a run on a simulated clock, as `make bench` measures it."""

from pathlib import Path

import pytest
from pacing import ExactLog, FixedWindow, SlidingCounter, simulate

# 640 rows through 90 places: seven full windows before the last ten rows may leave. `make bench` sends 1,000.
FLOOR = 420.0


def test_rows_take_at_most_three_percent_and_the_first_reply_more_than_the_floor(memory: Path) -> None:
    run = simulate(ExactLog(), rows=640, latency=1.5, folder=memory)
    assert (run.rows, run.doubled, run.left, run.refused) == (640, 0, 0, 0)
    assert FLOOR < run.seconds <= FLOOR * 1.03 + 1.5


@pytest.mark.parametrize(
    ("server", "most"),
    [
        (ExactLog(counts_refused=True), 90),
        (SlidingCounter(), 200),
        (FixedWindow(), 90),
        (ExactLog(others=30), 200),
        (ExactLog(limit=20), 360),
    ],
)
def test_server_that_counts_in_another_way_costs_a_wait_and_no_row(
    memory: Path, server: ExactLog | SlidingCounter | FixedWindow, most: float
) -> None:
    rows = min(150, 3 * server.limit)
    run = simulate(server, rows=rows, latency=0.3, folder=memory)
    assert (run.rows, run.doubled, run.left) == (rows, 0, 0)
    assert run.seconds < most
