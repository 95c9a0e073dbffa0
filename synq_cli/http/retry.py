"""Whether a request may be sent again after it failed, and after how long."""

import math
from collections.abc import Callable, Mapping
from typing import Literal

from synq_cli.http.operation import RetryClass
from synq_cli.times import http_date

# What is known of a request that got no usable answer.
Failure = Literal["not_sent", "no_answer"]

REPEATS = 3
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 8.0
_FIRST_REFUSAL, _LONGEST_REFUSAL = 1.0, 60.0
_LONGEST_RETRY_AFTER = 86_400.0  # a day: nobody waits longer, and a server may name any number
_MOST_DOUBLINGS = 10  # enough for the longest pause; without end they would overflow
_PASSING = {408, 500, 502, 503, 504}


def may_repeat(retry: RetryClass, failure: Failure | int, repeats: int) -> bool:
    """Whether to send again after this failure or status; `repeats` is how often that was done already.

    429 is not asked here: a refused request did not act, so it waits for its place whatever its class.
    """
    if repeats >= REPEATS or (isinstance(failure, int) and failure not in _PASSING):
        return False
    # An unsafe request that may have arrived may have acted: only one that was never sent goes again.
    return retry != "unsafe" or failure == "not_sent"


def may_have_acted(failure: Failure | int) -> bool:
    """Whether a try that ended so may have been carried out, for all that is known."""
    return failure in _PASSING if isinstance(failure, int) else failure == "no_answer"


def pause(repeats: int, jitter: Callable[[], float], headers: Mapping[str, str], now: float) -> float:
    """Seconds before the next try: what the server asks for, else exponential backoff with full jitter."""
    asked = retry_after(headers, now)
    if asked is not None:
        return asked
    return min(_LONGEST_PAUSE, math.ldexp(_FIRST_PAUSE, min(repeats, _MOST_DOUBLINGS))) * jitter()


def refusal_pause(refusals: int, jitter: Callable[[], float]) -> float:
    """Seconds to wait after a 429 that does not say how long: 1, 2, 4 … 60, with jitter."""
    return min(_LONGEST_REFUSAL, math.ldexp(_FIRST_REFUSAL, min(refusals, _MOST_DOUBLINGS))) * (0.5 + jitter() / 2)


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that the Retry-After header asks for, as a number or as a date; None if it says nothing usable."""
    text = headers.get("retry-after", "").strip()
    try:
        seconds = float(text)
    except ValueError:
        at = http_date(text)
        seconds = math.nan if at is None else at - now
    return min(max(seconds, 0.0), _LONGEST_RETRY_AFTER) if math.isfinite(seconds) else None
