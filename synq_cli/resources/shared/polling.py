"""Work that goes on at the API, followed: its state is read again and again until it is final."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

from synq_cli.errors import InterruptError, RunningError, SynqError

if TYPE_CHECKING:
    from synq_cli.http.rate_limit import Budget

_GROWTH = 1.5
# With less than this share of the requests left, others need them more than another look does.
_SHORT = 0.2

State = TypeVar("State")


class Follower:
    """Reads a state at growing pauses, and at the longest ones while the budget is short."""

    def __init__(self, budget: "Budget", now: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._budget = budget
        self._now = now
        self._sleep = sleep

    def states(
        self,
        read: Callable[[], State],
        is_final: Callable[[State], bool],
        *,
        what: str,
        look: str,
        limit: float | None,
        pauses: tuple[float, float] = (5.0, 30.0),
    ) -> Iterator[State]:
        """Each state as it is read, the final one last; `look` is the command that goes on with it.

        RunningError once `limit` seconds have passed, None being no limit; InterruptError on Ctrl-C, which ends
        the watching alone.
        """
        until = None if limit is None else self._now() + limit
        pause, longest = pauses
        hint = f"Go on with: {look}"
        try:
            while True:
                state = read()
                yield state
                if is_final(state):
                    return
                left = longest if until is None else until - self._now()
                if left <= 0:
                    raise RunningError(f"{what} goes on; it was not done after {limit:g} s.")
                self._sleep(min(longest if self._is_short() else pause, left))
                pause = min(pause * _GROWTH, longest)
        except KeyboardInterrupt:
            raise InterruptError(f"{what} goes on; only the watching was interrupted.", hint=hint) from None
        except SynqError as error:
            if error.retryable:
                error.hint = " ".join(filter(None, (error.hint, hint)))
            raise

    def _is_short(self) -> bool:
        window = self._budget.snapshot()
        return window.remaining < window.limit * _SHORT
