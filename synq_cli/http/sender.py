"""Sends the API's operations: guards, credentials, budget, retries, and errors from what comes back."""

import time
from collections.abc import Callable, Mapping
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from synq_cli import exact_json
from synq_cli.errors import (
    InterruptError,
    NetworkError,
    Planned,
    RateLimitedError,
    RefusedError,
    SynqError,
    UnknownOutcomeError,
    UsageError,
)
from synq_cli.http import replies, retry
from synq_cli.http.exchange import Listener, NoResponseError, Reply, Trace
from synq_cli.http.look_ahead import LookAhead
from synq_cli.http.operation import Operation

if TYPE_CHECKING:
    from synq_cli.http.client import HttpClient
    from synq_cli.http.rate_limit import Budget, Ticket
    from synq_cli.session.session import Session
    from synq_cli.state.id_cache import LocalIndex

_LARGEST_BODY = 10_000_000


class Sending(NamedTuple):
    """One request as every try sends it."""

    operation: Operation
    url: str
    query: Mapping[str, object] | None
    content: bytes | None
    headers: Mapping[str, str]


class Transport:
    """Sends operations for one session, over a client that others may share. For several threads."""

    def __init__(
        self,
        session: "Session",
        budget: "Budget",
        index: "LocalIndex",
        listener: Listener,
        *,
        http: "HttpClient",
        now: Callable[[], float],
        sleep: Callable[[float], None],
        jitter: Callable[[], float],
        dry_run: bool = False,
    ) -> None:
        self._session = session
        self._settings = session.settings
        self._dry_run = dry_run
        self._budget = budget
        self._index = index
        self._listener = listener
        self._http = http
        self._now = now
        self._sleep = sleep
        self._jitter = jitter
        self._counting = Lock()
        self.requests = 0
        self.unclear = 0  # attempts that may have been carried out, whoever asked for them
        self.changed = False
        self.ahead = LookAhead(session, budget, self._read_once, now)

    def send(
        self,
        operation: Operation,
        path: Mapping[str, str] | None = None,
        *,
        query: Mapping[str, object] | None = None,
        body: object = None,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
    ) -> Any:
        """Send until there is an answer or no more may be tried; gives its JSON, None for an empty one.

        `before` and `after` are what a write changes, for a dry run. Raises Planned where a dry run comes to a
        write, and any of the errors of `errors.py` but UsageError's kin: see `replies.failure`.
        """
        if self._dry_run and operation.effect != "read":
            raise Planned({"method": operation.method, "path": operation.path_with(path), "body": body}, before, after)
        content = None if body is None else exact_json.dumps(body).encode()
        headers = {} if content is None else {"Content-Type": "application/json"}
        reply = self._exchange(operation, path or {}, query, content, headers)
        answer = None if reply is None else replies.parse(reply, operation)
        self.changed |= operation.effect != "read"
        return answer

    def exchange(
        self,
        operation: Operation,
        *,
        query: Mapping[str, object] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str],
    ) -> Reply | None:
        """The same with the very bytes of a JSON body; gives the reply as it came.

        None for a deletion that an earlier try has done.
        """
        if self._dry_run and operation.effect != "read":
            raise planned(operation.method, operation.path, query, content, headers)
        reply = self._exchange(operation, {}, query, content, headers)
        self.changed |= operation.effect != "read"
        return reply

    def _exchange(
        self,
        operation: Operation,
        path: Mapping[str, str],
        query: Mapping[str, object] | None,
        content: bytes | None,
        headers: Mapping[str, str],
    ) -> Reply | None:
        self.check(operation)
        if content is not None and len(content) > _LARGEST_BODY:
            raise UsageError(f"The body is {len(content):,} bytes; the API takes at most {_LARGEST_BODY:,}.")
        url = self._session.base_url + operation.path_with(path)
        sending = Sending(operation, url, query, content, headers)
        repeats, arrived, renewed = 0, False, operation.public
        until = self._now() + self._settings.max_wait
        while True:
            token = "" if operation.public else self._fresh_token()
            outcome = self._answer(sending, until)
            if isinstance(outcome, Reply) and outcome.status == 401 and not renewed:
                renewed = True
                if self._session.renew(token):
                    continue  # a request without a good token did not act, whatever its retry class
            if isinstance(outcome, Reply) and outcome.status < 300:
                return outcome
            if isinstance(outcome, Reply) and arrived and replies.is_gone(outcome, operation):
                return None  # a try before this one got through
            acted = retry.may_have_acted(_failure_of(outcome))
            with self._counting:
                self.unclear += acted
            pause = self._pause(operation, outcome, repeats)
            if pause is None or self._now() + pause > until:
                raise self._error(operation, outcome, " ".join(path.values()))
            if isinstance(outcome, NoResponseError):
                self._listener.waiting(pause, f"{outcome.sentence}; trying again")
            elif pause >= 1:
                self._listener.waiting(pause, f"the API answered with status {outcome.status}; trying again")
            self._sleep(pause)
            repeats += 1
            arrived |= acted

    def check(self, operation: Operation) -> None:
        """RefusedError for a write in a read-only run or a token of another tenant, NotFoundError for a missing route.

        UsageError for a proxy or certificates that can't be used. Who reads something before it writes asks here first,
        so that no request is spent on what can't be done.
        """
        if self._settings.read_only and operation.effect != "read" and not self._dry_run:
            raise RefusedError(
                f"This run is read-only ({self._settings.sources['read_only']}); "
                f"{operation.method} {operation.path} was not sent."
            )
        if not operation.public:
            _ = self._session.credentials
        self._http.check(self._session.base_url)
        if operation.evidence == "presumed" and self._index.is_missing(operation.id):
            raise replies.missing_route(operation)

    def _answer(self, sending: Sending, until: float) -> "Reply | NoResponseError":
        """The outcome of one attempt. A 429 waits and goes again, whatever the operation, since it did not act."""
        refusals = 0
        while True:
            ticket = self._budget.acquire(
                timeout=self._settings.timeout, max_wait=until - self._now(), on_wait=self._listener.waiting
            )
            outcome = self._once(sending, ticket)
            if isinstance(outcome, NoResponseError):
                return outcome
            if outcome.status != 429:
                self._budget.settle(ticket, outcome.limit, outcome.remaining)
                return outcome
            asked = retry.retry_after(outcome.headers, self._now())
            pause = retry.refusal_pause(refusals, self._jitter) if asked is None else asked
            self._budget.refused(ticket, pause)
            refusals += 1
            if self._now() + pause > until:
                raise RateLimitedError(
                    f"The API refuses more requests for {pause:.0f} s, "
                    f"but --max-wait is {self._settings.max_wait:g} s.",
                    hint="Wait, or raise --max-wait. `synq limits` shows who spent the limit.",
                    status=429,
                    request_id=outcome.request_id,
                )

    def _read_once(
        self, operation: Operation, query: Mapping[str, object], ticket: "Ticket"
    ) -> "Reply | NoResponseError":
        return self._once(Sending(operation, self._session.base_url + operation.path, query, None, {}), ticket)

    def _once(self, sending: Sending, ticket: "Ticket") -> "Reply | NoResponseError":
        operation, url = sending.operation, sending.url
        started = time.monotonic()
        reply, error, sent = None, None, True
        try:
            own = {} if operation.public else self._session.credentials.headers
            headers = {**own, **sending.headers}
            reply = self._masked(
                self._http.exchange(
                    operation.method,
                    url,
                    host=self._session.host,
                    query=sending.query,
                    content=sending.content,
                    headers=headers,
                )
            )
        except NoResponseError as failed:
            error, sent = self._mask(failed.sentence), failed.sent
            failed.sentence = error
            if sent:
                self._budget.settle(ticket)
            else:
                self._budget.abandon(ticket)
            return failed
        except SynqError:  # before anything was sent: no token, a proxy that can't be used
            self._budget.abandon(ticket)
            sent = False
            raise
        except KeyboardInterrupt:
            self._budget.settle(ticket)
            if operation.effect != "read":
                raise InterruptError(
                    f"Interrupted while {operation.method} {operation.path} was on its way; "
                    "it may have been applied. Look before sending it again."
                ) from None
            raise
        finally:
            with self._counting:
                self.requests += sent
            self._listener.sent(
                Trace(
                    operation.method,
                    url,
                    reply.status if reply else None,
                    (time.monotonic() - started) * 1000,
                    reply.remaining if reply else None,
                    reply.limit if reply else None,
                    reply.request_id if reply else None,
                    error,
                )
            )
        return reply

    def _masked(self, reply: Reply) -> Reply:
        """The reply without our token, which a server may repeat in what becomes a message."""
        headers = {name: self._mask(value) for name, value in reply.headers.items()}
        body = reply.body
        if reply.status >= 300:
            for secret in self._session.secrets:
                body = body.replace(secret.encode(), b"[token]")
        return reply._replace(headers=headers, body=body)

    def _mask(self, text: str) -> str:
        for secret in self._session.secrets:
            text = text.replace(secret, "[token]")
        return text

    def _fresh_token(self) -> str:
        self._session.keep_fresh()
        return self._session.credentials.token

    def _pause(self, operation: Operation, outcome: "Reply | NoResponseError", repeats: int) -> float | None:
        """Seconds before it may be sent again; None if it may not."""
        if isinstance(outcome, NoResponseError) and not outcome.retryable:
            return None
        if not retry.may_repeat(operation.retry, _failure_of(outcome), repeats):
            return None
        headers = outcome.headers if isinstance(outcome, Reply) else {}
        return retry.pause(repeats, self._jitter, headers, self._now())

    def _error(self, operation: Operation, outcome: "Reply | NoResponseError", subject: str) -> SynqError:
        if isinstance(outcome, Reply):
            return self._failure(operation, outcome, subject)
        if operation.retry != "safe" and outcome.sent:
            return UnknownOutcomeError(
                f"{operation.method} {operation.path} was sent, but {outcome.sentence}; it may have been applied."
            )
        head = outcome.sentence[:1]
        error = NetworkError(
            # The name of a host keeps its case.
            f"{head if outcome.sentence.startswith(self._session.host) else head.upper()}{outcome.sentence[1:]}.",
            hint=outcome.hint
            or f"Check the network and the base URL ({self._session.base_url}); "
            "a slow API may need a longer --timeout.",
        )
        error.retryable = outcome.retryable
        return error

    def _failure(self, operation: Operation, reply: Reply, subject: str) -> SynqError:
        if replies.is_missing_route(reply, operation):
            if replies.is_bare(reply, operation):
                self._index.remember_missing(operation.id)
            return replies.missing_route(operation)
        error = replies.failure(reply, operation, subject)
        if reply.status == 401 and not operation.public:
            error.hint = self._session.login_hint(self._now())
        return error


def planned(
    method: str, path: str, query: Mapping[str, object] | None, content: bytes | None, headers: Mapping[str, str]
) -> Planned:
    """A request as a dry run shows it; `content` is JSON."""
    from urllib.parse import urlencode

    shown = f"{path}?{urlencode(query)}" if query else path
    body = None if content is None else exact_json.loads(content.decode())
    sent_along = {"headers": dict(headers)} if headers else {}
    return Planned({"method": method, "path": shown, **sent_along, "body": body})


def _failure_of(outcome: Reply | NoResponseError) -> retry.Failure | int:
    if isinstance(outcome, Reply):
        return outcome.status
    return "no_answer" if outcome.sent else "not_sent"
