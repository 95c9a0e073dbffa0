"""Read requests sent before their result is needed, each on a thread of its own."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, Any

from synq_cli.errors import SynqError
from synq_cli.http import replies, retry
from synq_cli.http.exchange import Reply
from synq_cli.http.rate_limit import RESERVE

if TYPE_CHECKING:
    from synq_cli.http.exchange import NoResponseError
    from synq_cli.http.operation import Operation
    from synq_cli.http.rate_limit import Budget, Ticket
    from synq_cli.session.session import Session

Query = Mapping[str, object]

_JOIN_STEP = 0.2  # seconds: on Windows a join can't be interrupted


class EarlyRead(Thread):
    """One attempt at a request; a daemon, so it never keeps the process alive."""

    def __init__(self, attempt: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self._attempt = attempt
        self._answer: Any = None

    def run(self) -> None:
        # Whoever needs the answer sends the request again, and gets the error then.
        with suppress(BaseException):
            self._answer = self._attempt()

    def result(self) -> Any:
        """Wait for the answer; None if there is no usable one."""
        while self.is_alive():
            self.join(_JOIN_STEP)
        return self._answer


class LookAhead:
    """Sends read requests early, but only in places of the rate limit that are free now and not in its reserve.

    `attempt` sends one request once and must be thread-safe. Nothing is retried or waited for here: a request
    that fails is left to `Transport.send`.
    """

    def __init__(
        self,
        session: "Session",
        budget: "Budget",
        attempt: "Callable[[Operation, Query, Ticket], Reply | NoResponseError]",
        now: Callable[[], float],
    ) -> None:
        self._session = session
        self._budget = budget
        self._attempt = attempt
        self._now = now

    def start(self, operation: "Operation", query: Query) -> EarlyRead | None:
        """Send the request on a thread of its own; None if nothing could be sent."""
        try:
            self._session.keep_fresh()
        except SynqError:
            return None
        ticket = self._budget.take_spare(timeout=self._session.settings.timeout, reserve=RESERVE)
        if ticket is None:
            return None
        early = EarlyRead(lambda: self._read(operation, query, ticket))
        try:
            early.start()
        except RuntimeError:  # the system allows no more threads
            self._budget.abandon(ticket)
            return None
        return early

    def _read(self, operation: "Operation", query: Query, ticket: "Ticket") -> Any:
        outcome = self._attempt(operation, query, ticket)
        if not isinstance(outcome, Reply):
            return None
        if outcome.status == 429:
            pause = retry.retry_after(outcome.headers, self._now())
            self._budget.refused(ticket, 1.0 if pause is None else pause)
            return None
        self._budget.settle(ticket, outcome.limit, outcome.remaining)
        return replies.parse(outcome, operation) if outcome.status < 300 else None
