"""Sends the pending rows of a run at the rate limit, a few at a time, each journaled before and after."""

import signal
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import KW_ONLY, dataclass, field
from functools import partial
from threading import Lock, Thread, current_thread, main_thread
from typing import Any

from synq_cli import exact_json
from synq_cli.bulk.journal import UNKNOWN, Journal, Receipt, Row
from synq_cli.bulk.progress import Progress
from synq_cli.bulk.verbs.verb import Verb
from synq_cli.errors import (
    AuthError,
    ConflictError,
    InterruptError,
    NetworkError,
    NotFoundError,
    RateLimitedError,
    RefusedError,
    RejectedError,
    ServerError,
    SynqError,
    UnknownOutcomeError,
    UsageError,
)
from synq_cli.http.operation import Operation
from synq_cli.http.rate_limit import RESERVE
from synq_cli.http.single_attempt import NotRenewedError, SingleAttemptTransport

# Backoff in seconds after a request could not be sent; after the last one the run stops.
_OUTAGE_PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)
# After so many unknown outcomes in a row the run stops, before every row is unknown.
_MOST_UNCLEAR = 3
# After so many 429s in a row, each with the wait that it asks for, the run stops.
_MOST_REFUSALS = 10
# How often, in seconds, a waiting worker looks whether the run has stopped, and the main thread at its workers.
_SLEEP_STEP = 0.25
_JOIN_TIMEOUT = 0.2
# How long, in seconds, an interrupt waits for a worker that writes to the journal.
_LOCK_TIMEOUT = 0.5
# How often, in seconds, the workers ask for rows while all that are left are with other machines.
_ASK_AGAIN = 1.0
# A terminal that goes away, such as a lost SSH connection, sends SIGHUP.
_ENDING = (signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if sys.platform != "win32" else []))


class _StoppedError(BaseException):
    """The run stopped while a worker waited; the worker has no row in flight."""


@contextmanager
def _counted_interrupts() -> Iterator[list[int]]:
    """A list that gets an entry for each SIGINT, each SIGTERM, with which a scheduler ends a job, and each SIGHUP.

    An exception could be raised in the middle of a write to the journal. A signal that is ignored, as under nohup,
    stays ignored.
    """
    pressed: list[int] = []
    numbers = _ENDING if current_thread() is main_thread() else ()
    caught = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, lambda number, _frame: pressed.append(number)) for number in caught}
    try:
        yield pressed
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def note_done(verb: Verb, journal: Journal, row: Row, at: float | None, receipt: Receipt) -> Row | None:
    """Journal what has this receipt; gives the second half of the row if that was its first one."""
    content = verb.following(row.content, receipt)
    if content is None:
        journal.done(row.line, at, receipt)
        return None
    journal.half_done(row.line, content)
    return Row(row.line, content, row.source)


@dataclass
class Runner:
    """Sends the pending rows of a run once.

    `open_transport` makes the transport of each worker, given its sleep. A 429 shows that the server does not count as
    it says, or counts other clients too: from then on rows are sent `gap` seconds apart. `as_planned` are rows that
    were not sent, because the API had their values already.
    """

    verb: Verb
    journal: Journal
    open_transport: Callable[[Callable[[float], None]], SingleAttemptTransport]
    progress: Progress
    _: KW_ONLY
    now: Callable[[], float]
    sleep: Callable[[float], None]
    gap: float
    workers: int
    stop_reason: SynqError | None = None
    as_planned: int = 0
    _lock: Lock = field(default_factory=Lock)
    _rows: deque[Row] = field(default_factory=deque)
    _batches: Iterator[list[Row]] = field(default_factory=lambda: iter(()))
    _in_flight: set[int] = field(default_factory=set)
    _tries: Counter[int] = field(default_factory=Counter)
    _abandoned: bool = False
    _spaced: bool = False
    _unclear: int = 0
    _outages: int = 0
    _outage_at: float = 0.0
    _refusals: int = 0
    _refused_at: float = 0.0
    _resume_at: float = 0.0
    _crash: BaseException | None = None

    def run(self) -> None:
        """Send until no row is pending, or until there is a `stop_reason`."""
        self._batches = self.journal.batches(self.verb.resends)
        count = min(self.workers, self.journal.left())
        threads = [Thread(target=self._work, daemon=True) for _ in range(count)]
        with _counted_interrupts() as pressed:
            for number, thread in enumerate(threads):
                try:
                    thread.start()
                except RuntimeError:  # the system allows no more threads
                    if not number:
                        raise
                    break
            while not self._abandoned and (alive := [thread for thread in threads if thread.is_alive()]):
                alive[0].join(_JOIN_TIMEOUT)
                self.progress.update()
                while pressed:
                    pressed.pop()
                    self._interrupt()
        if self._crash:
            raise self._crash

    def _interrupt(self) -> None:
        """The first Ctrl-C waits for the rows in flight, the second does not."""
        again = isinstance(self.stop_reason, InterruptError)
        self.stop_reason = InterruptError("Interrupted.")
        self.journal.hurry()
        if not self._lock.acquire(timeout=_LOCK_TIMEOUT):  # a worker waits for the journal
            self._abandoned = again  # rows that are marked as sent count as unknown
            waiting = 0
        else:
            try:
                in_flight = set(self._in_flight)
                self._abandoned = again or not in_flight
                if again:
                    for line in in_flight:
                        self.journal.unknown(line, None, "Interrupted while the request was in flight.")
                waiting = len(in_flight)
            finally:
                self._lock.release()
        if not self._abandoned:
            self.progress.stopping(waiting)

    def _work(self) -> None:
        transport = self.open_transport(self._wait)
        try:
            while (row := self._next()) is not None:
                if self._is_due(transport, row):
                    self._send(transport, row)
        except _StoppedError:
            pass
        except SynqError as error:
            self._stop(error)
        except BaseException as crash:  # noqa: BLE001 raised again where the run was started
            with self._lock:
                self._crash = self._crash or crash
        finally:
            transport.close()

    def _wait(self, seconds: float) -> None:
        """Sleep; _StoppedError as soon as the run stops."""
        while seconds > 0:
            if self._stopped:
                raise _StoppedError
            self.sleep(min(seconds, _SLEEP_STEP))
            seconds -= _SLEEP_STEP

    @property
    def _stopped(self) -> bool:
        return self.stop_reason is not None or self._crash is not None

    def _next(self) -> Row | None:
        while True:
            with self._lock:
                if self._stopped:
                    return None
                if not self._rows:
                    batch = next(self._batches, None)
                    if batch is None:
                        return None
                    self._rows.extend(batch)
                    self.progress.waits = not batch and not self._in_flight
                if self._rows:
                    return self._rows.popleft()
            self._wait(_ASK_AGAIN * self.workers)  # all of them wait

    def _send(self, transport: SingleAttemptTransport, row: Row) -> None:
        """Send one row, once it may be sent, and journal its outcome."""
        operation = self.verb.operation_of(row.content)
        body, path = self.verb.body(row.content), self.verb.path(row.content)
        self._wait_for_turn()
        ticket = transport.acquire(RESERVE)
        try:
            transport.prepare()
            started = self.now()
            is_marked = self._mark_sent(row, started)
        except SynqError:
            transport.release(ticket)
            raise  # the row was not sent, and the run stops
        if not is_marked:
            transport.release(ticket)
            return
        try:
            answer = transport.attempt(operation, ticket, body, path)
            receipt = self.verb.receipt(row.content, answer)
        except RateLimitedError as error:
            self._spaced = True
            self._record(self._requeue, row)
            self._note_rate_limit(started, error)
        except NetworkError as error:
            self._record(self._requeue, row)
            if error.retryable:
                self._note_outage(started, error)
            else:
                self._stop(error)
        except (NotRenewedError, AuthError, RefusedError, UsageError) as error:
            self._stop(error.reason if isinstance(error, NotRenewedError) else error)
            self._record(self._requeue, row)
        except (RejectedError, NotFoundError, ConflictError) as error:
            self._unclear = 0
            lacks_route = isinstance(error, NotFoundError) and transport.index.is_missing(operation.id)
            self._record(self._note_refusal, row, error, lacks_route)
        except (UnknownOutcomeError, ServerError) as error:
            self._record(self._note_unclear, row, error)
        else:
            self._unclear = self._outages = self._refusals = 0
            self._record(self._note_done, row, receipt)

    def _is_due(self, transport: SingleAttemptTransport, row: Row) -> bool:
        """Whether the values are still those that the row of a plan replaces; if not, its outcome is journaled."""
        if not (wanted := self.verb.replaces(row.content)):
            return True
        present = wanted.read(partial(self._read, transport))
        if exact_json.equals(present, wanted.before):
            return True
        if exact_json.equals(present, wanted.after):
            self._record(self._note_as_planned, row)
        else:
            pairs = [(name, wanted.before[name], value) for name, value in present.items()]
            different = [pair for pair in pairs if not exact_json.equals(*pair[1:])]
            changes = ", ".join(
                f"{name} {_shown(before, now)} → {_shown(now, before)}" for name, before, now in different
            )
            self._record(self._note_conflict, row, f"Conflict: changed since the plan was made: {changes}.")
        return False

    def _read(self, transport: SingleAttemptTransport, operation: Operation, ids: Mapping[str, str] | None) -> Any:
        """Read before a row is sent, with retries; what is raised in the end stops the run."""
        for pause in (*_OUTAGE_PAUSES, None):
            ticket = transport.acquire(RESERVE)
            try:
                transport.prepare()
            except SynqError:
                transport.release(ticket)
                raise
            try:
                return transport.attempt(operation, ticket, None, ids)
            except NotRenewedError as error:
                raise error.reason from None
            except (RateLimitedError, NetworkError, UnknownOutcomeError, ServerError) as error:
                if pause is None:
                    what = f"{operation.what[:1].upper()}{operation.what[1:]}"
                    raise NetworkError(f"{what} can't be read: no response arrived.", hint=error.hint) from None
                self._wait(pause)
        raise AssertionError("the last attempt returns or raises")

    def _mark_sent(self, row: Row, at: float) -> bool:
        """Journal that the row is sent now; False if the run has stopped meanwhile."""
        with self._lock:
            if self._stopped:
                return False
            self.journal.sent(row.line, at)
            self._in_flight.add(row.line)
        return True

    def _record(self, write: Callable[..., None], row: Row, *result: object) -> None:
        with self._lock:
            # An abandoned row is unknown in the journal already.
            if not self._abandoned:
                write(row, *result)
                self._in_flight.discard(row.line)

    def _requeue(self, row: Row) -> None:
        self.journal.pending(row.line)
        self._rows.appendleft(row)

    def _note_done(self, row: Row, receipt: Receipt) -> None:
        """Journal that the row is done, or its first half; then its second half is sent next."""
        if following := note_done(self.verb, self.journal, row, self.now(), receipt):
            self._rows.appendleft(following)

    def _note_as_planned(self, row: Row) -> None:
        """Journal a row that need not be sent: somebody has made the change, or an earlier attempt went through."""
        self.as_planned += 1
        self.journal.done(row.line, self.now(), self.verb.receipt(row.content, None))

    def _note_conflict(self, row: Row, sentence: str) -> None:
        self.journal.failed(row.line, self.now(), ConflictError.code, sentence)

    def _note_refusal(self, row: Row, error: SynqError, lacks_route: bool) -> None:
        """Journal a refusal: final, unless the row is sent again, or an earlier attempt may have gone through.

        The error of a check of the answer has no status: it shows what became of every attempt. A deletion that finds
        nothing to delete the second time was carried out the first time. A server that lacks the route carries out no
        row: the run stops.
        """
        message = error.said or error.message
        operation = self.verb.operation_of(row.content)
        repeated = error.status is not None and (row.code == UNKNOWN or row.line in self._tries)
        if lacks_route:
            self._requeue(row)
            self.stop_reason = self.stop_reason or error
        elif isinstance(error, RejectedError) and self.verb.retry_after_rejection(error):
            self._requeue(row)
        elif repeated and operation.effect == "delete" and isinstance(error, NotFoundError) and error.said:
            self.journal.done(row.line, self.now(), self.verb.receipt(row.content, None))
        elif repeated and self.verb.resends(row.content):
            message = f"An earlier attempt may have gone through; this one was refused: {message}"
            # A row that may be sent any number of times need not stay unknown: it can be fixed and sent again.
            if operation.retry == "safe":
                self.journal.failed(row.line, self.now(), error.code, message)
            else:
                self.journal.unknown(row.line, self.now(), message)
        else:
            self.journal.failed(row.line, self.now(), error.code, message)

    def _note_unclear(self, row: Row, error: SynqError) -> None:
        """Journal an unknown outcome; the row is sent again at once only where that is harmless."""
        self._unclear += 1
        self._tries[row.line] += 1
        tries = self._tries[row.line]
        self.journal.unknown(row.line, self.now(), error.message)
        if self.verb.resends(row.content) and tries <= len(_OUTAGE_PAUSES):
            self._requeue(row)
            self._resume_at = self.now() + _OUTAGE_PAUSES[tries - 1]
            return
        if self._unclear >= _MOST_UNCLEAR and self.stop_reason is None:
            self.stop_reason = UnknownOutcomeError(f"Stopped after {self._unclear} unknown outcomes in a row.")

    def _note_outage(self, started: float, error: NetworkError) -> None:
        """Back off after a request could not be sent, in the end stop. Requests that failed together count once."""
        with self._lock:
            if started < self._outage_at:
                return
            self._outage_at = self.now()
            if self._outages == len(_OUTAGE_PAUSES):
                self.stop_reason = self.stop_reason or error
                return
            self._resume_at = self._outage_at + _OUTAGE_PAUSES[self._outages]
            self._outages += 1

    def _note_rate_limit(self, started: float, error: RateLimitedError) -> None:
        """Count a 429, in the end stop. Requests that were refused together count once."""
        with self._lock:
            if started < self._refused_at:
                return
            self._refused_at = self.now()
            self._refusals += 1
            if self._refusals == _MOST_REFUSALS:
                self.stop_reason = self.stop_reason or error

    def _wait_for_turn(self) -> None:
        """Wait while the API can't be reached, and for the gap to the row before, if there must be one."""
        with self._lock:
            now = self.now()
            pause = max(self._resume_at - now, 0.0)
            if pause > _OUTAGE_PAUSES[-1] + self.workers * self.gap:
                pause = 0.0  # the clock was set back meanwhile
            if self._spaced:
                self._resume_at = now + pause + self.gap
        self._wait(pause)

    def _stop(self, reason: SynqError) -> None:
        with self._lock:
            self.stop_reason = self.stop_reason or reason


def _shown(value: object, other: object) -> str:
    """A value in a sentence; in quotes if it is text and the `other` value, beside it, would look the same."""
    if isinstance(value, str) and (isinstance(other, str) or value != exact_json.dumps(other)):
        return value
    return "(none)" if value is None else exact_json.dumps(value)
