"""The processes that work on a shared run: each has a number, a lease and a heartbeat.

A process registers before it works on a run, alone or together with others. Its number, one more than the last one of
the run, is its fencing token: each row that it claims carries the number, and the database refuses to mark a row as
sent for a process that has lost its lease. Leases use the database's clock, so the clocks of the machines may differ. A
thread renews the lease every 15 seconds, and so does each row that is sent. Registering or claiming rows first ends the
workers whose leases have expired: rows that they had claimed are pending again, rows that they had sent are unknown.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from synq_cli.bulk.journal import UNKNOWN, HeldError
from synq_cli.errors import NetworkError, RefusedError
from synq_cli.times import timestamp

if TYPE_CHECKING:
    from synq_cli.state.team.store import TeamStore
    from synq_cli.state.team.transaction import Rows, Transaction

# Seconds.
LEASE = 60.0
HEARTBEAT = 15.0
_LIMIT = 5.0
LOST = "synq exited before a response arrived."


class TakenOverError(RefusedError):
    """This process has lost its lease: another machine may work on its rows."""


@dataclass(frozen=True)
class Machine:
    """The identity of this process in the team store; none of it is secret."""

    name: str
    process: int
    profile: str
    person: str | None = None


def end_lost(transaction: "Transaction", run: str) -> None:
    """End the workers of a run whose leases have expired, and free their rows."""
    transaction.execute(
        "UPDATE synq.workers SET ended_at = synq.clock(), is_lost = true "
        "WHERE run = %s AND ended_at IS NULL AND lease_until < synq.clock()",
        run,
    )
    # Of all that have ended: a worker whose outcome comes late may have left a row to itself.
    ended = "FROM synq.workers w WHERE w.run = e.run AND w.number = e.worker AND w.ended_at IS NOT NULL AND e.run = %s"
    transaction.execute(
        f"UPDATE synq.entries e SET state = 'unknown', code = %s, error = %s, written_at = synq.clock() "  # noqa: S608 constants
        f"{ended} AND e.state = 'sent'",
        UNKNOWN,
        LOST,
        run,
    )
    transaction.execute(f"UPDATE synq.entries e SET worker = NULL {ended} AND e.state = 'pending'", run)  # noqa: S608 constants


def end(transaction: "Transaction", run: str, number: int | None) -> None:
    """End a worker that sends no more rows, and free those that it had claimed."""
    transaction.execute(
        "UPDATE synq.workers SET ended_at = synq.clock() WHERE run = %s AND number = %s AND ended_at IS NULL",
        run,
        number,
    )
    transaction.execute(
        "UPDATE synq.entries SET worker = NULL WHERE run = %s AND worker = %s AND state = 'pending'", run, number
    )


def live(transaction: "Transaction", run: str, besides: int | None = None) -> list[tuple[Any, ...]]:
    """Number, machine, process, profile and end of the lease of each process that works on a run."""
    return transaction.query(
        "SELECT number, machine, process, profile, lease_until FROM synq.workers "
        "WHERE run = %s AND ended_at IS NULL AND lease_until >= synq.clock() AND number <> %s ORDER BY number",
        run,
        besides or 0,
    ).all()


class Worker:
    """This process as a worker of a run, identified by `token`; it renews its lease every `heartbeat` seconds."""

    def __init__(
        self, store: "TeamStore", run: str, machine: Callable[[], Machine], token: str, heartbeat: float
    ) -> None:
        self.number = 0
        self._store = store
        self._run = run
        self._machine = machine
        self._token = token
        self._heartbeat = heartbeat
        self._stopped = Event()

    def register(self, transaction: "Transaction", *, alone: bool) -> int:
        """Give this process a number; RefusedError if it must be alone and is not."""
        transaction.execute("SELECT 1 FROM synq.runs WHERE id = %s FOR UPDATE", self._run)
        end_lost(transaction, self._run)
        # An earlier attempt whose outcome was unknown may have registered it.
        known = transaction.query(
            "SELECT number FROM synq.workers WHERE run = %s AND token = %s", self._run, self._token
        )
        others = live(transaction, self._run)
        if found := known.one():
            return int(found[0])
        if alone and others:
            raise _held(self._run, others)
        machine = self._machine()
        row = transaction.query(
            "INSERT INTO synq.workers (run, number, token, machine, process, profile, person, started_at, lease_until) "
            "SELECT %s, coalesce(max(number), 0) + 1, %s, %s, %s, %s, %s, synq.clock(), synq.clock() + %s "
            "FROM synq.workers WHERE run = %s RETURNING number",
            self._run, self._token, machine.name, machine.process, machine.profile, machine.person,
            LEASE, self._run,
        ).one()  # fmt: skip
        assert row is not None
        return int(row[0])

    def start(self, number: int) -> None:
        """Start to renew the lease of this number, which a transaction has assigned."""
        self.number = number
        Thread(target=self._beat, daemon=True, name=f"heartbeat of {self._run}").start()

    def renew(self, transaction: "Transaction") -> "Rows":
        """Renew the lease, which locks the worker's row until the transaction ends; no row if the lease is lost."""
        return transaction.query(
            "UPDATE synq.workers SET lease_until = synq.clock() + %s "
            "WHERE run = %s AND number = %s AND ended_at IS NULL RETURNING number",
            LEASE,
            self._run,
            self.number,
        )

    def has_ended(self, transaction: "Transaction") -> bool:
        """Whether the lease is lost."""
        found = transaction.query(
            "SELECT 1 FROM synq.workers WHERE run = %s AND number = %s AND ended_at IS NOT NULL", self._run, self.number
        )
        return found.one() is not None

    def lost(self, transaction: "Transaction") -> TakenOverError:
        """The error for a lost lease, which names the process that took over."""
        others = live(transaction, self._run, self.number)
        who = (
            f": {_named(*others[0])} is working on it now"
            if others
            else ": for more than a minute it was suspended or could not reach the team store"
        )
        return TakenOverError(f"This machine has lost its lease on run {self._run}{who}.")

    def end(self, *, tries: bool) -> bool:
        """End the lease and free the claimed rows; whether the store has saved that. It is only asked if `tries`.

        If it can't be reached, the lease expires.
        """
        self._stopped.set()
        number, self.number = self.number, 0
        if tries:
            with suppress(NetworkError):
                self._store.transact(lambda each: end(each, self._run, number), within=_LIMIT)
                return True
        return False

    def _beat(self) -> None:
        while not self._stopped.wait(self._heartbeat):
            with suppress(NetworkError):
                if not self._store.transact(lambda each: self.renew(each).one(), within=_LIMIT):
                    return  # the next row that is to be sent is refused


def as_row(number: int, facts: Mapping[str, Any], now: float) -> dict[str, Any]:
    """A worker as `runs show` lists it."""
    ended_at, until = facts["ended_at"], facts["lease_until"]
    state = "lost" if facts["is_lost"] else "ended" if ended_at else "working" if until >= now else "silent"
    return {
        "number": number,
        **{name: facts[name] for name in ("machine", "process", "profile", "person")},
        "state": state,
        "started_at": timestamp(facts["started_at"]),
        "lease_until": None if ended_at else timestamp(until),
        "rows": facts["rows"],
    }


def _held(run: str, others: list[tuple[Any, ...]]) -> HeldError:
    at = datetime.fromtimestamp(max(row[-1] for row in others), UTC).astimezone()
    first, more = _named(*others[0]), len(others) - 1
    who, they = f"{first} is", "it stops"
    if more:
        who, they = f"{first} and {more} other process{'es' * (more > 1)} are", "they stop"
    return HeldError(
        f"{who} working on run {run}. If {they}, the run can be resumed after {at:%A} {at.day} {at:%B} at {at:%H:%M}.",
        hint=f"Wait until it is finished, or send some of its rows: synq runs join {run}. "
        f"`synq runs show {run}` shows its progress.",
    )


def _named(_number: int, machine: str, process: int, profile: str, _until: float) -> str:
    return f"{machine} (process {process}, profile {profile})"
