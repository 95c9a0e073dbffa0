"""Polling of background work until it is finished."""

from collections.abc import Callable, Iterator
from typing import TypeVar

from synq_cli.errors import InterruptError, RunningError, SynqError
from synq_cli.resources.shared.resource import Api

_GROWTH = 1.5
# With a smaller share of the rate limit left, other commands need the requests more.
_LOW_BUDGET = 0.2

State = TypeVar("State")


def poll(
    api: Api,
    read: Callable[[], State],
    is_final: Callable[[State], bool],
    *,
    what: str,
    resume: str,
    limit: float | None,
    pauses: tuple[float, float] = (5.0, 30.0),
) -> Iterator[State]:
    """Each state as it is read, the final one last.

    `pauses` are the first and the longest pause in seconds; the longest is used while little of the rate limit is left.
    `resume` is the command that continues to poll. RunningError after `limit` seconds, InterruptError on Ctrl-C.
    """
    until = None if limit is None else api.now() + limit
    pause, longest = pauses
    hint = f"To resume: {resume}"
    try:
        while True:
            state = read()
            yield state
            if is_final(state):
                return
            left = longest if until is None else until - api.now()
            if left <= 0:
                raise RunningError(f"{what} is still in progress after {limit:g} s.")
            window = api.budget.snapshot()
            is_low = window.remaining < window.limit * _LOW_BUDGET
            api.sleep(min(longest if is_low else pause, left))
            pause = min(pause * _GROWTH, longest)
    except KeyboardInterrupt:
        raise InterruptError(
            f"Stopped waiting; {what[:1].lower()}{what[1:]} is still in progress.", hint=hint
        ) from None
    except SynqError as error:
        if error.retryable:
            error.hint = " ".join(filter(None, (error.hint, hint)))
        raise
