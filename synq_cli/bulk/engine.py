"""Bulk runs: planned, started, resumed, reconciled and undone."""

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from synq_cli.bulk import report
from synq_cli.bulk.journal import Facts, Journal, Row
from synq_cli.bulk.outcome import Outcome, outcome
from synq_cli.bulk.plan import Plan, seconds_for
from synq_cli.bulk.prepare import PreparedRows
from synq_cli.bulk.progress import Progress
from synq_cli.bulk.runner import Runner
from synq_cli.bulk.verbs.adjust_stock import AdjustStock
from synq_cli.bulk.verbs.create_orders import CreateOrders
from synq_cli.bulk.verbs.import_products import ImportProducts
from synq_cli.bulk.verbs.verb import WORKERS, Verb
from synq_cli.errors import InterruptError, RefusedError, SynqError, UnknownOutcomeError, UsageError
from synq_cli.http.rate_limit import RESERVE, WINDOW, usable
from synq_cli.rows import Dialect
from synq_cli.state.folders import replace_file

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from synq_cli.bulk.progress import Bar
    from synq_cli.bulk.runs import Runs
    from synq_cli.http.rate_limit import Budget
    from synq_cli.http.single_attempt import SingleAttemptTransport
    from synq_cli.resources.client import SynqClient
    from synq_cli.session.session import Session


class Observer(Protocol):
    """Receives the messages and the progress of a run."""

    def note(self, text: str | None) -> None: ...
    def warn(self, text: str) -> None: ...
    def progress(self, label: str) -> "AbstractContextManager[Bar]": ...


class Engine:
    """Works on the runs of one session. `open_transport` makes a sender for one thread, which waits with its sleep."""

    def __init__(
        self,
        runs: "Runs",
        api: "SynqClient",
        session: "Session",
        budget: "Budget",
        open_transport: "Callable[[Callable[[float], None]], SingleAttemptTransport]",
        observer: Observer,
        *,
        now: Callable[[], float],
        sleep: Callable[[float], None],
        workers: int = WORKERS,
        verbs: Iterable[Verb] = (),
    ) -> None:
        self._runs = runs
        self._api = api
        self._session = session
        self._budget = budget
        self._open_transport = open_transport
        self._observer = observer
        self._now = now
        self._sleep = sleep
        self._workers = workers
        self._verbs = {verb.name: verb for verb in (AdjustStock(api), CreateOrders(api), ImportProducts(api), *verbs)}

    def plan(
        self, verb: Verb, read: Callable[[], PreparedRows], file: str, path: Path | None, *, with_levels: bool = False
    ) -> Plan:
        """The plan for the rows that `read` prepares, once it is clear that they may be sent.

        `file` is the name that was typed, `path` where the file is, or None for standard input.
        """
        self._api.transport.check(verb.operation)
        prepared = read()
        for warning in prepared.warnings:
            self._observer.warn(warning)
        where = str(path.absolute()) if path else None
        self._warn_of_unfinished(verb, where)
        levels = verb.levels(prepared.rows) if with_levels else {}
        more = {"dialect": prepared.dialect, "ignored": prepared.ignored, "levels": levels}
        return self._planned(verb, prepared.rows, file, path=where, **more)

    def plan_undo(self, run: str, *, with_levels: bool) -> Plan:
        """The plan that undoes a run: the reverse of each row that is done. RefusedError if it is undone already."""
        with self._runs.open(run) as journal:
            verb, facts = self._verb_of(journal), journal.facts
            self._lock(journal)
            done, unclear = journal.entries("done"), journal.entries("unknown", "sent")
        self._api.transport.check(verb.operation)
        if not done:
            raise UsageError(f"Run {facts.id} has no rows that are done; there is nothing to undo.")
        rows = [Row(row.line, content) for row in done if (content := verb.reverse(row.content)) is not None]
        if not rows:
            raise RefusedError(f"`synq {verb.name}` can't be undone.", hint=verb.undo_hint)
        if unclear:
            self._observer.note(
                f"The outcome of {verb.counted(len(unclear))} is unknown; they are not undone. "
                f"Run `{self._command(facts)}` first to look for them."
            )
        levels = verb.levels(rows) if with_levels else {}
        return self._planned(verb, rows, facts.file, undoes=facts.id, levels=levels)

    def plan_resume(self, run: str, resend: Collection[int]) -> Plan:
        """The plan for what is left of a run; `resend` are lines of unknown outcome that are to be sent again."""
        with self._runs.open(run) as journal:
            verb = self._verb_of(journal)
            self._lock(journal)
            unknown = {row.line for row in journal.entries("unknown", "sent")}
            again = unknown if verb.resends else resend
            left = [row for row in journal.entries() if row.state == "pending" or row.line in again]
        self._api.transport.check(verb.operation)
        if known := sorted(set(resend) - unknown):
            raise UsageError(
                f"Line {known[0]} can't be sent again: its outcome is known.",
                hint=f"`synq runs show {journal.facts.id} --rows unknown` lists them.",
            )
        return self._planned(verb, [Row(row.line, row.content) for row in left], journal.facts.file)

    def start(self, plan: Plan) -> Outcome:
        """Journal the plan's rows and send them."""
        with ExitStack() as stack:
            if plan.undoes:
                # Locked until the undoing run exists, so that no two processes undo it.
                self._lock(stack.enter_context(self._runs.open(plan.undoes)))
            journal = self._runs.create(
                plan.rows,
                self._now(),
                verb=plan.verb.name,
                file=plan.file,
                scope=self._session.scope,
                profile=self._session.profile,
                path=plan.path,
                dialect=asdict(plan.dialect) if plan.dialect else None,
                undoes=plan.undoes,
            )
        with journal:
            self._lock(journal)
            self._observer.note(
                f"Run {journal.facts.id}: if it stops, resume it with `{self._command(journal.facts)}`."
            )
            return self._work(plan.verb, journal)

    def resume(self, run: str, resend: Collection[int]) -> Outcome:
        """Send the pending rows and reconcile the unknown ones; of these, `resend` are sent again."""
        with self._runs.open(run) as journal:
            verb = self._verb_of(journal)
            self._lock(journal)
            for row in journal.entries("sent"):
                journal.unknown(row.line, row.answered_at, "synq exited before a response arrived.")
            if verb.resends:
                resend = [row.line for row in journal.entries("unknown")]
            elif resend:
                self._reconcile(verb, journal)  # so that a row which is found is not sent again
            for row in journal.entries("unknown"):
                if row.line in resend:
                    journal.pending(row.line)
            return self._work(verb, journal)

    def _planned(self, verb: Verb, rows: Sequence[Row], file: str, **more: Any) -> Plan:
        return Plan(verb, file, rows, seconds_for(len(rows), self._budget.snapshot()), **more)

    def _verb_of(self, journal: Journal) -> Verb:
        facts = journal.facts
        if facts.scope != self._session.scope:
            raise RefusedError(
                f"The run {facts.id} belongs to {facts.scope}, but this is {self._session.scope}. Nothing was sent.",
                hint=f"It was started with --profile {facts.profile}.",
            )
        return self._verbs[facts.verb]

    def _lock(self, journal: Journal) -> None:
        """RefusedError if another process works on the run, or if it was undone."""
        journal.lock()
        if undo := self._runs.undone_by(journal.facts.id):
            raise RefusedError(
                f"The run {journal.facts.id} was undone by the run {undo}.", hint=f"See `synq runs show {undo}`."
            )

    def _warn_of_unfinished(self, verb: Verb, path: str | None) -> None:
        """Warn of unfinished runs on this file: the same command again would send their finished rows twice."""
        for row in self._runs.unfinished(verb.name, path, self._session.scope) if path else ():
            left = row["rows"] - row["done"] - row["failed"]
            self._observer.warn(
                f"An earlier run of this file, {row['id']}, is {row['state']} with {left} of {row['rows']} rows left. "
                f"To finish it, run `synq runs resume {row['id']}`. This is a new run of all rows."
            )

    def _command(self, facts: Facts) -> str:
        return f"synq runs resume {facts.id}" + (f" --profile {facts.profile}" if facts.profile != "default" else "")

    def _work(self, verb: Verb, journal: Journal) -> Outcome:
        started = self._now()
        reason: SynqError | None = None
        if pending := journal.counts()["pending"]:
            # One token for the whole run, where that can be.
            self._session.keep_fresh(started + seconds_for(pending, self._budget.snapshot()))
            with self._observer.progress(f"Run {journal.facts.id}") as bar:
                runner = Runner(
                    verb,
                    journal,
                    self._open_transport,
                    Progress(bar, journal, self._budget, self._observer.note, self._now),
                    now=self._now,
                    sleep=self._sleep,
                    gap=WINDOW / usable(self._budget.snapshot().limit, RESERVE),
                    workers=min(self._workers, verb.workers),
                )
                runner.run()
            reason = runner.stop_reason
        try:
            if not isinstance(reason, InterruptError):
                self._reconcile(verb, journal)
        except KeyboardInterrupt:
            reason = reason or InterruptError("Interrupted.")
        if isinstance(reason, UnknownOutcomeError) and not journal.counts()["pending"]:
            reason = None  # it came too late to stop anything; the rows that are still unknown are reported anyway
        if not journal.entries("pending", "unknown"):
            verb.on_finished(journal.entries())
        return outcome(
            journal,
            self._command(journal.facts),
            reason,
            verb=verb,
            seconds=self._now() - started,
            failed_file=self._write_failed(journal),
        )

    def _reconcile(self, verb: Verb, journal: Journal) -> None:
        """Find receipts of rows whose answer was lost; where that can't be done, they stay unknown."""
        unclear = journal.entries("unknown")
        if not unclear:
            return
        taken, rivals = self._runs.claims(journal.facts)
        try:
            found = verb.reconcile(unclear, done=journal.entries("done"), taken=taken, rivals=rivals)
        except SynqError as error:
            self._observer.note(f"Unknown rows could not be looked up: {error.message}")
            return
        for line, receipt in found.items():
            journal.done(line, None, receipt)

    def _write_failed(self, journal: Journal) -> str | None:
        """Write the failed rows to a file that can be sent again; gives its path."""
        failed, written = journal.entries("failed"), journal.facts.dialect
        if not failed or not written:
            return None
        dialect = Dialect(**written)
        path = report.failed_file(journal.facts.path, journal.facts.id, dialect)
        try:
            replace_file(path, report.failed_text(failed, dialect), mode=None, hint=None)
        except UsageError as error:
            self._observer.note(f"{error.message} `synq runs show {journal.facts.id} --rows failed` lists the rows.")
            return None
        return str(path)
