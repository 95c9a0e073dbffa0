"""The rate limit of one API host: senders acquire a slot for each request and report the response."""

from collections import deque
from collections.abc import Callable
from threading import Lock
from typing import Protocol, TypeVar

from synq_cli.errors import RateLimitedError
from synq_cli.http.rate_limit.window import Snapshot, Taken, Ticket, WindowState, any_id

Result = TypeVar("Result")

# The latency estimate is the shortest of this many recent requests.
_RECENT = 20
# A wait is split into steps, because slots may become free earlier than expected.
_STEP = 5.0


class Store(Protocol):
    """Keeps the window of one host for all processes that share it.

    `transact` runs `work` on the state and the time of the store's clock, exclusively, writes the changes, and returns
    the result. It may run `work` again if the transaction failed. `look` is for `work` that only reads: the state may
    be slightly out of date.
    """

    def transact(self, work: Callable[[WindowState, float], Result]) -> Result: ...
    def look(self, work: Callable[[WindowState, float], Result]) -> Result: ...
    def close(self) -> None: ...


def _ignore(*_what: object) -> None:
    pass


class Budget:
    """The rate limit of one API host. Thread-safe. `command` and `profile` are recorded with each request."""

    def __init__(
        self,
        store: Store,
        host: str,
        *,
        command: str,
        profile: str,
        now: Callable[[], float],
        sleep: Callable[[float], None],
        jitter: Callable[[], float],
    ) -> None:
        self.host = host
        self.command = command
        self.profile = profile
        self.now = now
        self.sleep = sleep
        self.jitter = jitter
        self._store = store
        self._lock = Lock()
        self._said: tuple[int, float] | None = None
        self._took: deque[float] = deque(maxlen=_RECENT)

    def acquire(
        self, *, timeout: float, max_wait: float, reserve: int = 0, on_wait: Callable[[float, str], None] = _ignore
    ) -> Ticket:
        """Wait at most `max_wait` seconds for a slot in the window; RateLimitedError if it would take longer.

        If the process crashes, the slot expires after `timeout` seconds and one window. `reserve` slots are left to
        other commands, but never more than half of the window.
        """
        waited, announced = 0.0, 0.0
        waiting = None if reserve else any_id()
        while True:
            taken = self._take(timeout, reserve, waiting)
            if taken.tickets:
                return taken.tickets[0]
            if waited + taken.wait > max_wait:
                if waiting:
                    self.release(Ticket(waiting, 0.0))
                raise self._too_long(taken.wait, waited, taken.reason)
            until = self.now() + taken.wait
            if taken.wait >= 1 and until > announced + 1:
                announced = until
                on_wait(taken.wait, taken.reason)
            nap = min(taken.wait, _STEP) + 0.02 * self.jitter()
            self.sleep(nap)
            waited += nap

    def try_acquire(self, *, timeout: float, reserve: int) -> Ticket | None:
        """A slot if one is free now beyond the reserve, otherwise None; arguments as for `acquire`."""
        return next(iter(self._take(timeout, reserve, None, ahead=True).tickets), None)

    def record(self, ticket: Ticket, limit: int | None = None, remaining: int | None = None) -> None:
        """Count a sent request, with the limit and the remaining requests of its response, if given."""

        def work(state: WindowState, now: float) -> tuple[int | None, float]:
            said = state.record(
                now, ticket, head_start=self._head_start(now - ticket.started), profile=self.profile,
                command=self.command, limit=limit, remaining=remaining,
            )  # fmt: skip
            return said, now

        said, now = self._transact(work)
        with self._lock:
            self._took.append(now - ticket.started)
            # Responses to concurrent requests arrive in any order: the lowest count is the latest.
            if said is None:
                self._said = None
            elif not self._said or ticket.started > self._said[1] or said < self._said[0]:
                self._said = said, now

    def release(self, ticket: Ticket) -> None:
        """Release a slot in which nothing was sent."""
        self._transact(lambda state, _now: state.release(ticket))

    def record_refusal(self, ticket: Ticket, seconds: float) -> None:
        """Block the host for these seconds after a 429, and for a whole window after a second one."""
        self._said = None
        self._transact(lambda state, now: state.refuse(now, ticket, seconds))

    def snapshot(self) -> Snapshot:
        """The current state of the window."""

        def work(state: WindowState, now: float) -> Snapshot:
            state.expire(now)
            return state.snapshot(now, self.host, self._said)

        return self._store.look(work)

    def close(self) -> None:
        """Close the store; the next use opens it again."""
        self._store.close()

    def _transact(self, rule: Callable[[WindowState, float], Result]) -> Result:
        def work(state: WindowState, now: float) -> Result:
            state.expire(now)
            return rule(state, now)

        return self._store.transact(work)

    def _take(self, timeout: float, reserve: int, waiting: int | None, *, ahead: bool = False) -> Taken:
        return self._transact(
            lambda state, now: state.take(
                now,
                timeout=timeout,
                reserve=reserve,
                profile=self.profile,
                command=self.command,
                waiting=waiting,
                ahead=ahead,
                jitter=self.jitter(),
            )
        )

    def _head_start(self, took: float) -> float:
        """How long before its response a request was certainly counted: half the time of the fastest recent request.

        Without it, a run of many requests would lose that time in every window to slow responses.
        """
        with self._lock:
            recent = [*self._took, took][-_RECENT:]
        return min(recent) / 2 if len(recent) == _RECENT else 0.0

    def _too_long(self, wait: float, waited: float, reason: str) -> RateLimitedError:
        so_far = f" after {waited:.0f} s of waiting" if waited >= 1 else ""
        return RateLimitedError(
            f"Not sent to {self.host}{so_far}: {reason}. The next slot frees up in {max(1, round(wait))} s, "
            "which exceeds --max-wait.",
            hint=f"Try again then, or wait longer: --max-wait {round(waited + wait + 0.5) + 1}. "
            "`synq limits` shows which commands used it.",
        )
