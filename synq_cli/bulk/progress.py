"""How far a run is, told to whoever shows it: rows, pace, time left and the rate limit's places."""

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from synq_cli.bulk.plan import seconds_for

if TYPE_CHECKING:
    from synq_cli.bulk.runs.journal import Journal
    from synq_cli.http.rate_limit import Budget

_PERIOD = 1.0
_SHORTEST, _PACE_OVER = 5.0, 60.0


class Bar(Protocol):
    """Where progress is shown."""

    def update(
        self, done: int | None = None, total: int | None = None, note: str = "", *, left: float | None = None
    ) -> None: ...
    def close(self) -> None: ...


class Progress:
    """Looks at the journal once a second and tells the bar."""

    def __init__(
        self,
        bar: Bar,
        journal: "Journal",
        budget: "Budget",
        note: Callable[[str], None],
        now: Callable[[], float],
    ) -> None:
        self._bar = bar
        self._journal = journal
        self._budget = budget
        self._note = note
        self._now = now
        self._looked: deque[tuple[float, int]] = deque()

    def update(self) -> None:
        """Tell how far it is, unless that was told just now."""
        at = self._now()
        if self._looked and 0 <= at - self._looked[-1][0] < _PERIOD:
            return
        counts = self._journal.counts()
        pending = counts["pending"] + counts["sent"]
        total = sum(counts.values())
        self._looked.append((at, total - pending))
        while at - self._looked[0][0] > _PACE_OVER:
            self._looked.popleft()
        window = self._budget.snapshot()
        parts = [f"{counts[state]:,} {state}" for state in ("failed", "unknown") if counts[state]]
        if (pace := self._pace()) is not None:
            parts.insert(0, f"{pace:.0f}/min")
        parts.append(f"{window.remaining}/{window.limit} requests left")
        self._bar.update(total - pending, total, ", ".join(parts), left=seconds_for(pending, window))

    def stopping(self, in_flight: int) -> None:
        """Say that the run ends once the rows on their way have come back."""
        self._bar.close()
        rows = "1 row that is" if in_flight == 1 else f"{in_flight} rows that are"
        self._note(f"Stopping; waiting for {rows} on the way. Ctrl-C again leaves them as unknown.")

    def _pace(self) -> float | None:
        """Rows a minute, over the last minute; None as long as that is a guess."""
        (begun, first), (at, last) = self._looked[0], self._looked[-1]
        return (last - first) / (at - begun) * 60 if at - begun >= _SHORTEST else None
