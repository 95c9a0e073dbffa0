"""The progress of a run: rows, pace, time left and what is left of the rate limit."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from synq_cli.bulk.journal import Journal
from synq_cli.bulk.plan import seconds_for
from synq_cli.errors import NetworkError
from synq_cli.http.rate_limit import Budget

_UPDATE_SECONDS = 1.0
_SHORTEST, _PACE_OVER = 5.0, 60.0


class Bar(Protocol):
    """A progress bar."""

    def update(
        self, done: int | None = None, total: int | None = None, note: str = "", *, left: float | None = None
    ) -> None: ...
    def close(self) -> None: ...


class NoBar:
    """The bar of a run that is not to be seen."""

    def update(self, *_: object, **__: object) -> None:
        """Draw nothing."""

    def close(self) -> None:
        """Remove nothing."""


@dataclass
class Progress:
    """Reads the journal once a second and updates the bar; a row takes up to `requests`."""

    bar: Bar
    journal: Journal
    budget: Budget
    note: Callable[[str], None]
    now: Callable[[], float]
    requests: int = 1
    waits: bool = False  # all rows that are left are with other machines
    _samples: deque[tuple[float, int]] = field(default_factory=deque)

    def update(self) -> None:
        """Update the bar, at most once a second."""
        at = self.now()
        if self.journal.is_stalled or (self._samples and 0 <= at - self._samples[-1][0] < _UPDATE_SECONDS):
            return
        try:
            counts = self.journal.counts()
        except NetworkError:
            return  # the team store can't be reached for a moment
        pending = counts["pending"] + counts["sent"]
        total = sum(counts.values())
        self._samples.append((at, total - pending))
        while at - self._samples[0][0] > _PACE_OVER:
            self._samples.popleft()
        window = self.budget.snapshot()
        parts = [f"{counts[state]:,} {state}" for state in ("failed", "unknown") if counts[state]]
        (start, first), (_, last) = self._samples[0], self._samples[-1]
        if at - start >= _SHORTEST:
            parts.insert(0, f"{(last - first) / (at - start) * 60:.0f}/min")
        parts.append(f"{window.remaining}/{window.limit} requests left")
        if self.waits:
            parts.insert(0, "waiting for other machines")
        left = None if self.waits else seconds_for(pending * self.requests, window)
        self.bar.update(total - pending, total, ", ".join(parts), left=left)

    def stopping(self, in_flight: int) -> None:
        """Say that the run stops once the rows in flight are answered, or saved if all of them are answered."""
        self.bar.close()
        if self.journal.is_stalled or not in_flight:
            what = "the team store, which does not respond" if self.journal.is_stalled else "the journal"
            self.note(f"Stopping; waiting for {what}. Press Ctrl-C again to stop now.")
            return
        rows = "the response to 1 row" if in_flight == 1 else f"the responses to {in_flight} rows"
        self.note(f"Stopping; waiting for {rows}. Press Ctrl-C again to stop now and leave them unknown.")
