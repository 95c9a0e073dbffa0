"""Retries: whether a failed request may be sent again, and the backoff before it."""

import math
from collections.abc import Callable, Mapping

from synq_cli.http.exchange import NoResponseError, Reply
from synq_cli.http.operation import RetryClass
from synq_cli.times import http_date

REPEATS = 3
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 8.0
_FIRST_REFUSAL, _LONGEST_REFUSAL = 1.0, 60.0
_LONGEST_RETRY_AFTER = 86_400.0  # a day: a server may name any number
_MOST_DOUBLINGS = 10  # enough for the longest pause; more would overflow
_TRANSIENT = {408, 500, 502, 503, 504}


def may_repeat(retry: RetryClass, outcome: Reply | NoResponseError, repeats: int) -> bool:
    """Whether to send a request again after this outcome and this many `repeats`.

    A 429 is handled elsewhere: a refused request was not carried out, so it can always be sent again.
    """
    transient = outcome.status in _TRANSIENT if isinstance(outcome, Reply) else outcome.retryable
    # An unsafe request may be repeated only if it was never sent.
    allowed = retry != "unsafe" or (isinstance(outcome, NoResponseError) and not outcome.sent)
    return transient and allowed and repeats < REPEATS


def may_have_acted(outcome: Reply | NoResponseError) -> bool:
    """Whether a request that failed so may have been carried out."""
    return outcome.status in _TRANSIENT if isinstance(outcome, Reply) else outcome.sent


def pause(repeats: int, jitter: Callable[[], float], headers: Mapping[str, str], now: float) -> float:
    """Seconds before the next try: the server's Retry-After, else exponential backoff with full jitter."""
    asked = retry_after(headers, now)
    if asked is not None:
        return asked
    return min(_LONGEST_PAUSE, math.ldexp(_FIRST_PAUSE, min(repeats, _MOST_DOUBLINGS))) * jitter()


def refusal_pause(refusals: int, jitter: Callable[[], float]) -> float:
    """Seconds to wait after a 429 without Retry-After: 1, 2, 4 … 60, with jitter."""
    return min(_LONGEST_REFUSAL, math.ldexp(_FIRST_REFUSAL, min(refusals, _MOST_DOUBLINGS))) * (0.5 + jitter() / 2)


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """The Retry-After header, a number or a date, in seconds; None if it is missing or invalid."""
    text = headers.get("retry-after", "").strip()
    try:
        seconds = float(text)
    except ValueError:
        at = http_date(text)
        seconds = math.nan if at is None else at - now
    return min(max(seconds, 0.0), _LONGEST_RETRY_AFTER) if math.isfinite(seconds) else None
