"""Sends operations to the API: read-only and dry-run guards, tokens, rate limit, retries, errors."""

import time
from collections import deque
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from threading import Lock, Thread
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
from synq_cli.http.exchange import NoResponseError, Observer, Reply, request_line
from synq_cli.http.guard import Guard, Write
from synq_cli.http.operation import Operation, RetryClass
from synq_cli.http.rate_limit import FULL, RESERVE, Budget, Ticket
from synq_cli.times import clock_offset, http_date

if TYPE_CHECKING:
    from synq_cli.http.client import HttpClient
    from synq_cli.session.session import Session
    from synq_cli.state.id_cache import LocalIndex

# Statuses of a reply that would be the same again.
_REFUSALS = {403, 404, 405}
_LARGEST_BODY = 10_000_000
# Of the latest replies: enough to bound the offset of the API's clock to a second.
_MOST_STAMPS = 100
_JOIN_STEP = 0.2  # seconds: on Windows a join can't be interrupted


class ApiRequest(NamedTuple):
    """A request as each attempt sends it; `subject` is the ids in its path."""

    operation: Operation
    url: str
    query: Mapping[str, object] | None
    content: bytes | None
    headers: Mapping[str, str]
    subject: str = ""


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
        answer = self._outcome()
        return None if isinstance(answer, SynqError) else answer

    @property
    def refusal(self) -> SynqError | None:
        """The error of a request that the API refused for good; it need not be sent again. Waits for the answer."""
        answer = self._outcome()
        return answer if isinstance(answer, SynqError) else None

    def _outcome(self) -> Any:
        while self.is_alive():
            self.join(_JOIN_STEP)
        return self._answer


class ApiTransport:
    """Sends operations for one session. Thread-safe; the HTTP client may be shared.

    `outside` is the HTTP client for other hosts than the API's, by default the same. `reserve` is how many requests of
    the rate limit are left to other commands. If no answer comes, the outcome of an operation of the retry classes
    `unclear_without_answer` is unknown; others have been repeated in vain.
    """

    unclear_without_answer: Collection[RetryClass] = ("keyed", "unsafe")

    def __init__(
        self,
        session: "Session",
        budget: Budget,
        index: "LocalIndex",
        observer: Observer,
        *,
        http: "HttpClient",
        now: Callable[[], float],
        sleep: Callable[[float], None],
        jitter: Callable[[], float],
        outside: "HttpClient | None" = None,
        dry_run: bool = False,
    ) -> None:
        self.session = session
        self.budget = budget
        self.index = index
        self.observer = observer
        self.http = http
        self.outside = outside or http
        self.now = now
        self.sleep = sleep
        self.jitter = jitter
        self.dry_run = dry_run
        self.requests = 0
        self.unclear = 0  # attempts that may have been carried out although they failed
        self.changed = False
        self._stamps: deque[tuple[float, str, float]] = deque(maxlen=_MOST_STAMPS)
        self._counting = Lock()
        self._prefetches: list[tuple[Prefetch, Ticket]] = []
        self._abandoned = False
        self.reserve = session.settings.reserve
        self.guard: Guard | None = None  # asked before each write that is not a row of a run

    @property
    def clock_offset(self) -> tuple[float, float] | None:
        """How many seconds the API's clock is ahead of ours, at least and at most; None if no reply says its time."""
        stamps = [(asked, http_date(text), answered) for asked, text, answered in list(self._stamps)]
        known = [(asked, theirs, answered) for asked, theirs, answered in stamps if theirs is not None]
        return clock_offset(known) if known else None

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
        """Send an operation, with retries, and return the parsed answer; None for an empty one.

        `before` and `after` are what a write changes. Raises Planned for a write in a dry run, with both; the errors of
        `check` and of `replies.failure`; NetworkError, RateLimitedError and UnknownOutcomeError if no answer comes.
        """
        self._ask_guard(operation, operation.path_with(path), lambda: body)
        if self.dry_run and operation.effect != "read":
            raise Planned({"method": operation.method, "path": operation.path_with(path), "body": body}, before, after)
        content = None if body is None else exact_json.dumps(body).encode()
        headers = {} if content is None else {"Content-Type": "application/json"}
        subject = " ".join((path or {}).values())
        url = self.session.base_url + operation.path_with(path)
        reply = self._exchange(ApiRequest(operation, url, query, content, headers, subject))
        return None if reply is None else replies.parse(reply, operation)

    def exchange(
        self,
        operation: Operation,
        *,
        query: Mapping[str, object] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str],
    ) -> Reply | None:
        """Send an operation with the exact bytes of a JSON body and return the unparsed reply.

        None if an earlier attempt has carried out a deletion. Raises what `send` raises.
        """
        request = ApiRequest(operation, self.session.base_url + operation.path, query, content, headers)
        self._ask_guard(operation, operation.path, lambda: content)
        self.stop_dry_run(request)
        return self._exchange(request)

    def _ask_guard(self, operation: Operation, path: str, body: Callable[[], object]) -> None:
        """RefusedError for a write that the guard does not permit, or that `check` refuses."""
        if self.guard and operation.effect != "read":
            self.check(operation)
            self.guard.check([Write(operation, path, body)])

    def stop_dry_run(self, request: ApiRequest) -> None:
        """Raise Planned for a write in a dry run; its content is JSON."""
        operation = request.operation
        if not self.dry_run or operation.effect == "read":
            return
        from urllib.parse import urlencode

        path = f"{operation.path}?{urlencode(request.query)}" if request.query else operation.path
        body = None if request.content is None else exact_json.loads(request.content.decode())
        headers = {"headers": dict(request.headers)} if request.headers else {}
        raise Planned({"method": operation.method, "path": path, **headers, "body": body})

    def check(self, operation: Operation) -> None:
        """Check, before any request, whether an operation can be sent.

        RefusedError for a write in a read-only run or a token of another tenant, NotFoundError for a route that this
        server lacks, UsageError for a proxy or certificates that can't be used.
        """
        if self.session.settings.read_only and operation.effect != "read" and not self.dry_run:
            raise RefusedError(
                f"Read-only mode is on ({self.session.settings.sources['read_only']}); "
                f"{operation.method} {operation.path} was not sent."
            )
        if not operation.public:
            _ = self.session.credentials
        self.http.check(self.session.base_url)
        if operation.evidence == "presumed" and self.index.is_missing(operation.id):
            raise replies.missing_route(operation)

    def prefetch(
        self, operation: Operation, query: Mapping[str, object] | None, path: Mapping[str, str] | None = None
    ) -> Prefetch | None:
        """Send a read request on a thread of its own, once; None if it can't be sent without using the reserve.

        None too where requests are counted, so that none is under way when the last one is spent.
        """

        def attempt(ticket: Ticket) -> Any:
            request = ApiRequest(operation, self.session.base_url + operation.path_with(path), query, None, {})
            outcome = self._send_once(request, ticket)
            if not self._abandoned:
                self._record(outcome, ticket, 0)
            if isinstance(outcome, Reply) and outcome.status in _REFUSALS:
                return self._error(request, outcome)
            succeeded = isinstance(outcome, Reply) and outcome.status < 300
            return replies.parse(outcome, operation) if isinstance(outcome, Reply) and succeeded else None

        if self.session.settings.max_requests is not None:
            return None
        try:
            self.session.keep_fresh()
        except SynqError:
            return None
        ticket = self.budget.try_acquire(timeout=self.session.settings.timeout, reserve=max(RESERVE, self.reserve))
        if ticket is None:
            return None
        prefetch = Prefetch(lambda: attempt(ticket))
        try:
            prefetch.start()
        except RuntimeError:  # the system allows no more threads
            self.budget.release(ticket)
            return None
        self._prefetches = [(other, place) for other, place in self._prefetches if other.is_alive()]
        self._prefetches.append((prefetch, ticket))
        return prefetch

    def abandon_prefetches(self) -> None:
        """Count those under way as sent, since the process ends before their answers come."""
        self._abandoned = True
        for prefetch, ticket in self._prefetches:
            if prefetch.is_alive():
                self.budget.record(ticket)

    def _exchange(self, request: ApiRequest) -> Reply | None:
        operation, content = request.operation, request.content
        self.check(operation)
        if content is not None and len(content) > _LARGEST_BODY:
            raise UsageError(f"The body is {len(content):,} bytes; the API accepts at most {_LARGEST_BODY:,}.")
        repeats, may_have_arrived, renewed = 0, False, operation.public
        until = self.now() + self.session.settings.max_wait
        while True:
            token = "" if operation.public else self._fresh_token()
            outcome = self._attempt_until(request, until)
            if isinstance(outcome, Reply) and outcome.status == 401 and not renewed:
                renewed = True
                if self.session.renew(token):
                    continue  # a request without a valid token was not carried out
            if isinstance(outcome, Reply) and outcome.status < 300:
                self.changed |= operation.effect != "read"
                return outcome
            if isinstance(outcome, Reply) and may_have_arrived and replies.is_gone(outcome, operation):
                self.changed = True  # an earlier attempt was carried out
                return None
            acted = retry.may_have_acted(outcome)
            with self._counting:
                self.unclear += acted
            reply_headers = outcome.headers if isinstance(outcome, Reply) else {}
            pause = retry.pause(repeats, self.jitter, reply_headers, self.now())
            if not retry.may_repeat(operation.retry, outcome, repeats) or self.now() + pause > until:
                raise self._error(request, outcome)
            if isinstance(outcome, NoResponseError):
                self.observer.waiting(pause, f"{outcome.sentence}; retrying")
            elif pause >= 1:
                self.observer.waiting(pause, f"the API responded with status {outcome.status}; retrying")
            self.sleep(pause)
            repeats += 1
            may_have_arrived |= acted

    def _attempt_until(self, request: ApiRequest, until: float) -> "Reply | NoResponseError":
        """Wait for the rate limit and send once; after a 429 again, whatever the operation, since it did not act."""
        refusals = 0
        while True:
            self._check_count()
            ticket = self.budget.acquire(
                timeout=self.session.settings.timeout,
                max_wait=until - self.now(),
                reserve=self.reserve,
                on_wait=self._announce_wait,
            )
            outcome = self._send_once(request, ticket)
            pause = self._record(outcome, ticket, refusals)
            if pause is None:
                return outcome
            refusals += 1
            if self.now() + pause > until:
                raise RateLimitedError(
                    f"The API refuses more requests for {pause:.0f} s, "
                    f"but --max-wait is {self.session.settings.max_wait:g} s.",
                    hint="Wait, or raise --max-wait. `synq limits` shows which commands used the limit.",
                    status=429,
                    request_id=outcome.request_id if isinstance(outcome, Reply) else None,
                )

    def _check_count(self) -> None:
        """RateLimitedError if this run has sent as many requests as it may."""
        settings = self.session.settings
        if settings.max_requests is not None and self.requests >= settings.max_requests:
            raise RateLimitedError(
                f"Not sent: {settings.sources['max_requests']} lets a command send {settings.max_requests} requests, "
                "which have been sent.",
                hint="Ask for less, such as with --limit, or allow more requests.",
            )

    def _announce_wait(self, seconds: float, reason: str) -> None:
        reserved = self.reserve and reason == FULL
        self.observer.waiting(
            seconds, f"the last {self.reserve} requests are left to other commands" if reserved else reason
        )

    def _record(self, outcome: "Reply | NoResponseError", ticket: Ticket, refusals: int) -> float | None:
        """Record a reply in the rate limit; returns the seconds to pause after a 429, else None."""
        if isinstance(outcome, NoResponseError):
            return None  # recorded by _send_once
        if outcome.status != 429:
            self.budget.record(ticket, outcome.limit, outcome.remaining)
            return None
        asked = retry.retry_after(outcome.headers, self.now())
        pause = retry.refusal_pause(refusals, self.jitter) if asked is None else asked
        self.budget.record_refusal(ticket, pause)
        return pause

    def _send_once(self, request: ApiRequest, ticket: Ticket) -> "Reply | NoResponseError":
        operation = request.operation
        started, asked = time.monotonic(), self.now()
        reply, error, sent = None, None, True
        try:
            own = {} if operation.public else self.session.credentials.headers
            reply = self._masked(
                self.http.exchange(
                    operation.method,
                    request.url,
                    host=self.session.host,
                    query=request.query,
                    content=request.content,
                    headers={**own, **request.headers},
                )
            )
        except NoResponseError as failed:
            error, sent = self._mask(failed.sentence), failed.sent
            failed.sentence = error
            if sent:
                self.budget.record(ticket)
            else:
                self.budget.release(ticket)
            return failed
        except SynqError:  # raised before anything was sent: no token, an unusable proxy
            self.budget.release(ticket)
            sent = False
            raise
        except KeyboardInterrupt:
            self.budget.record(ticket)
            if operation.effect != "read":
                raise InterruptError(
                    f"Interrupted while {operation.method} {operation.path} was in progress; it may have been applied. "
                    "Check before you send it again."
                ) from None
            raise
        finally:
            with self._counting:
                self.requests += sent
            seconds = time.monotonic() - started
            self.observer.sent(request_line(operation.method, request.url, seconds, reply, error))
        self._stamps.append((asked, reply.headers.get("date", ""), self.now()))
        return reply

    def _masked(self, reply: Reply) -> Reply:
        """The reply without our token, which a server may repeat in an error."""
        headers = {name: self._mask(value) for name, value in reply.headers.items()}
        body = reply.body
        if reply.status >= 300:
            for secret in self.session.secrets:
                body = body.replace(secret.encode(), b"[token]")
        return reply._replace(headers=headers, body=body)

    def _mask(self, text: str) -> str:
        for secret in self.session.secrets:
            text = text.replace(secret, "[token]")
        return text

    def _fresh_token(self) -> str:
        self.session.keep_fresh()
        return self.session.credentials.token

    def _error(self, request: ApiRequest, outcome: "Reply | NoResponseError") -> SynqError:
        operation = request.operation
        if isinstance(outcome, Reply):
            if replies.is_missing_route(outcome, operation):
                if replies.is_bare(outcome, operation):
                    self.index.remember_missing(operation.id)
                return replies.missing_route(operation)
            error = replies.failure(outcome, operation, request.subject)
            if outcome.status == 401 and not operation.public:
                error.hint = self.session.login_hint(self.now())
            return error
        if operation.retry in self.unclear_without_answer and outcome.sent:
            return UnknownOutcomeError(
                f"{operation.method} {operation.path} was sent, but {outcome.sentence}; it may have been applied."
            )
        sentence = outcome.sentence
        if not sentence.startswith(self.session.host):  # host names keep their case
            sentence = sentence[:1].upper() + sentence[1:]
        error = NetworkError(
            f"{sentence}.",
            hint=outcome.hint
            or f"Check the network and the base URL ({self.session.base_url}); a slow API may need a longer --timeout.",
        )
        error.retryable = outcome.retryable
        return error
