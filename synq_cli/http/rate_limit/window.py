"""The sliding window of the rate limit: places for requests, corrected by what the API reports."""

import os
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from synq_cli.errors import RateLimitedError
from synq_cli.http.rate_limit.shared_file import SharedFile

if TYPE_CHECKING:
    from synq_cli.state.database import Connection

# The API counts a request when it arrives, synq when its reply does: ours leave the window later, never sooner.
_MARGIN = 0.05
# The shortest of this many requests is the estimate of how long one takes.
_RECENT = 20
# A wait is cut into steps, since places may become free earlier than expected.
_STEP = 5.0
_PROBE_STEP = 0.5
_LONGEST_BLOCK = 3600.0
# The limit until a reply tells another.
_FIRST_LIMIT = 100
_LARGEST_LIMIT = 10_000
# The remaining requests that the API reported are valid for a moment only.
_SAID_HOLDS = 1.0
# A time further ahead than this is left over from a clock that was set back.
_CLOCK_SLACK = 1.0

WINDOW = 60.0
# Places that bulk runs and prefetches leave to other commands.
RESERVE = 10
FULL = "the rate limit is used up"
REFUSED = "the API responded with 429 (too many requests)"


class Ticket(NamedTuple):
    """A place in the window; `started` in epoch seconds."""

    id: int
    started: float


class Snapshot(NamedTuple):
    """The window of a host; times are seconds from now, 0 if no place is taken.

    `exact`: the API reported what remains, in this run and just now. `frees_in`: until one more place is free;
    `full_in`: until all are. `spenders`: profile, command and number of requests, most first. `strangers`: requests
    of other clients, which the API counted and no synq on this machine sent.
    """

    host: str
    limit: int
    remaining: int
    exact: bool
    frees_in: float
    full_in: float
    blocked_for: float
    spenders: list[tuple[str, str, int]]
    strangers: int

    def as_row(self) -> dict[str, object]:
        """The snapshot as JSON: seconds rounded to tenths, each spender an object."""
        row = {name: round(value, 1) if isinstance(value, float) else value for name, value in self._asdict().items()}
        names = ("profile", "command", "requests")
        return row | {"spenders": [dict(zip(names, spender, strict=True)) for spender in self.spenders]}


class _Host(NamedTuple):
    size: int
    blocked_for: float
    refusals: int
    refused_at: float


def usable(size: int, reserve: int) -> int:
    """The places of a window that can be taken while leaving a reserve: at least half of them."""
    return size - min(reserve, size // 2)


def _any_id() -> int:
    return int.from_bytes(os.urandom(8)) >> 2  # fits into an SQLite integer


def _ignore(*_what: object) -> None:
    pass


class Budget:
    """The rate limit of one API host. Thread-safe; `warn` is called if the file is damaged or can't be used."""

    def __init__(
        self,
        path: Path,
        host: str,
        *,
        command: str,
        profile: str,
        now: Callable[[], float],
        sleep: Callable[[float], None],
        jitter: Callable[[], float],
        warn: Callable[[str], None] = _ignore,
    ) -> None:
        self.path = path
        self.host = host
        self.command = command
        self.profile = profile
        self.now = now
        self.sleep = sleep
        self.jitter = jitter
        self._file = SharedFile(path, now, warn)
        self._said: tuple[int, float] | None = None
        self._took: deque[float] = deque(maxlen=_RECENT)

    def acquire(
        self, *, timeout: float, max_wait: float, reserve: int = 0, on_wait: Callable[[float, str], None] = _ignore
    ) -> Ticket:
        """Wait at most `max_wait` seconds for a place in the window; RateLimitedError if it would take longer.

        The place expires `timeout` seconds and a window later, should the process die. `reserve` places are left to
        others, but never more than half of the window.
        """
        waited, announced = 0.0, 0.0
        while True:
            ticket, wait, reason = self._file.transact(lambda file: self._take(file, timeout, reserve))
            if ticket:
                return ticket
            if waited + wait > max_wait:
                raise self._too_long(wait, waited, reason)
            until = self.now() + wait
            if wait >= 1 and until > announced + 1:
                announced = until
                on_wait(wait, reason)
            nap = min(wait, _STEP) + 0.02 * self.jitter()
            self.sleep(nap)
            waited += nap

    def try_acquire(self, *, timeout: float, reserve: int) -> Ticket | None:
        """A place that is free now beyond the reserve, else None; arguments as for `acquire`."""
        return self._file.transact(lambda file: self._take(file, timeout, reserve))[0]

    def record(self, ticket: Ticket, limit: int | None = None, remaining: int | None = None) -> None:
        """Count a request that was sent, with the limit and the remaining requests of its reply, if given."""
        if limit and limit > _LARGEST_LIMIT:
            limit = remaining = None  # not plausible

        def work(file: "Connection") -> None:
            host, now = self._expire(file)
            # Replies to concurrent requests come in any order: the lowest count is the latest.
            if remaining is None or not self._said or ticket.started > self._said[1] or remaining < self._said[0]:
                self._said = None if remaining is None else (remaining, now)
            if limit:
                file.execute("UPDATE hosts SET size = ? WHERE host = ?", (limit, self.host))
            self._put(file, ticket.id, "settled", now + _MARGIN - self._head_start(now - ticket.started), WINDOW)
            if ticket.started >= host.refused_at:
                file.execute("UPDATE hosts SET refusals = 0 WHERE host = ?", (self.host,))
            if remaining is not None:
                self._correct(file, ticket, (limit or host.size) - remaining, now)

        self._file.transact(work)

    def release(self, ticket: Ticket) -> None:
        """Release a place in which nothing was sent."""
        self._file.transact(lambda file: file.execute("DELETE FROM requests WHERE id = ?", (ticket.id,)))

    def record_refusal(self, ticket: Ticket, seconds: float) -> None:
        """Block the host for these seconds after a 429, and for a whole window after a second one."""
        self._said = None

        def work(file: "Connection") -> None:
            host, now = self._expire(file)
            file.execute("DELETE FROM requests WHERE id = ?", (ticket.id,))
            # Concurrent requests are refused together, which counts as one refusal.
            refusals = host.refusals + (not host.refusals or ticket.started > host.refused_at)
            pause = max(seconds, WINDOW) if refusals > 1 else seconds
            pause = max(min(pause, _LONGEST_BLOCK) + _MARGIN, host.blocked_for)
            file.execute(
                "UPDATE hosts SET refusals = ?, refused_at = ?, blocked_at = ?, blocked_for = ? WHERE host = ?",
                (refusals, now, now, pause, self.host),
            )

        self._file.transact(work)

    def snapshot(self) -> Snapshot:
        """The current state of the window."""
        return self._file.transact(self._look)

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        self._file.close()

    def _take(self, file: "Connection", timeout: float, reserve: int) -> tuple[Ticket | None, float, str]:
        host, now = self._expire(file)
        wait, reason = self._wait(file, host, now, reserve)
        if wait > 0:
            return None, wait, reason
        ticket = Ticket(_any_id(), now)
        self._put(file, ticket.id, "sending", now, timeout + WINDOW)
        return ticket, 0.0, ""

    def _wait(self, file: "Connection", host: _Host, now: float, reserve: int) -> tuple[float, str]:
        if host.blocked_for > 0:
            return host.blocked_for, REFUSED
        taken = list(file.execute("SELECT kind, at + lasts FROM requests WHERE host = ?", (self.host,)))
        # After a refusal one request is sent as a probe before the others.
        if host.refusals and any(kind == "sending" for kind, _ in taken):
            return _PROBE_STEP, REFUSED
        places = usable(host.size, reserve)
        if len(taken) < places:
            return 0.0, ""
        # A request under way holds its place for one window after its reply, which comes now at the earliest.
        ends = sorted(now + WINDOW if kind == "sending" else end for kind, end in taken)
        return max(ends[len(ends) - places] - now, 0.001), FULL

    def _expire(self, file: "Connection") -> tuple[_Host, float]:
        """Delete what has left the window; returns the host's row and the time, read under the write lock."""
        now = self.now()
        late = (now, now + _CLOCK_SLACK)
        file.execute("UPDATE requests SET at = ? WHERE at > ?", late)
        file.execute("UPDATE hosts SET blocked_at = ? WHERE blocked_at > ?", late)
        file.execute("UPDATE hosts SET refused_at = ? WHERE refused_at > ?", late)
        file.execute("DELETE FROM requests WHERE at + lasts <= ?", (now,))
        file.execute("INSERT OR IGNORE INTO hosts (host, size) VALUES (?, ?)", (self.host, _FIRST_LIMIT))
        size, blocked_at, blocked_for, refusals, refused_at = file.execute(
            "SELECT size, blocked_at, blocked_for, refusals, refused_at FROM hosts WHERE host = ?", (self.host,)
        ).fetchone()
        return _Host(size, max(0.0, blocked_at + blocked_for - now), refusals, refused_at), now

    def _head_start(self, took: float) -> float:
        """How long before its reply a request was certainly counted: half the time of the fastest recent request.

        Without it, a run of many requests would lose that time in every window to slow replies.
        """
        self._took.append(took)
        return min(self._took) / 2 if len(self._took) == self._took.maxlen else 0.0

    def _put(self, file: "Connection", number: int, kind: str, at: float, lasts: float) -> None:
        profile, command = ("", "") if kind == "stranger" else (self.profile, self.command)
        file.execute(
            "INSERT OR REPLACE INTO requests (id, host, kind, at, lasts, profile, spender)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (number, self.host, kind, at, lasts, profile, command),
        )

    def _correct(self, file: "Connection", ticket: Ticket, used: int, now: float) -> None:
        """Adjust the number of other clients' requests to what the API has counted."""
        counts = dict(file.execute("SELECT kind, COUNT(*) FROM requests WHERE host = ? GROUP BY kind", (self.host,)))
        sending = counts.get("sending", 0)
        known = counts.get("settled", 0) + counts.get("stranger", 0)
        for _ in range(used - known - sending):
            self._put(file, _any_id(), "stranger", now + _MARGIN, WINDOW)
        # Our own concurrent requests may have been counted after this one.
        beside = file.execute(
            "SELECT COUNT(*) FROM requests WHERE host = ? AND kind = 'settled' AND id <> ? AND at > ?",
            (self.host, ticket.id, ticket.started + _MARGIN),
        ).fetchone()[0]
        if (gone := known - used - beside) > 0:
            file.execute(
                "DELETE FROM requests WHERE id IN (SELECT id FROM requests "
                "WHERE host = ? AND kind = 'stranger' ORDER BY at LIMIT ?)",
                (self.host, gone),
            )

    def _look(self, file: "Connection") -> Snapshot:
        host, now = self._expire(file)
        taken = list(file.execute("SELECT at + lasts, kind FROM requests WHERE host = ?", (self.host,)))
        ends, sending = [end for end, _ in taken], sum(kind == "sending" for _, kind in taken)
        spenders = file.execute(
            "SELECT profile, spender, COUNT(*) FROM requests WHERE host = ? AND kind <> 'stranger' "
            "GROUP BY profile, spender ORDER BY COUNT(*) DESC, profile, spender",
            (self.host,),
        ).fetchall()
        said = self._said[0] if self._said and now - self._said[1] < _SAID_HOLDS else None
        free = max(0, host.size - len(ends))
        return Snapshot(
            host=self.host,
            limit=host.size,
            # Others may have sent requests since.
            remaining=free if said is None else min(said, free),
            # Requests under way have taken their places here, but the API may not have counted them yet.
            exact=said is not None and said <= free + sending,
            frees_in=min(ends, default=now) - now,
            full_in=max(ends, default=now) - now,
            blocked_for=host.blocked_for,
            spenders=spenders,
            strangers=len(ends) - sum(count for _, _, count in spenders),
        )

    def _too_long(self, wait: float, waited: float, reason: str) -> RateLimitedError:
        so_far = f" after {waited:.0f} s of waiting" if waited >= 1 else ""
        return RateLimitedError(
            f"Not sent to {self.host}{so_far}: {reason}. The next slot frees up in {max(1, round(wait))} s, "
            "which exceeds --max-wait.",
            hint=f"Try again then, or wait longer: --max-wait {round(waited + wait + 0.5) + 1}. "
            "`synq limits` shows which commands used it.",
        )
