"""Several workers on one budget and one simulated clock, strangers beside them, and what the window shows."""

from collections import deque
from collections.abc import Generator
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from pathlib import Path

import pytest
from desk import NOW

from synq_cli.errors import RateLimitedError
from synq_cli.http.rate_limit import Budget

FLOOR = 180.0  # 400 requests, 100 in each 60 s, the first 100 at once


@dataclass
class Street:
    """A server with an exact log of one address, and the workers behind it, whose turns come by time."""

    folder: Path
    limit: int = 100
    at: float = NOW
    log: deque[float] = field(default_factory=deque)
    refused: int = 0

    def take(self) -> int | None:
        """What remains after a request now, or None for a refusal."""
        while self.log and self.log[0] <= self.at - 60:
            self.log.popleft()
        if len(self.log) >= self.limit:
            self.refused += 1
            return None
        self.log.append(self.at)
        return self.limit - len(self.log)

    def budget(self) -> Budget:
        # A wait of 0 is all that a worker is given: it comes back in its own time, beside the others.
        return Budget(
            self.folder / "budget.sqlite3",
            "api.test",
            spender="orders list",
            profile="acme",
            now=lambda: self.at,
            sleep=lambda _seconds: None,
            jitter=lambda: 0.0,
        )

    def worker(self, times: int, latency: float) -> Generator[float, None, None]:
        """Send so many requests; each yield is how long the worker is busy or waits."""
        window = self.budget()
        while times:
            try:
                ticket = window.acquire(timeout=30, max_wait=0)
            except RateLimitedError:
                yield max(0.01, window.snapshot().frees_in)
                continue
            yield latency / 2
            remaining = self.take()
            yield latency / 2
            if remaining is None:
                window.refused(ticket, 1.0)
            else:
                window.settle(ticket, self.limit, remaining)
                times -= 1
        window.close()

    def stranger(self, times: int, every: float) -> Generator[float, None, None]:
        for _ in range(times):
            self.take()
            yield every

    def run(self, *actors: Generator[float, None, None]) -> float:
        """Let them all act in the order of their times; gives how long it took."""
        turns = [(self.at, number, actor) for number, actor in enumerate(actors)]
        heapify(turns)
        while turns:
            self.at, number, actor = heappop(turns)
            try:
                heappush(turns, (self.at + next(actor), number, actor))
            except StopIteration:
                continue
        return self.at - NOW


@pytest.mark.parametrize(("workers", "latency"), [(1, 0.02), (4, 0.2), (10, 0.5)])
def test_many_requests_meet_no_refusal(tmp_path: Path, workers: int, latency: float) -> None:
    street = Street(tmp_path)
    took = street.run(*(street.worker(400 // workers, latency) for _ in range(workers)))
    assert street.refused == 0
    assert FLOOR <= took < FLOOR * 1.05


def test_another_limit_is_learnt_from_the_first_reply(tmp_path: Path) -> None:
    street = Street(tmp_path, limit=20)
    took = street.run(street.worker(100, 0.1))
    assert street.refused == 0
    assert 240 <= took < 252


def test_strangers_cost_time_and_no_row(tmp_path: Path) -> None:
    street = Street(tmp_path)
    took = street.run(street.worker(200, 0.1), street.stranger(150, 0.8))
    # Ours and theirs together: 350 requests take at least 180 s.
    assert took < 260
    assert len(street.log) <= 100


def test_the_snapshot_names_who_spent_the_window(tmp_path: Path) -> None:
    street = Street(tmp_path)
    street.run(street.stranger(7, 0.0), street.worker(3, 0.0))
    assert street.budget().snapshot().as_row() == {
        "host": "api.test",
        "limit": 100,
        "remaining": 90,
        "exact": False,
        "frees_in": 60.0,
        "full_in": 60.0,
        "blocked_for": 0.0,
        "spenders": [{"profile": "acme", "command": "orders list", "requests": 3}],
        "strangers": 7,
    }
