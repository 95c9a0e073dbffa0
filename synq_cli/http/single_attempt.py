"""One attempt at a time for the workers of a bulk run, which wait, journal and retry on their own."""

import math
from collections.abc import Mapping
from typing import Any

from synq_cli import exact_json
from synq_cli.errors import RateLimitedError, SynqError
from synq_cli.http import replies
from synq_cli.http.exchange import Reply
from synq_cli.http.operation import Operation
from synq_cli.http.rate_limit import Ticket
from synq_cli.http.transport import ApiRequest, ApiTransport


class NotRenewedError(Exception):
    """The API refused the token, and it could not be renewed for this `reason`: the request was not carried out."""

    def __init__(self, reason: SynqError) -> None:
        super().__init__(reason)
        self.reason = reason


class SingleAttemptTransport(ApiTransport):
    """A transport for one worker, with its own connection to the rate limit.

    The worker must know whether a request may have been carried out, even if it may be repeated.
    """

    unclear_without_answer = ("safe", "keyed", "unsafe")

    def acquire(self, reserve: int) -> Ticket:
        """Wait for a place in the rate limit; `reserve` places are left to other commands."""
        return self.budget.acquire(timeout=self.session.settings.timeout, max_wait=math.inf, reserve=reserve)

    def release(self, ticket: Ticket) -> None:
        """Give up a place in which nothing was sent."""
        self.budget.release(ticket)

    def prepare(self) -> None:
        """Do what can fail before a request: renew the token, check the proxy. AuthError, RefusedError, UsageError."""
        self._fresh_token()
        self.http.check(self.session.base_url)

    def attempt(self, operation: Operation, ticket: Ticket, body: object, path: Mapping[str, str] | None = None) -> Any:
        """Send a body, its exact bytes or None, once and return the parsed answer; `path` has the ids in the path.

        Raises what `send` raises, and NotRenewedError; after that, RateLimitedError, NetworkError and UsageError a
        write was not carried out.
        """
        content = body if isinstance(body, bytes | None) else exact_json.dumps(body).encode()
        headers = {} if content is None else {"Content-Type": "application/json"}
        url = self.session.base_url + operation.path_with(path)
        subject = " ".join((path or {}).values())
        request = ApiRequest(operation, url, None, content, headers, subject)
        token = self.session.credentials.token
        outcome = self._send_once(request, ticket)
        if isinstance(outcome, Reply) and outcome.status == 401 and self._renew(token):
            self._record(outcome, ticket, 0)
            ticket = self.acquire(0)
            outcome = self._send_once(request, ticket)
        pause = self._record(outcome, ticket, 0)
        if pause is not None:
            raise RateLimitedError(f"The API refuses more requests for {pause:.0f} s.", status=429)
        if isinstance(outcome, Reply) and outcome.status < 300:
            return replies.parse(outcome, operation)
        raise self._error(request, outcome)

    def _renew(self, token: str) -> bool:
        try:
            return self.session.renew(token)
        except SynqError as error:
            raise NotRenewedError(error) from None

    def close(self) -> None:
        """Close the connection to the rate limit; the HTTP client is shared."""
        self.budget.close()
