"""The runs of a team, in its database."""

import random
import secrets
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

from synq_cli import exact_json
from synq_cli.bulk.journal import STATES, Content, Facts, Row, hash_of
from synq_cli.bulk.runs import LETTERS, Runs, SentRows, ambiguous, overview_of
from synq_cli.bulk.team.journal import (
    COLUMNS,
    HASHED,
    INSERTED,
    IS_HALF_DONE,
    WITHIN,
    Access,
    TeamJournal,
    hashed,
    insert,
    numbers,
    row_of,
)
from synq_cli.bulk.team.workers import HEARTBEAT, Machine, Worker
from synq_cli.errors import NetworkError, RefusedError, UsageError

if TYPE_CHECKING:
    from synq_cli.state.team.transaction import Transaction

# Seconds: how long a start may take before other machines may start, such as after a crash; how long they wait for it;
# and the pause between checks.
_START, _WAIT, _LOOK = 30.0, 40.0, 0.25
# This many hashes almost certainly find every run that has more than half of the rows of a file.
_SAMPLE = 500
_RUNNING = (
    "EXISTS (SELECT 1 FROM synq.workers w WHERE w.run = r.id AND w.ended_at IS NULL AND w.lease_until >= synq.clock())"
)
# A worker whose lease has expired may still send its rows until it is ended, which the start of another run does.
_NOT_ENDED = "EXISTS (SELECT 1 FROM synq.workers w WHERE w.run = r.id AND w.ended_at IS NULL)"


class TeamRuns(Runs):
    """The runs in the team's database; NetworkError if it can't be reached.

    `heartbeat` is the pause between renewals of a lease, in seconds.
    """

    def __init__(self, access: Access, machine: Callable[[], Machine], *, heartbeat: float = HEARTBEAT) -> None:
        self._access = access
        self._machine = machine
        self._heartbeat = heartbeat
        self._starting: str | None = None  # the token of a start

    def create(
        self, rows: Sequence[Row], now: float, *, subject: Callable[[Content], str] | None = None, **facts: Any
    ) -> TeamJournal:
        del now  # the database's clock counts
        self._access.deliver()
        letters = "".join(secrets.choice(LETTERS) for _ in range(4))
        made: list[tuple[Facts, Worker, int]] = []

        def hash_subject(content: Content) -> int:
            text = subject(content) if subject else exact_json.dumps(content)
            return numbers(hash_of(text.lower()))[0]

        def work(transaction: "Transaction") -> None:
            ((at,),) = transaction.query("SELECT synq.clock()").all()
            known = Facts(id=f"{datetime.fromtimestamp(at, UTC):%y%m%d-%H%M%S}-{letters}", started_at=at, **facts)
            if self._starting:
                self._end_start(transaction, known.scope)
            transaction.execute(
                "INSERT INTO synq.runs VALUES (%s, %s, %s, %s)",
                known.id,
                at,
                exact_json.dumps(asdict(known)),
                _marks(known),
            )
            insert(transaction, known.id, rows, hash_subject)
            worker = self._worker(known.id)
            made[:] = [(known, worker, worker.register(transaction, alone=True))]

        try:
            self._access.write(work, within=WITHIN + len(rows) / INSERTED)
        except NetworkError:
            if not made or not self._exists(made[0][0].id):
                raise
        known, worker, number = made[0]
        worker.start(number)
        self._starting = None
        return TeamJournal(self._access, known, worker)

    @contextmanager
    def starting(self, scope: str) -> Iterator[None]:
        token = secrets.token_hex(8)

        def take(transaction: "Transaction") -> bool:
            # A machine whose lease has expired may still have all of these rows to send. Once the check for repeats has
            # found that no process sends them, it must not do so either. Until it is ended here, its run is running.
            transaction.execute(
                "UPDATE synq.workers w SET ended_at = synq.clock(), is_lost = true FROM synq.runs r "
                "WHERE r.id = w.run AND r.marks @> %s::text[] AND w.ended_at IS NULL AND w.lease_until < synq.clock()",
                _marks_of({"scope": scope}),
            )
            return bool(
                transaction.query(
                    "INSERT INTO synq.starts AS s VALUES (%s, %s, synq.clock() + %s) ON CONFLICT (scope) DO UPDATE "
                    "SET token = excluded.token, until = excluded.until "
                    "WHERE s.until < synq.clock() OR s.token = excluded.token RETURNING token",
                    scope,
                    token,
                    _START,
                ).one()
            )

        began = self._access.now()
        while not self._access.write(take):
            if self._access.now() - began >= _WAIT:
                raise UsageError(
                    f"Another machine of the team has been starting a run for {_WAIT:g} seconds; nothing was sent.",
                    hint="Wait for it, and try again.",
                )
            self._access.sleep(_LOOK)
        self._starting = token
        try:
            yield
        finally:
            if self._starting:
                with suppress(NetworkError, RefusedError):
                    self._access.write(lambda transaction: self._end_start(transaction, scope))
                self._starting = None

    def _end_start(self, transaction: "Transaction", scope: str) -> None:
        """Allow other machines to start; RefusedError if they may have started already."""
        ended = transaction.query(
            "DELETE FROM synq.starts WHERE scope = %s AND token = %s RETURNING scope", scope, self._starting
        )
        if not ended.one():
            raise RefusedError(
                f"Starting the run took more than {_START:g} seconds; nothing was sent.", hint="Run the command again."
            )

    def open(self, prefix: str) -> TeamJournal:
        self._deliver()
        found = self._access.store.read(
            lambda transaction: transaction.query(
                "SELECT facts FROM synq.runs WHERE starts_with(id, %s) ORDER BY id", prefix.strip().lower()
            ).all()
        )
        if len(found) == 1:
            facts = _facts(found[0][0])
            return TeamJournal(self._access, facts, self._worker(facts.id))
        if found:
            raise ambiguous(prefix, [_facts(text).id for (text,) in found])
        raise UsageError(f'Unknown run "{prefix}".', hint="See `synq runs list --team`.")

    def facts(self, **having: object) -> Iterator[Facts]:
        found = self._access.store.read(
            lambda transaction: transaction.query(
                "SELECT facts FROM synq.runs WHERE marks @> %s::text[] ORDER BY id DESC", _marks_of(having)
            ).all()
        )
        return (_facts(text) for (text,) in found)

    def overviews(self, **having: object) -> list[dict[str, Any]]:
        self._deliver()
        counts = ", ".join(
            f"count(*) FILTER (WHERE e.state = '{state}'), "
            f"count(*) FILTER (WHERE e.state = '{state}' AND {IS_HALF_DONE})"
            for state in STATES
        )
        found = self._access.store.read(
            lambda transaction: transaction.query(
                f"SELECT r.facts, {_RUNNING}, {counts} FROM synq.runs r LEFT JOIN synq.entries e ON e.run = r.id "  # noqa: S608 constants
                "WHERE r.marks @> %s::text[] GROUP BY r.id ORDER BY r.id DESC",
                _marks_of(having),
            ).all()
        )
        return [_overview(*row) for row in found]

    def sent_since(self, since: float, scope: str, verb: str, hashes: Collection[int]) -> Iterator[SentRows]:
        wanted = random.sample(sorted(hashes), _SAMPLE) if len(hashes) > _SAMPLE else list(hashes)
        # A shard of a file may have too few of its rows to be found by a sample.
        found = self._access.store.read(
            lambda transaction: transaction.query(
                f"""SELECT r.facts, {_RUNNING if self._starting is None else _NOT_ENDED},
                e.line, e.state, {HASHED}, e.hashes
                FROM synq.runs r JOIN synq.entries e ON e.run = r.id
                WHERE r.started_at >= %s AND r.marks @> %s::text[] AND ('undoes' = ANY(r.marks) OR (
                    %s = ANY(r.marks) AND ('shard' = ANY(r.marks) OR EXISTS (
                        SELECT 1 FROM synq.entries h WHERE h.run = r.id AND h.hashes && %s::bigint[]))))
                ORDER BY r.id DESC""",  # noqa: S608 constants
                since, _marks_of({"scope": scope}), *_marks_of({"verb": verb}), [_signed(each) for each in wanted],
            ).all()
        )  # fmt: skip
        for text, group in groupby(found, lambda row: str(row[0])):
            rows = list(group)
            entries = hashed([row[2:] for row in rows])
            yield _facts(text), entries, rows[0][1] and any(state in {"pending", "sent"} for _, state, *_ in entries)

    def written_since(self, since: float, scope: str, verbs: Collection[str]) -> Iterator[tuple[Facts, list[Row]]]:
        columns, tenant = ", ".join(f"e.{name}" for name in COLUMNS), _marks_of({"scope": scope})
        kinds = [mark for verb in verbs for mark in _marks_of({"verb": verb})]
        found = self._access.store.read(
            lambda transaction: transaction.query(
                f"""SELECT r.facts, {columns} FROM synq.runs r JOIN synq.entries e ON e.run = r.id
                WHERE r.marks @> %s::text[] AND r.marks && %s::text[] AND (r.started_at >= %s OR EXISTS (
                    SELECT 1 FROM synq.entries w WHERE w.run = r.id AND w.written_at >= %s))
                ORDER BY r.id, e.line""",  # noqa: S608 constants
                tenant, kinds, since, since,
            ).all()
        )  # fmt: skip
        for text, group in groupby(found, lambda row: str(row[0])):
            yield _facts(text), [row_of(row[1:]) for row in group]

    def _deliver(self) -> None:
        with suppress(UsageError):  # runs can be read without the outbox; to work on one is refused
            self._access.deliver()

    def _worker(self, run: str) -> Worker:
        return Worker(self._access.store, run, self._machine, secrets.token_hex(8), self._heartbeat)

    def _exists(self, run: str) -> bool:
        with suppress(NetworkError):
            return any(True for _ in self.facts(id=run))
        return False


def _facts(text: str) -> Facts:
    facts = exact_json.loads(text)
    return Facts(**facts | {"started_at": float(facts["started_at"])})


def _marks(facts: Facts) -> list[str]:
    """The facts by which a run is found: each with its value, and each by its name alone."""
    given = {name: value for name, value in asdict(facts).items() if value is not None and name != "dialect"}
    return [*_marks_of(given), *given]


def _marks_of(values: dict[str, Any]) -> list[str]:
    return [f"{name}={exact_json.dumps(value)}" for name, value in values.items()]


def _signed(number: int) -> int:
    return number - 2**64 if number >= 2**63 else number


def _overview(text: str, is_running: bool, *counts: int) -> dict[str, Any]:
    every = dict(zip(STATES, counts[::2], strict=True))
    half_done = {state: count for state, count in zip(STATES, counts[1::2], strict=True) if count}
    for state in set(STATES) - {"pending", "failed"}:
        half_done.pop(state, None)
    return overview_of(_facts(text), every, half_done, lambda: is_running)
