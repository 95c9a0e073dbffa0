"""The progress of a run: rows, pace, time left and what is left of the rate limit."""

from pathlib import Path

from synq_cli.bulk.journal import Receipt, Row
from synq_cli.bulk.local.runs import LocalRuns
from synq_cli.bulk.progress import Progress
from synq_cli.http.rate_limit import Budget, SharedFile

NOW = 1_795_521_600.0


class Bar:
    """Records its updates."""

    def __init__(self) -> None:
        self.told: list[tuple[int | None, int | None, str, float | None]] = []
        self.closed = 0

    def update(
        self, done: int | None = None, total: int | None = None, note: str = "", *, left: float | None = None
    ) -> None:
        self.told.append((done, total, note, left))

    def close(self) -> None:
        self.closed += 1


def test_rows_pace_time_left_and_places_once_a_second(memory: Path) -> None:
    clock = [NOW]
    budget = Budget(
        SharedFile(memory / "budget.sqlite3", "host", now=lambda: clock[0], warn=print),
        "host",
        command="run",
        profile="p",
        now=lambda: clock[0],
        sleep=lambda _seconds: None,
        jitter=lambda: 0.5,
    )
    rows = [Row(line, {}) for line in range(2, 202)]
    bar, notes = Bar(), []
    with LocalRuns(memory).create(rows, NOW, verb="v", file="f", scope="s", profile="p") as journal:
        progress = Progress(bar, journal, budget, notes.append, lambda: clock[0])
        progress.update()
        for line in range(2, 12):
            journal.done(line, NOW, Receipt("entry"))
            budget.record(budget.acquire(timeout=30, max_wait=0))
        journal.failed(12, NOW, "rejected", "No.")
        for second in (0.5, 10.0):
            clock[0] = NOW + second
            progress.update()
        progress.waits = True
        clock[0] = NOW + 12
        progress.update()
        progress.stopping(1)
        progress.stopping(0)
    budget.close()
    first, second, third = bar.told
    assert first == (0, 200, "100/100 requests left", 120.0)
    assert second[:3] == (11, 200, "66/min, 1 failed, 90/100 requests left")
    assert second[3] is not None
    assert 100 < second[3] < 125
    assert third == (11, 200, "waiting for other machines, 55/min, 1 failed, 90/100 requests left", None)
    assert notes == [
        "Stopping; waiting for the response to 1 row. Press Ctrl-C again to stop now and leave them unknown.",
        "Stopping; waiting for the journal. Press Ctrl-C again to stop now.",
    ]
    assert bar.closed == 2
