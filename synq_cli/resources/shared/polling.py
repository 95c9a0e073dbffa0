"""Polling: of background work until it is finished, and of lists without an end."""

from collections.abc import Callable, Iterator
from typing import TypeVar

from synq_cli.errors import InterruptError, RunningError, SynqError
from synq_cli.resources.shared.resource import Api

_GROWTH = 1.5
# With a smaller share of the rate limit left, other commands need the requests more.
_LOW_BUDGET = 0.2

# Requests of the rate limit that polling without an end leaves to other commands.
RESERVE = 20

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


def poll_without_end(
    api: Api, read: Callable[[], State], *, warn: Callable[[str], None], pauses: tuple[float, float]
) -> Iterator[State | None]:
    """Each state as it is read, with a pause before it; None where reading failed and is tried again after a pause.

    `pauses` are the shortest and the longest pause in seconds, see `pause_between_polls`. `warn` is called for failures
    that can be retried; others are raised.
    """
    failing = False
    while True:
        pause_between_polls(api, *pauses)
        try:
            state = read()
        except SynqError as error:
            if not error.retryable:
                raise
            if not failing:
                warn(f"{error.message} Trying again.")
            failing = True
            yield None
            continue
        failing = False
        yield state


def pause_between_polls(api: Api, shortest: float, longest: float) -> None:
    """Wait before the next poll: the longer, the less of the rate limit is left beyond the reserve."""
    announced = False
    while True:
        window = api.budget.snapshot()
        reserve = min(RESERVE, window.limit // 5)
        spare = window.remaining - reserve
        if spare > 0 and window.blocked_for <= 0:
            api.sleep(min(max(shortest, longest / spare), longest))
            return
        seconds = min(max(window.frees_in, window.blocked_for, shortest), longest)
        if not announced:
            api.observer.waiting(seconds, f"the last {reserve} requests are left to other commands")
        announced = True
        api.sleep(seconds)
