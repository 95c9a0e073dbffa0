"""How the tenant counts requests against the rate limit: as Synq says it does, or as other servers do."""

import math
from dataclasses import asdict, dataclass
from pathlib import Path

from synq_cli.errors import UsageError
from synq_cli.sandbox.store.store import Store

REQUESTS = 100
# An exact log of the last minute; a counter that weighs in the minute before; the log with the refused in it.
WAYS = ("log", "counter", "log-strict")


@dataclass(frozen=True)
class Counting:
    """One of WAYS, and how many requests a window come from somebody else on the same address, evenly spread."""

    count_as: str = "log"
    strangers: int = 0

    @property
    def counts_refused(self) -> bool:
        """Whether a refused request takes a place."""
        return self.count_as == "log-strict"

    def room(self, log: list[float], at: float, window: float) -> tuple[int, float]:
        """How many requests may come now, and in how many seconds the next one may where none is.

        `log` are the times of those counted in the last two windows, in order.
        """
        times = sorted(log + self._strangers_between(at - 2 * window, at, window)) if self.strangers else log
        if self.count_as == "counter":
            return _counter(times, at, window)
        recent = [time for time in times if time > at - window]
        if len(recent) < REQUESTS:
            return REQUESTS - len(recent), 0.0
        if self.counts_refused:
            recent.append(at)
        return 0, recent[-REQUESTS] + window - at

    def _strangers_between(self, start: float, end: float, window: float) -> list[float]:
        step = window / self.strangers
        return [step * number for number in range(math.floor(start / step) + 1, math.floor(end / step) + 1)]


def _counter(times: list[float], at: float, window: float) -> tuple[int, float]:
    """A counter for each fixed window; the last one counts for the part of it that a sliding one would still see."""
    elapsed = at % window
    current = sum(1 for time in times if time >= at - elapsed)
    previous = sum(1 for time in times if at - elapsed - window <= time < at - elapsed)
    free = math.floor(REQUESTS - current - previous * (1 - elapsed / window))
    if free > 0:
        return free, 0.0
    if current < REQUESTS:
        return 0, window * (1 - (REQUESTS - 1 - current) / previous) - elapsed
    # Only the next window can have room, where the requests of this one begin to fade.
    return 0, window * (2 - (REQUESTS - 1) / current) - elapsed


def counting(store: Store) -> Counting:
    """How the open tenant counts."""
    row = store.row("SELECT count_as, strangers FROM counting")
    return Counting(**row) if row else Counting()


def count(database: Path, count_as: str | None = None, strangers: int | None = None) -> dict[str, object]:
    """Count that way from now on, None leaving what was; how it counts then. UsageError if there is no such way."""
    if count_as is not None and count_as not in WAYS:
        raise UsageError(f"There is no way '{count_as}' to count.", hint=f"Ways: {', '.join(WAYS)}.")
    asked = {"count_as": count_as, "strangers": strangers}
    with Store(database) as store, store.writing():
        chosen = asdict(counting(store)) | {name: value for name, value in asked.items() if value is not None}
        store.run("DELETE FROM counting")
        store.insert("counting", chosen)
    return chosen
