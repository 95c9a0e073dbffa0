"""The journal of a shared run: its rows are in the team's database, and several processes may work on them.

Nothing is lost and nothing is sent twice, for these reasons:

- A row is sent only after the transaction that marks it as sent is committed. In this transaction the database checks
  that this process has claimed the row and that its lease is valid. If the outcome of the commit is unknown, the same
  transaction, which is idempotent, runs again; the request is sent only once it has succeeded. If the store remains
  unreachable, the row is not sent, and the outcome "not sent" is kept like any other (see below).
- A process that is suspended after that commit may send its request late. It checks its lease once more, but no clock
  can rule this out. It does no harm: the process that takes over never repeats a row whose outcome is unknown, unless
  the operation is idempotent or a person asks for it. The row remains unknown, or is found in the ledger.
- An outcome (a response, a refusal, or "not sent") is a fact, whichever process works on the run by then. It is written
  only if the row still belongs to the same attempt: the worker is the one that sent the row, and the row is not done.
  So it can't be written to a row that another worker has claimed since, and can't replace a receipt.
- If the store can't be reached for this, the write is retried for a third of the lease from the first failure of any
  thread, or until the user interrupts the run. After that the outcome is kept in a durable file on this machine and
  delivered by the next command here that uses the store. Until then the outcome is unknown to other processes, which
  look for the row in the ledger. This process stops before its next row.
- A process that crashes leaves rows marked as sent. When its lease expires, they become unknown and are reconciled.

A row is claimed only if no earlier row of the same subject (such as the same SKU at the same location) is pending or in
flight, so these are sent in order. A row whose outcome is unknown does not block later ones: it was sent before them,
and it may take a person to find out whether it was applied.

All times are by the database's clock. `SKIP LOCKED` lets processes claim rows at the same time without waiting for each
other.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from struct import pack, unpack
from typing import TYPE_CHECKING, Any, TypeVar

from synq_cli import exact_json
from synq_cli.bulk.journal import FIRST_RECEIPT, STATES, UNKNOWN, Content, Facts, Journal, Row, State
from synq_cli.bulk.plan import numbered
from synq_cli.bulk.team.outbox import Outbox, Outcome
from synq_cli.bulk.team.workers import LEASE, TakenOverError, Worker, as_row, end, end_lost, live
from synq_cli.errors import NetworkError, UsageError

if TYPE_CHECKING:
    from synq_cli.state.team.store import TeamStore
    from synq_cli.state.team.transaction import Transaction

_T = TypeVar("_T")
# Rows claimed at a time: a few seconds of work, so the rows of a crashed process are soon sent by others.
_BATCH = 6
# Seconds: how long a write is retried while the store can't be reached, and the pause between two attempts.
_PATIENCE, _PAUSE = LEASE / 3, 1.0
# Seconds: the limit of an attempt, of the first one after the run has stopped, and a second for so many new rows.
WITHIN, _LAST, INSERTED = 5.0, 2.0, 500
IS_HALF_DONE = f"position('\"{FIRST_RECEIPT}\":' IN e.content) > 0"
COLUMNS = (
    "line", "content", "source", "state", "sent_at", "answered_at", "receipt", "posted_at", "code", "error",
)  # fmt: skip
_COLUMNS = ", ".join(f"e.{name}" for name in COLUMNS)
HASHED = f"(e.state IN ('sent', 'done') OR coalesce(e.code, '') = '{UNKNOWN}' OR {IS_HALF_DONE})"


@dataclass
class Outage:
    """Whether the store fails at the moment: the last error, and when the first attempt that failed began.

    `hurried` says that nobody waits for the store to respond again.
    """

    error: NetworkError | None = None
    since: float = 0.0
    noted_at: float = 0.0
    hurried: bool = False

    def lasts(self, error: NetworkError, since: float, now: float) -> None:
        """Note an attempt that failed; long after the last one it begins another outage."""
        if self.error is None or now - self.noted_at > LEASE:
            self.since = since
        self.error, self.noted_at = error, now


@dataclass(frozen=True)
class Access:
    """The store of a journal, and the clock and the outbox of this machine. Threads share its outages."""

    store: "TeamStore"
    outbox: Outbox
    now: Callable[[], float]
    sleep: Callable[[float], None]
    outage: Outage = field(default_factory=Outage)

    def write(self, work: "Callable[[Transaction], _T]", patience: float = 0.0, within: float = WITHIN) -> _T:
        """Run a transaction, retried until the store has failed for `patience` seconds; it must be idempotent.

        Each attempt takes at most `within` seconds. The commit is durable, even if the server is configured otherwise.
        """
        return self._retried(
            lambda limit: self.store.transact(lambda transaction: _durable(transaction, work), within=limit),
            patience,
            within,
        )

    def read(self, work: "Callable[[Transaction], _T]", patience: float = 0.0, within: float = WITHIN) -> _T:
        """The same for a transaction that only reads."""
        return self._retried(lambda limit: self.store.read(work, within=limit), patience, within)

    def _retried(self, attempt: Callable[[float], _T], patience: float, within: float) -> _T:
        outage = self.outage
        while True:
            if outage.hurried and (known := outage.error):
                raise known
            began = self.now()
            left = outage.since + patience - began if outage.error else math.inf
            try:
                result = attempt(min(within, max(left, _LAST)) if left > -_LAST else within)
            except NetworkError as error:
                if not error.retryable:
                    raise
                now = self.now()
                outage.lasts(error, max(began, now - within), now)  # this machine may have been suspended
                if outage.hurried or not 0 <= self.now() - outage.since < patience:
                    raise
                self.sleep(_PAUSE)
            else:
                outage.error = None
                return result

    def deliver(self, within: float = WITHIN) -> None:
        """Write outcomes kept from when the store could not be reached, where they still apply."""
        if not (kept := self.outbox.kept()):
            return

        def work(transaction: "Transaction") -> list[int]:
            delivered = []
            for number, outcome in kept:
                if transaction.query("SELECT 1 FROM synq.runs WHERE id = %s", outcome.run).one():
                    if outcome.is_end:
                        end(transaction, outcome.run, outcome.worker)
                    else:
                        note(transaction, outcome, None)
                    delivered.append(number)
            return delivered  # the others belong to another team store

        if delivered := self.write(work, within=within + len(kept) / INSERTED):
            self.outbox.remove(delivered)


class TeamJournal(Journal):
    """The rows of one run; NetworkError if the store can't be reached."""

    def __init__(self, access: Access, facts: Facts, worker: Worker) -> None:
        self.facts = facts
        self._access = access
        self._worker = worker
        # The workers that sent the abandoned rows: outcomes are written for their attempts only.
        self._senders: dict[int, int | None] = {}
        # Rows that were handed out and have no outcome yet.
        self._held: set[int] = set()
        self._failure: NetworkError | None = None

    def lock(self) -> None:
        self._register(alone=True)

    def join(self) -> None:
        self._register(alone=False)

    def _register(self, *, alone: bool) -> None:
        if not self._worker.number:
            self._access.outbox.kept()  # UsageError if outcomes could not be kept
            self._worker.start(self._write(lambda each: self._worker.register(each, alone=alone)))

    @property
    def is_running(self) -> bool:
        return bool(self._read(lambda each: live(each, self.facts.id, self._worker.number)))

    def hurry(self) -> None:
        self._access.outage.hurried = True

    @property
    def is_stalled(self) -> bool:
        return self._access.outage.error is not None

    def close(self) -> None:
        number = self._worker.number
        gives_up = self.is_stalled and (self._failure is not None or self._access.outage.hurried)
        if number and not self._worker.end(tries=not gives_up):
            with suppress(UsageError):  # the lease expires
                self._access.outbox.keep(Outcome(self.facts.id, 0, number, {}))

    def entries(self, *states: State) -> list[Row]:
        found = self._read(
            lambda each: each.query(
                f"SELECT {_COLUMNS} FROM synq.entries e WHERE run = %s AND state = ANY(%s) ORDER BY line",  # noqa: S608 constants
                self.facts.id,
                list(states or STATES),
            ).all(),
            math.inf,
        )
        return [row_of(values) for values in found]

    def abandoned(self, *states: State) -> list[Row]:
        found = self._read(
            lambda each: each.query(
                f"SELECT worker, {_COLUMNS} FROM synq.entries e WHERE run = %s AND state = ANY(%s) "  # noqa: S608 constants
                "AND NOT EXISTS (SELECT 1 FROM synq.workers w WHERE w.run = e.run AND w.number = e.worker "
                "AND w.number <> %s AND w.ended_at IS NULL) ORDER BY line",
                self.facts.id,
                list(states or STATES),
                self._worker.number,
            ).all(),
            math.inf,
        )
        self._senders |= {values[1]: values[0] for values in found}
        return [row_of(values[1:]) for values in found]

    def hashes(self) -> list[tuple[int, State, bool, bytes]]:
        return self._read(lambda each: hashed(each.query(
            f"SELECT line, state, {HASHED}, hashes FROM synq.entries e WHERE run = %s", self.facts.id  # noqa: S608 constants
        ).all()), math.inf)  # fmt: skip

    def counts(self) -> dict[State, int]:
        found = self._counted("SELECT state, count(*) FROM synq.entries WHERE run = %s GROUP BY state")
        return {state: found.get(state, 0) for state in STATES}

    def in_transit(self) -> dict[State, int]:
        return self._counted(
            f"SELECT state, count(*) FROM synq.entries e WHERE run = %s AND state IN ('pending', 'failed') "  # noqa: S608 constants
            f"AND {IS_HALF_DONE} GROUP BY state"
        )

    def workers(self) -> list[dict[str, Any]]:
        names = (
            "machine", "process", "profile", "person", "started_at", "lease_until", "ended_at", "is_lost", "rows",
        )  # fmt: skip

        def work(transaction: "Transaction") -> list[dict[str, Any]]:
            found = transaction.query(
                f"SELECT number, {', '.join(names[:-1])}, (SELECT count(*) FROM synq.entries e WHERE e.run = w.run "  # noqa: S608 constants
                "AND e.worker = w.number AND e.state <> 'pending') FROM synq.workers w WHERE run = %s ORDER BY number",
                self.facts.id,
            ).all()
            ((now,),) = transaction.query("SELECT synq.clock()").all()
            every = [as_row(row[0], dict(zip(names, row[1:], strict=True)), now) for row in found]
            # Without workers that sent nothing, such as for the plan of a resume.
            return [row for row in every if row["rows"] or row["state"] != "ended"]

        return self._read(work)

    def part(self) -> int:
        return sum(row["rows"] for row in self.workers() if row["number"] == self._worker.number)

    def left(self) -> int:
        """Includes rows in flight in other processes: their second halves may follow, or these processes may crash."""
        (row,) = self._read(
            lambda each: each.query(
                "SELECT count(*) FROM synq.entries "
                "WHERE run = %s AND (state = 'pending' OR (state = 'sent' AND worker <> %s))",
                self.facts.id,
                self._worker.number,
            ).all()
        )
        return int(row[0])

    def batches(self, resends: Callable[[Content], bool]) -> Iterator[list[Row]]:
        self._held.clear()
        self._write(self._return_claimed)
        while True:
            rows, others = self._write(lambda each: self._claim(each, resends))
            if not rows and not others:
                return
            self._senders |= {row.line: self._worker.number for row in rows}
            self._held |= {row.line for row in rows}
            yield rows

    def _return_claimed(self, transaction: "Transaction") -> None:
        transaction.execute(
            "UPDATE synq.entries SET worker = NULL WHERE run = %s AND worker = %s AND state = 'pending'",
            self.facts.id,
            self._worker.number,
        )

    def _claim(self, transaction: "Transaction", resends: Callable[[Content], bool]) -> tuple[list[Row], bool]:
        """The rows that this process sends next, and whether other processes may leave rows to it later."""
        run, number = self.facts.id, self._worker.number
        if not self._worker.renew(transaction).one():
            raise self._worker.lost(transaction)
        end_lost(transaction, run)
        lost = transaction.query(
            "SELECT e.line, e.content FROM synq.entries e JOIN synq.workers w ON w.run = e.run AND w.number = e.worker "
            "WHERE e.run = %s AND e.state = 'unknown' AND w.is_lost",
            run,
        ).all()
        for line in [line for line, content in lost if resends(exact_json.loads(content))]:
            transaction.execute(
                "UPDATE synq.entries SET state = 'pending', worker = NULL, sent_at = NULL, written_at = synq.clock() "
                "WHERE run = %s AND line = %s",
                run,
                line,
            )
        found = transaction.query(
            f"""WITH free AS (
                SELECT e.line FROM synq.entries e
                WHERE e.run = %s AND e.state = 'pending' AND NOT e.line = ANY(%s)
                AND (e.worker IS NULL OR e.worker = %s)  -- an earlier attempt to claim it may have succeeded
                AND NOT EXISTS (
                    SELECT 1 FROM synq.entries b WHERE b.run = e.run AND b.subject = e.subject AND b.line < e.line
                    AND b.state IN ('pending', 'sent'))
                ORDER BY e.line LIMIT %s FOR UPDATE SKIP LOCKED)
            UPDATE synq.entries e SET worker = %s, written_at = synq.clock() FROM free
            WHERE e.run = %s AND e.line = free.line
            RETURNING {_COLUMNS}""",  # noqa: S608 constants
            run, list(self._held), number, _BATCH, number, run,
        )  # fmt: skip
        others = transaction.query(
            "SELECT EXISTS (SELECT 1 FROM synq.entries WHERE run = %s AND state IN ('pending', 'sent') "
            "AND (worker <> %s OR (worker IS NULL AND state = 'pending')))",
            run,
            number,
        )
        rows = sorted((row_of(values) for values in found.all()), key=lambda row: row.line)
        return rows, others.all()[0][0]

    def _set(self, line: int, **values: Any) -> None:
        (self._held.add if values["state"] in {"pending", "sent"} else self._held.discard)(line)
        if values["state"] == "sent":
            self._mark_sent(line)
        else:
            self._note(Outcome(self.facts.id, line, self._senders.get(line, self._worker.number), values))

    def _mark_sent(self, line: int) -> None:
        if self._failure:
            raise self._failure

        def work(transaction: "Transaction") -> bool:
            renewed = self._worker.renew(transaction)
            # It is sent already if the outcome of an earlier attempt to write this was unknown.
            marked = transaction.query(
                "UPDATE synq.entries "
                "SET state = 'sent', sent_at = synq.clock(), answered_at = NULL, written_at = synq.clock() "
                "WHERE run = %s AND line = %s AND worker = %s AND state IN ('pending', 'sent') AND EXISTS ("
                "SELECT 1 FROM synq.workers WHERE run = %s AND number = %s AND ended_at IS NULL) RETURNING line",
                self.facts.id, line, self._worker.number, self.facts.id, self._worker.number,
            )  # fmt: skip
            if not marked.one() or not renewed.one():
                raise self._worker.lost(transaction)
            return True

        began = self._access.now()
        not_sent = Outcome(
            self.facts.id, line, self._worker.number, {"state": "pending", "sent_at": None, "answered_at": None}
        )
        try:
            self._write(work)
        except NetworkError:
            self._access.outbox.keep(not_sent)
            raise
        if self._access.now() - began > LEASE:  # this machine was suspended
            self._note(not_sent)
            raise TakenOverError(f"This machine has lost its lease on run {self.facts.id} because it was suspended.")

    def _note(self, outcome: Outcome) -> None:
        """Write the outcome of a row. If the store can't be reached, keep the outcome, and stop before the next row."""
        own = outcome.worker == self._worker.number

        def work(transaction: "Transaction") -> tuple[bool, TakenOverError | None]:
            is_noted = note(transaction, outcome, self._worker.number)
            # On a machine that was suspended, requests time out: that the lease is lost is why the run stops.
            asks = own and outcome.changes["state"] == "unknown"
            return is_noted, self._worker.lost(transaction) if asks and self._worker.has_ended(transaction) else None

        try:
            is_noted, lost = self._write(work)
        except NetworkError:
            self._access.outbox.keep(outcome)
            return
        if not is_noted and own:
            receipt = outcome.changes.get("receipt")
            made = (
                f" The response to this machine, {receipt}, was not saved: the row may have been sent twice."
                if receipt
                else ""
            )
            raise TakenOverError(f"Another machine has sent line {outcome.line} of run {self.facts.id} again.{made}")
        if lost:
            raise lost

    def _write(self, work: "Callable[[Transaction], _T]") -> _T:
        """Write with retries. Once they have failed, later writes fail at once, so the process sends no further row."""
        if self._failure:
            raise self._failure
        try:
            return self._access.write(work, _PATIENCE)
        except NetworkError as error:
            self._failure = self._failure or error
            raise

    def _counted(self, sql: str) -> dict[State, int]:
        # The main thread counts while others send, and must notice interrupts.
        return self._read(lambda each: dict(each.query(sql, self.facts.id).all()), patience=0.0)

    def _read(self, work: "Callable[[Transaction], _T]", within: float = WITHIN, patience: float = _PATIENCE) -> _T:
        """Read, with retries while this process works on the run; what was kept is delivered before."""
        try:
            if self._failure:
                self._access.deliver(_LAST)
                return self._access.read(work, within=WITHIN)
            return self._access.read(work, patience if self._worker.number else 0.0, within)
        except NetworkError as error:
            if not self._worker.number:
                raise
            kept = sum(each.run == self.facts.id and not each.is_end for _, each in self._access.outbox.kept())
            told = (
                f" The outcome{'s' * (kept != 1)} of {numbered(kept, 'row')} "
                f"{'is' if kept == 1 else 'are'} kept on this machine until the store can be reached."
                if kept
                else ""
            )
            stopped = NetworkError(
                f"{(self._failure or error).message} Run {self.facts.id} has stopped.{told}",
                hint=f"When the store can be reached again, run: {self.facts.resume_command}",
            )
            stopped.retryable = error.retryable
            raise stopped from None


def note(transaction: "Transaction", outcome: Outcome, number: int | None) -> bool:
    """Write the outcome of a row unless it now belongs to another attempt; returns whether the store has the outcome.

    A pending row remains with the worker `number` if that worker has claimed it and its lease is valid.
    """
    changes = {name: plain(value) for name, value in outcome.changes.items()}
    is_now = changes.pop("answered_at", None) is not None and number is not None
    names = [f"answered_at = {'synq.clock()' if is_now else 'NULL'}", *(f"{name} = %s" for name in changes)]
    values = [*changes.values()]
    if changes["state"] == "pending":
        names.append(
            "worker = (SELECT w.number FROM synq.workers w WHERE w.run = e.run AND w.number = e.worker "
            "AND w.number = %s AND w.ended_at IS NULL)"
        )
        values.append(number)
    written = transaction.query(
        f"UPDATE synq.entries e SET {', '.join(names)}, written_at = synq.clock() "  # noqa: S608 names of this package
        "WHERE run = %s AND line = %s AND state <> 'done' AND worker IS NOT DISTINCT FROM %s RETURNING line",
        *values, outcome.run, outcome.line, outcome.worker,
    )  # fmt: skip
    stands = transaction.query(
        "SELECT state = %s AND receipt IS NOT DISTINCT FROM %s FROM synq.entries WHERE run = %s AND line = %s",
        changes["state"], changes.get("receipt"), outcome.run, outcome.line,
    )  # fmt: skip
    if written.one():
        return True
    found = stands.one()
    return bool(found and found[0])


def insert(transaction: "Transaction", run: str, rows: Sequence[Row], subject: Callable[[Content], int]) -> None:
    """Add the rows of a new run, all pending."""
    transaction.execute_many(
        "INSERT INTO synq.entries (run, line, subject, state, content, source, hashes, written_at) "
        "VALUES (%s, %s, %s, 'pending', %s, %s, %s::bigint[], synq.clock())",
        (
            (run, row.line, subject(row.content), exact_json.dumps(row.content), plain(row.source), numbers(row.hashes))
            for row in rows
        ),
    )


def row_of(values: Sequence[Any]) -> Row:
    """The row of the columns of its entry."""
    line, content, *rest = values
    return Row(line, exact_json.loads(content), *rest)


def hashed(found: Sequence[Sequence[Any]]) -> list[tuple[int, State, bool, bytes]]:
    """Line, state, whether it may have been sent, and the hashes as bytes."""
    return [(line, state, sent, pack(f"<{len(each)}q", *each)) for line, state, sent, each in found]


def numbers(hashes: bytes) -> list[int]:
    """The hashes as numbers that the database can index."""
    return list(unpack(f"<{len(hashes) // 8}q", hashes))


def plain(value: Any) -> Any:
    """A value without the characters that PostgreSQL can't hold in a text."""
    if not isinstance(value, str):
        return value
    return value.encode(errors="backslashreplace").decode().replace("\0", "\\0")


def _durable(transaction: "Transaction", work: "Callable[[Transaction], _T]") -> _T:
    # A server that responds before it has saved might forget that a row was sent.
    transaction.execute(
        "SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'"
    )
    return work(transaction)
