"""Prefetching: read requests sent before their result is needed, each on a thread of its own."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, Any

from synq_cli.errors import SynqError
from synq_cli.http.rate_limit import RESERVE

if TYPE_CHECKING:
    from synq_cli.http.operation import Operation
    from synq_cli.http.rate_limit import Budget, Ticket
    from synq_cli.session.session import Session

Query = Mapping[str, object]

_JOIN_STEP = 0.2  # seconds: on Windows a join can't be interrupted


class Prefetch(Thread):
    """One attempt at a request, on a daemon thread, so that it never keeps the process alive."""

    def __init__(self, attempt: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self._attempt = attempt
        self._answer: Any = None

    def run(self) -> None:
        # The caller sends the request again if there is no answer, and gets the error then.
        with suppress(BaseException):
            self._answer = self._attempt()

    def result(self) -> Any:
        """Wait for the answer; None if there is no usable one."""
        while self.is_alive():
            self.join(_JOIN_STEP)
        return self._answer


class Prefetcher:
    """Sends read requests early if the rate limit has places to spare beyond its reserve.

    `attempt` sends a request once and returns its parsed answer, None for a failure; it must be thread-safe.
    """

    def __init__(
        self, session: "Session", budget: "Budget", attempt: "Callable[[Operation, Query, Ticket], Any]"
    ) -> None:
        self._session = session
        self._budget = budget
        self._attempt = attempt

    def start(self, operation: "Operation", query: Query) -> Prefetch | None:
        """Send a request on a thread of its own; None if it can't be sent now."""
        try:
            self._session.keep_fresh()
        except SynqError:
            return None
        ticket = self._budget.try_acquire(timeout=self._session.settings.timeout, reserve=RESERVE)
        if ticket is None:
            return None
        prefetch = Prefetch(lambda: self._attempt(operation, query, ticket))
        try:
            prefetch.start()
        except RuntimeError:  # the system allows no more threads
            self._budget.release(ticket)
            return None
        return prefetch
