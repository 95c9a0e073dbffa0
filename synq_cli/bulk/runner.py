"""Sends the pending rows of a run: paced at the limit, a few at a time, each journaled before and after."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock, Thread
from typing import TYPE_CHECKING, Protocol

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
from synq_cli.http.rate_limit import RESERVE

if TYPE_CHECKING:
    from synq_cli.bulk.runs.journal import Entry, Journal
    from synq_cli.bulk.verbs.verb import Action
    from synq_cli.http.single_attempt import SingleAttemptTransport

# Seconds before the next try after nothing could be sent; after the last one the run stops.
_OUTAGE_PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)
# So many unclear outcomes in a row are no accident: going on would make every row unclear.
_MOST_UNCLEAR = 3
_NAP = 0.25
_LOOK = 0.2


class Watcher(Protocol):
    """Who is shown how far a run has come."""

    def update(self) -> None: ...
    def stopping(self, in_flight: int) -> None: ...


class _Left(BaseException):
    """A worker leaves while it waits; it has no row on its way."""


@contextmanager
def _counted_interrupts() -> Iterator[list[int]]:
    """Each Ctrl-C, and each SIGTERM, which a scheduler ends a job with, as an entry of a list.

    As an exception it could strike in the midst of writing something down.
    """
    import signal
    from threading import current_thread, main_thread

    pressed: list[int] = []
    if current_thread() is not main_thread():
        yield pressed
        return
    before = {
        number: signal.signal(number, lambda number, _frame: pressed.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield pressed
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Runner:
    """One go at a run's pending rows.

    `open_lane` is called once a worker, with the worker's way to wait. A server that refuses a request counts
    otherwise than it says, or counts others too: from then on rows leave `gap` seconds apart.
    """

    def __init__(
        self,
        verb: "Action",
        journal: "Journal",
        open_lane: "Callable[[Callable[[float], None]], SingleAttemptTransport]",
        watcher: Watcher,
        *,
        now: Callable[[], float],
        sleep: Callable[[float], None],
        gap: float,
        workers: int,
    ) -> None:
        self._verb = verb
        self._journal = journal
        self._open_lane = open_lane
        self._watcher = watcher
        self._now = now
        self._sleep = sleep
        self._gap = gap
        self._workers = workers
        self._lock = Lock()
        self._rows: deque[Entry] = deque()
        self._flying: set[int] = set()
        self._abandoned = False
        self._unclear = 0
        self._tries: dict[int, int] = {}
        self._outages, self._outage_at, self._resume_at = 0, 0.0, 0.0
        self._spread = False
        self._crash: BaseException | None = None
        self.stop_reason: SynqError | None = None

    def run(self) -> None:
        """Send until no row is pending, or until `stop_reason` says why not."""
        self._rows.extend(self._journal.entries("pending"))
        count = min(self._workers, len(self._rows))
        threads = [Thread(target=self._work, daemon=True) for _ in range(count)]
        for thread in threads:
            thread.start()
        handled = 0
        with _counted_interrupts() as pressed:
            while not self._abandoned and (alive := [thread for thread in threads if thread.is_alive()]):
                alive[0].join(_LOOK)
                self._watcher.update()
                while handled < len(pressed):
                    handled += 1
                    self._interrupt()
        if self._crash:
            raise self._crash

    def _interrupt(self) -> None:
        """The first Ctrl-C waits for what is on its way, the second does not."""
        with self._lock:
            again = isinstance(self.stop_reason, InterruptError)
            self.stop_reason = InterruptError("Interrupted.")
            flying = set(self._flying)
            self._abandoned = again or not flying
            if again:
                for line in flying:
                    self._journal.unknown(line, None, "Interrupted while it was on its way.")
        if not self._abandoned:
            self._watcher.stopping(len(flying))

    def _work(self) -> None:
        lane = self._open_lane(self._nap)
        try:
            while (row := self._next()) is not None:
                self._carry(lane, row)
        except _Left:
            pass
        except SynqError as error:
            self._stop(error)
        except BaseException as crash:  # noqa: BLE001 raised again where the run was started
            with self._lock:
                self._crash = self._crash or crash
        finally:
            lane.close()

    def _nap(self, seconds: float) -> None:
        """Sleep, but leave when the run stops."""
        while seconds > 0:
            if self._stopped:
                raise _Left
            self._sleep(min(seconds, _NAP))
            seconds -= _NAP

    @property
    def _stopped(self) -> bool:
        return self.stop_reason is not None or self._crash is not None

    def _next(self) -> "Entry | None":
        with self._lock:
            return None if self._stopped or not self._rows else self._rows.popleft()

    def _carry(self, lane: "SingleAttemptTransport", row: "Entry") -> None:
        """Send one row, when it may be sent, and write down what became of it."""
        body = self._verb.body(row.content)
        self._wait_out()
        ticket = lane.acquire(RESERVE)
        try:
            lane.prepare()
        except SynqError:
            lane.release(ticket)
            raise  # the row was not sent: it stays pending, and the run stops
        started = self._now()
        if not self._depart(row, started):
            lane.release(ticket)
            return
        try:
            answer = lane.attempt(self._verb.operation, ticket, body)
            receipt = self._verb.receipt(answer)
        except RateLimitedError:
            self._spread = True
            self._record(row, lambda: self._again(row))
        except NetworkError as error:
            self._record(row, lambda: self._again(row))
            if error.retryable:
                self._note_outage(started, error)
            else:
                self._stop(error)
        except (AuthError, RefusedError, UsageError) as error:
            self._stop(error)
            self._record(row, lambda: self._again(row))
        except (RejectedError, NotFoundError, ConflictError) as error:
            self._unclear = 0
            refusal = error
            self._record(row, lambda: self._note_refusal(row, refusal))
        except (UnknownOutcomeError, ServerError) as error:
            said = error.message
            self._record(row, lambda: self._note_unclear(row, said))
        else:
            self._unclear = self._outages = 0
            self._record(row, lambda: self._journal.done(row.line, self._now(), receipt))

    def _depart(self, row: "Entry", at: float) -> bool:
        """Write down that the row leaves now; False if the run has stopped meanwhile."""
        with self._lock:
            if self._stopped:
                return False
            self._journal.sent(row.line, at)
            self._flying.add(row.line)
        return True

    def _record(self, row: "Entry", write: Callable[[], None]) -> None:
        with self._lock:
            # A row that was abandoned is in the journal as unknown; its worker comes too late.
            if not self._abandoned:
                write()
                self._flying.discard(row.line)

    def _again(self, row: "Entry") -> None:
        self._journal.pending(row.line)
        self._rows.appendleft(row)

    def _note_refusal(self, row: "Entry", error: SynqError) -> None:
        """It was refused: for good, unless it goes again in other words or may have been carried out before."""
        said = error.said or error.message
        if self._verb.reworded and isinstance(error, RejectedError) and self._verb.reworded(error):
            self._again(row)
        elif self._verb.resends and (row.is_doubtful or row.line in self._tries):
            # A refusal speaks for its own request alone.
            said = f"An earlier try may have been carried out; this one was refused: {said}"
            self._journal.unknown(row.line, self._now(), said)
        else:
            self._journal.failed(row.line, self._now(), error.code, said)

    def _note_unclear(self, row: "Entry", said: str) -> None:
        """It may have been carried out: sent again at once only where that is harmless."""
        self._unclear += 1
        tries = self._tries[row.line] = self._tries.get(row.line, 0) + 1
        self._journal.unknown(row.line, self._now(), said)
        if self._verb.resends and tries <= len(_OUTAGE_PAUSES):
            self._again(row)
            self._resume_at = self._now() + _OUTAGE_PAUSES[tries - 1]
            return
        if self._unclear >= _MOST_UNCLEAR and self.stop_reason is None:
            self.stop_reason = UnknownOutcomeError(f"Stopped after {self._unclear} unclear answers in a row.")

    def _note_outage(self, started: float, error: NetworkError) -> None:
        """Nothing could be sent: wait longer each time, then stop. What failed together counts once."""
        with self._lock:
            if started < self._outage_at:
                return
            self._outage_at = self._now()
            if self._outages == len(_OUTAGE_PAUSES):
                self.stop_reason = self.stop_reason or error
                return
            self._resume_at = self._outage_at + _OUTAGE_PAUSES[self._outages]
            self._outages += 1

    def _wait_out(self) -> None:
        """Hold still while the API can't be reached, and keep apart from the row before where that is needed."""
        with self._lock:
            start = max(self._now(), self._resume_at)
            if self._spread:
                self._resume_at = start + self._gap
        while (pause := start - self._now()) > 0:
            self._nap(pause)

    def _stop(self, reason: SynqError) -> None:
        with self._lock:
            self.stop_reason = self.stop_reason or reason
