"""Rate limiting: the algorithm that Synq documents, two that other servers use, and requests of other clients."""

import math
from dataclasses import asdict, dataclass
from pathlib import Path

from synq_cli.sandbox.store.store import Store

REQUESTS = 100  # in each window
# A log of the last window; a sliding-window counter; a log that includes the refused requests.
ALGORITHMS = ("log", "counter", "log-strict")


@dataclass(frozen=True)
class RateLimit:
    """One of ALGORITHMS, and how many requests a window other clients send from the same address, evenly spaced."""

    count_as: str = "log"
    strangers: int = 0

    def remaining(self, log: list[float], at: float, window: float) -> tuple[int, float]:
        """How many requests are allowed now, and in how many seconds the next one is if none is.

        `log` holds the times of the counted requests of the last two windows, sorted; `window` is in seconds.
        """
        times = log
        if self.strangers:
            step = window / self.strangers
            first, last = math.floor((at - 2 * window) / step) + 1, math.floor(at / step)
            times = sorted([*log, *(step * number for number in range(first, last + 1))])
        if self.count_as == "counter":
            return _sliding_counter(times, at, window)
        recent = [time for time in times if time > at - window]
        if len(recent) < REQUESTS:
            return REQUESTS - len(recent), 0.0
        if self.count_as == "log-strict":
            recent.append(at)
        return 0, recent[-REQUESTS] + window - at


def _sliding_counter(times: list[float], at: float, window: float) -> tuple[int, float]:
    """Counts fixed windows; the previous one weighs by the share of it that the sliding window still covers."""
    elapsed = at % window
    current = sum(1 for time in times if time >= at - elapsed)
    previous = sum(1 for time in times if at - elapsed - window <= time < at - elapsed)
    free = math.floor(REQUESTS - current - previous * (1 - elapsed / window))
    if free > 0:
        return free, 0.0
    if current < REQUESTS:
        return 0, window * (1 - (REQUESTS - 1 - current) / previous) - elapsed
    # Only in the next window, where the requests of this one lose weight.
    return 0, window * (2 - (REQUESTS - 1) / current) - elapsed


def rate_limit_of(store: Store) -> RateLimit:
    """How the tenant limits requests."""
    row = store.row("SELECT count_as, strangers FROM counting")
    return RateLimit(**row) if row else RateLimit()


def configure(database: Path, count_as: str | None = None, strangers: int | None = None) -> dict[str, object]:
    """Change the rate limit, of which None leaves a part as it is; returns `count_as` and `strangers`."""
    changes = {"count_as": count_as, "strangers": strangers}
    with Store(database) as store, store.writing():
        row = asdict(rate_limit_of(store)) | {name: value for name, value in changes.items() if value is not None}
        store.run("DELETE FROM counting")
        store.insert("counting", row)
    return row
