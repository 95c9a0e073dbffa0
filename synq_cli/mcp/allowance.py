"""How many requests a session may send."""

from collections import deque
from collections.abc import Callable

from synq_cli.errors import RateLimitedError
from synq_cli.http.rate_limit import WINDOW


class Allowance:
    """At most `per_minute` requests in any minute, and `in_all` in the session."""

    def __init__(self, per_minute: int, in_all: int, now: Callable[[], float]) -> None:
        self.per_minute = per_minute
        self.in_all = in_all
        self._now = now
        self._used = 0
        self._latest: deque[tuple[float, int]] = deque()

    @property
    def left(self) -> int:
        """How many requests may be sent now."""
        while self._latest and self._latest[0][0] + WINDOW <= self._now():
            self._latest.popleft()
        return max(0, min(self.per_minute - sum(count for _, count in self._latest), self.in_all - self._used))

    @property
    def left_in_all(self) -> int:
        """How many requests the session has left."""
        return max(0, self.in_all - self._used)

    def check(self, least: int) -> None:
        """RateLimitedError, with the time to wait, if a command that sends at least so many can't run now.

        It is not retryable if no minute, or not the rest of the session, has so many.
        """
        if self.left >= least:
            return
        more = f"; the command may need {least} or more" if least > 1 else ""
        if self.left_in_all < least:
            raise _final(
                f"This session has {self.left_in_all} of its {self.in_all} requests left{more}.",
                "Ask a person to start a new session, or to raise --in-all of `synq mcp serve`.",
            )
        if self.per_minute < least:
            raise _final(
                f"This session may send {self.per_minute} requests a minute{more}.",
                "Use a smaller --limit, more filters, or a shorter period such as --since 1d.",
            )
        smaller = "Use a smaller --limit, or wait" if least > 1 else "Wait"
        raise RateLimitedError(
            f"This session may send {self.per_minute} requests a minute and has {self.left} left{more}.",
            hint=f"{smaller} {self.wait(least)} seconds, then call this tool again.",
        )

    def wait(self, least: int) -> int:
        """Seconds until so many requests may be sent, as far as the minute decides."""
        needed = min(least, self.per_minute) - self.left
        for at, count in self._latest:
            needed -= count
            if needed <= 0:
                return max(1, round(at + WINDOW - self._now() + 0.5))
        return 1

    def use(self, requests: int) -> None:
        """Count requests that were sent."""
        if requests:
            self._used += requests
            self._latest.append((self._now(), requests))


def _final(sentence: str, hint: str) -> RateLimitedError:
    error = RateLimitedError(sentence, hint=hint)
    error.retryable = False
    return error
