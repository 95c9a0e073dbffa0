"""Whether a request may be sent again after it failed, and after how long."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from synq_cli.api.operation import RetryClass

MOST_REPEATS = 3
_WORTH_REPEATING = frozenset({408, 500, 502, 503, 504})


@dataclass(frozen=True)
class Failure:
    """How an attempt failed: its status, None without a reply; whether anything may have reached the API."""

    status: int | None
    sent: bool = True
    retry_after: float | None = None


def pause(
    retry: RetryClass,
    failure: Failure,
    *,
    repeats: int,
    refusals: int = 0,
    max_wait: float,
    jitter: Callable[[], float],
) -> float | None:
    """Seconds before the request may go again; None if it may not.

    `repeats` and `refusals` count what this request went through already. A 429 is not counted among the
    repeats, since the API did not act; whoever waits bounds it.
    """
    if failure.status == 429:
        if failure.retry_after is not None:
            return failure.retry_after
        return min(60.0, 2.0**refusals * (1 + jitter() / 4))
    if repeats >= MOST_REPEATS:
        return None
    if failure.status is None:
        again = retry != "unsafe" or not failure.sent
    else:
        again = retry != "unsafe" and failure.status in _WORTH_REPEATING
    if not again:
        return None
    backoff = min(8.0, 0.5 * 2**repeats) * jitter()
    if failure.status == 503 and failure.retry_after is not None:
        asked = max(backoff, failure.retry_after)
        return asked if asked <= max_wait else None
    return backoff


def retry_after_seconds(text: str | None, now: float) -> float | None:
    """A Retry-After header, whole seconds or an HTTP date; None if it is absent or unreadable."""
    if not text:
        return None
    text = text.strip()
    if re.fullmatch("[0-9]{1,9}", text):
        return float(text)
    from datetime import UTC
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime(text)
        return max(0.0, (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now)
    except (ValueError, OverflowError):
        return None
