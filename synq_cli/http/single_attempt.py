"""The way to the API of one worker of a run: a place in the window first, then one try and no more."""

import math
from typing import TYPE_CHECKING, Any

from synq_cli import exact_json
from synq_cli.errors import RateLimitedError
from synq_cli.http import replies, retry
from synq_cli.http.exchange import Reply
from synq_cli.http.sender import Sending, Transport

if TYPE_CHECKING:
    from synq_cli.http.operation import Operation
    from synq_cli.http.rate_limit import Ticket


class Lane(Transport):
    """A transport whose user waits, journals and repeats for itself; it has a view of the budget of its own."""

    def take_place(self, reserve: int) -> "Ticket":
        """A place in the window, however long it takes; `reserve` places are left free for others."""
        return self._budget.acquire(timeout=self._settings.timeout, max_wait=math.inf, reserve=reserve)

    def give_back(self, ticket: "Ticket") -> None:
        """Let others have a place in which nothing was sent."""
        self._budget.abandon(ticket)

    def prepare(self) -> None:
        """Whatever can fail before a request is sent: a token that holds, a proxy and certificates that can be used.

        Raises AuthError, RefusedError and UsageError.
        """
        self._fresh_token()
        self._http.check(self._session.base_url)

    def attempt(self, operation: "Operation", ticket: "Ticket", body: object) -> Any:
        """Send once in that place, a body or its very bytes; gives the answer.

        The errors of `send`; after RateLimitedError, NetworkError and UsageError the API has not acted on a write.
        """
        content = body if isinstance(body, bytes) else exact_json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        url = self._session.base_url + operation.path
        sending = Sending(operation, url, None, content, headers)
        token = self._session.credentials.token
        outcome = self._once(sending, ticket)
        if isinstance(outcome, Reply) and outcome.status == 401 and self._session.renew(token):
            self._budget.settle(ticket, outcome.limit, outcome.remaining)
            ticket = self.take_place(0)
            outcome = self._once(sending, ticket)
        if isinstance(outcome, Reply) and outcome.status == 429:
            asked = retry.retry_after(outcome.headers, self._now())
            pause = retry.refusal_pause(0, self._jitter) if asked is None else asked
            self._budget.refused(ticket, pause)
            raise RateLimitedError(f"The API refuses more requests for {pause:.0f} s.", status=429)
        if isinstance(outcome, Reply):
            self._budget.settle(ticket, outcome.limit, outcome.remaining)
            if outcome.status < 300:
                return replies.parse(outcome, operation)
        raise self._error(operation, outcome, "")

    def close(self) -> None:
        """Close the budget's file. The HTTP client belongs to the whole run."""
        self._budget.close()
