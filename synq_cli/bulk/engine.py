"""Bulk runs: planned, started, resumed, reconciled and undone."""

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from synq_cli.bulk.journal import UNKNOWN, HeldError, Journal, Row
from synq_cli.bulk.plan import Plan, numbered, request_cost, seconds_for
from synq_cli.bulk.progress import Bar, NoBar, Progress
from synq_cli.bulk.repeats import Repeat, find_repeat
from synq_cli.bulk.report import Outcome, write_failed
from synq_cli.bulk.runner import Runner, note_done
from synq_cli.bulk.runs import Runs, overview, run_of_plan
from synq_cli.bulk.shards import Shard
from synq_cli.bulk.verbs.adjust_stock import AdjustStock
from synq_cli.bulk.verbs.apply_changes import ApplyChanges
from synq_cli.bulk.verbs.count_stock import CountStock
from synq_cli.bulk.verbs.create_orders import CreateOrders
from synq_cli.bulk.verbs.import_products import ImportProducts, UpdateCatalog
from synq_cli.bulk.verbs.invite_members import InviteMembers
from synq_cli.bulk.verbs.move_orders import CancelOrders, FulfillOrders, ReturnOrders
from synq_cli.bulk.verbs.reservations import ReleaseReservations, ReserveStock
from synq_cli.bulk.verbs.transfer_stock import TransferStock
from synq_cli.bulk.verbs.update_products import UpdateProducts
from synq_cli.bulk.verbs.verb import WORKERS, Verb
from synq_cli.errors import InterruptError, NotFoundError, RefusedError, SynqError, UnknownOutcomeError, UsageError
from synq_cli.http.rate_limit import LOOKUP_RESERVE, RESERVE, WINDOW, Budget, usable
from synq_cli.http.single_attempt import SingleAttemptTransport
from synq_cli.resources.client import SynqClient
from synq_cli.session.session import Session

PlanOf = TypeVar("PlanOf", bound=Plan)
_KINDS: tuple[type[Verb], ...] = (
    AdjustStock, ApplyChanges, CancelOrders, CountStock, CreateOrders, FulfillOrders, ImportProducts, InviteMembers,
    ReleaseReservations, ReserveStock, ReturnOrders, TransferStock, UpdateCatalog, UpdateProducts,
)  # fmt: skip


class Observer(Protocol):
    """Receives the messages and the progress of a run."""

    def note(self, text: str | None) -> None: ...
    def warn(self, text: str) -> None: ...
    def progress(self, label: str) -> AbstractContextManager[Bar]: ...


@dataclass
class Engine:
    """Works on the runs of one session. `open_transport` makes a sender for one thread, which waits with its sleep."""

    runs: Runs
    api: SynqClient
    session: Session
    budget: Budget
    open_transport: Callable[[Callable[[float], None]], SingleAttemptTransport]
    observer: Observer
    _: KW_ONLY
    now: Callable[[], float]
    sleep: Callable[[float], None]
    workers: int = WORKERS
    verbs: Iterable[Verb] = ()

    def plan(
        self,
        verb: Verb,
        read: Callable[[], PlanOf],
        file: str,
        path: Path | None,
        *,
        with_levels: bool = False,
        again: bool = False,
    ) -> PlanOf:
        """The plan for the rows that `read` prepares, once it is clear that they may be sent.

        `file` is the name that was typed, `path` where the file is, or None for standard input. With `again` no earlier
        run of the same rows is looked for.
        """
        self.api.transport.check(verb.operation)
        if file:
            self._leave_slots()
        plan = read()
        for warning in plan.warnings:
            self.observer.warn(warning)
        plan.file, plan.path, plan.again = file, str(path.absolute()) if path else None, again
        repeat = self._repeat(plan)
        if repeat and repeat.is_same:
            plan.repeat = repeat
        elif repeat:
            self.observer.warn(f"{repeat.sentence} This run posts {'it' if repeat.sent == 1 else 'them'} again.")
        self._warn_of_unfinished(plan)
        return self.estimated(plan, with_levels=with_levels)

    def plan_document(self, plan: Plan) -> Plan:
        """Check that the rows of a plan that was read from a document may be sent."""
        self._leave_slots()
        self._check_operations(plan)
        repeat = self._repeat(plan)
        if repeat and repeat.is_same:
            raise RefusedError(f"{repeat.sentence} Nothing was sent.", hint="To post them again, plan with --again.")
        return self.estimated(plan)

    def plan_undo(self, run: str, *, with_levels: bool, in_transit: bool = False) -> Plan:
        """The plan that undoes a run: the reverse of each row that is done, or only of those `in_transit`.

        RefusedError if it is undone already.
        """
        with _undoing(run), self._opened(run) as (journal, verb):
            facts = journal.facts
            done = [row for row in journal.entries() if _can_be_undone(row, in_transit=in_transit)]
            unclear = [row for row in journal.entries() if row.state == "sent" or row.code == UNKNOWN]
        self.api.transport.check(verb.undo_verb.operation)
        if not done and unclear:
            raise RefusedError(
                f"The outcome of {verb.counted(len(unclear))} of run {facts.id} is unknown, and nothing else is done.",
                hint=f"Run `{facts.resume_command}` first to look for them.",
            )
        if not done:
            what = "units in transit" if in_transit else "rows that are done"
            raise UsageError(f"Run {facts.id} has no {what}; there is nothing to undo.")
        rows = _reverses(verb, done, in_transit=in_transit)
        if not rows:
            raise RefusedError(f"`synq {verb.name}` can't be undone.", hint=verb.undo_hint)
        if unclear:
            self.observer.note(
                f"The outcome of {verb.counted(len(unclear))} is unknown; they are not undone. "
                f"Run `{facts.resume_command}` first to look for them."
            )
        plan = Plan(verb.undo_verb, rows, file=facts.file, undoes=facts.id, in_transit=in_transit)
        return self.estimated(plan, with_levels=with_levels)

    def plan_resume(self, run: str, resend: Collection[int], *, join: bool = False) -> Plan:
        """The plan for the rest of a run; `resend` are lines of unknown outcome to send again.

        With `join` other machines may work on it at the same time.
        """
        with self._opened(run, join=join) as (journal, verb):
            self._refuse_posted_since(journal)
            facts, unclear = journal.facts, journal.entries("unknown", "sent")
            again = {*resend, *(row.line for row in unclear if verb.resends(row.content))}
            left = [
                row for row in journal.entries() if row.state == "pending" or row.is_in_transit or row.line in again
            ]
        shard = Shard.parse(facts.shard)
        plan = Plan(verb, left, file=facts.file, path=facts.path, shard=shard, id=facts.plan)
        self._check_operations(plan)
        unknown = {row.line for row in unclear}
        if known := sorted(set(resend) - unknown):
            raise UsageError(
                f"Line {known[0]} can't be sent again: it is not a row with an unknown outcome.",
                hint=f"`synq runs show {journal.facts.id} --rows unknown` lists them.",
            )
        return self.estimated(plan)

    def start(self, plan: Plan) -> Outcome:
        """Journal the plan's rows and send them; RefusedError if another process has sent them since the plan."""
        with self._created(plan) as journal:
            if plan.single:
                return self._work(plan.verb, journal, NoBar())
            self.observer.note(f"Run {journal.facts.id}: if it stops, resume it with `{journal.facts.resume_command}`.")
            return self._work(plan.verb, journal)

    def _created(self, plan: Plan) -> Journal:
        """The journal of a new run, locked."""
        with ExitStack() as stack:
            if plan.undoes:
                # Locked until the undoing run exists, so that no two processes undo it.
                undone = stack.enter_context(self.runs.open(plan.undoes))
                with _undoing(plan.undoes):
                    self._lock(undone)
                reverses = _reverses(self.kind(undone.facts.verb), undone.entries(), in_transit=plan.in_transit)
                if reverses != plan.rows:
                    raise RefusedError(
                        f"The run {plan.undoes} was resumed meanwhile. Nothing was sent.",
                        hint="Run the command again.",
                    )
            # Of two processes that were given the same rows, the second finds the run of the first.
            stack.enter_context(self.runs.starting(self.session.scope))
            self._refuse_second(plan)
            repeat = self._repeat(plan)
            if repeat and repeat.is_same and (plan.repeat is None or repeat.run != plan.repeat.run):
                raise RefusedError(f"{repeat.sentence} Nothing was sent.", hint=repeat.hint)
            plan.check()
            journal = self.runs.create(
                plan.rows,
                self.now(),
                subject=plan.verb.subject,
                verb=plan.verb.name,
                file=plan.file,
                scope=self.session.scope,
                profile=self.session.profile,
                path=plan.path,
                dialect=plan.dialect,
                undoes=plan.undoes,
                plan=plan.id,
                shard=str(plan.shard) if plan.shard else None,
            )
            journal.lock()
            return journal

    def resume(self, run: str, resend: Collection[int], *, join: bool = False) -> Outcome:
        """Send the pending rows and reconcile the unknown ones; of these, `resend` are sent again.

        With `join` other machines may work on it at the same time.
        """
        with ExitStack() as stack:
            # While no other run can start: a run of the same rows would otherwise not see that this one is running.
            with self.runs.starting(self.session.scope):
                journal, verb = stack.enter_context(self._opened(run, join=join))
                self._refuse_posted_since(journal)
            for row in journal.abandoned("sent"):
                journal.unknown(row.line, row.answered_at, "synq exited before a response arrived.")
            harmless = {row.line for row in journal.abandoned("unknown") if verb.resends(row.content)}
            if set(resend) - harmless:
                self._reconcile(verb, journal)  # so that a row which is found is not sent again
            resend = {*resend, *harmless}
            for row in journal.abandoned("unknown", "failed"):
                if row.line in resend or row.is_in_transit:
                    journal.pending(row.line)
            return self._work(verb, journal)

    def _leave_slots(self) -> None:
        """Let interactive commands go before the lookups of a run."""
        transport = self.api.transport
        transport.reserve = max(transport.reserve, LOOKUP_RESERVE)

    def _refuse_second(self, plan: Plan) -> None:
        """RefusedError if a run has applied the plan with this id; called while no other run can start."""
        if plan.id and (facts := run_of_plan(self.runs, plan.id)):
            raise RefusedError(
                f"The plan {plan.id} was applied by run {facts.id}. Nothing was sent.",
                hint=f"See `synq runs show {facts.id}`; if it was interrupted, run `{facts.resume_command}`.",
            )

    def _refuse_posted_since(self, journal: Journal) -> None:
        """RefusedError if a later run of the same rows has sent some, such as after this run was abandoned."""
        facts, entries = journal.facts, journal.hashes()
        if facts.undoes or not any(state == "pending" for _, state, *_ in entries):
            return
        rows = [Row(line, {}, hashes=hashes) for line, _, _, hashes in entries]
        repeat = find_repeat(self.runs, rows, verb=facts.verb, scope=facts.scope, now=self.now(), after=facts)
        if repeat and repeat.is_same:
            raise RefusedError(
                f"Run {facts.id} can't be resumed: a later run has the same rows. {repeat.sentence} Nothing was sent.",
                hint="Resume the later run if it has stopped. To post the rows again, start a run with --again.",
            )

    def _check_operations(self, plan: Plan) -> None:
        """Check, before any write, whether the operations of the rows can be sent; raises like ApiTransport.check."""
        for operation in {plan.verb.operation_of(row.content) for row in plan.rows} or {plan.verb.operation}:
            self.api.transport.check(operation)

    def _ask_guard(self, verb: Verb, rows: Callable[[], Iterable[Row]], plan: str | None) -> None:
        """RefusedError if the policy of the profile does not permit the rows of a run, which may be those of a plan."""
        if guard := self.api.transport.guard:
            guard.check([verb.write(row)._replace(is_planned=plan is not None) for row in rows()])

    def estimated(self, plan: PlanOf, *, with_levels: bool = False) -> PlanOf:
        """The plan with an estimate of its time and, if requested, the values before."""
        self._ask_guard(plan.verb, lambda: plan.rows, plan.id)
        plan.seconds = seconds_for(plan.requests, self.budget.snapshot())
        if with_levels:
            plan.levels = plan.verb.levels(plan.rows)
        if with_levels and plan.verb.compares:
            self._compare(plan)
        return plan

    def _compare(self, plan: Plan) -> None:
        """Read what each row changes, and say before what that costs."""
        self.observer.note(f"Reading the values before takes {request_cost(len(plan.rows), plan.seconds)}.")
        same = []
        with self.observer.progress("Reading") as bar:
            for number, row in enumerate(plan.rows, 1):
                try:
                    values = plan.verb.values(row)
                except NotFoundError as error:
                    self.observer.warn(f"Line {row.line}: {error.message}")
                    continue
                plan.values += values
                same += [] if values else [row.line]
                bar.update(number, len(plan.rows))
        if same:
            self.observer.note(f"Nothing would change on line{'s' * (len(same) != 1)} {', '.join(map(str, same))}.")

    @contextmanager
    def _opened(self, run: str, *, join: bool = False) -> Iterator[tuple[Journal, Verb]]:
        """A run, locked, and its verb; RefusedError if it is another tenant's, or for what `_lock` refuses."""
        self._leave_slots()
        with self.runs.open(run) as journal:
            facts = journal.facts
            if facts.scope != self.session.scope:
                raise RefusedError(
                    f"The run {facts.id} belongs to {facts.scope}, but this is {self.session.scope}. Nothing was sent.",
                    hint=f"It was started with --profile {facts.profile}.",
                )
            self._lock(journal, join=join)
            yield journal, self.kind(facts.verb)

    def kind(self, name: str) -> Verb:
        """The kind of run with this name. StopIteration."""
        return next(verb for verb in self._kinds() if verb.name == name)

    def _kinds(self) -> tuple[Verb, ...]:
        return (*(kind(self.api) for kind in _KINDS), *self.verbs)

    def _lock(self, journal: Journal, *, join: bool = False) -> None:
        """RefusedError if another process works on the run, unless `join`, or if the run was undone."""
        (journal.join if join else journal.lock)()
        if undo := self.runs.undone_by(journal.facts.id):
            raise RefusedError(
                f"The run {journal.facts.id} was undone by the run {undo}.", hint=f"See `synq runs show {undo}`."
            )

    def _repeat(self, plan: Plan) -> Repeat | None:
        """The earlier run that has sent the plan's rows, or most of them; None if they are to be sent again."""
        if plan.again or plan.undoes:
            return None
        repeat = find_repeat(self.runs, plan.rows, verb=plan.verb.name, scope=self.session.scope, now=self.now())
        return None if repeat and repeat.is_certain and plan.single else repeat

    def _warn_of_unfinished(self, plan: Plan) -> None:
        """Warn of unfinished runs on this file: the same command again would send their finished rows twice."""
        if not plan.path:
            return
        for row in self.runs.unfinished(plan.verb.name, plan.path, plan.shard, self.session.scope):
            if plan.repeat and plan.repeat.run == row["id"]:
                continue  # it is refused, or asked about
            left = row["rows"] - row["done"] - row["failed"]
            self.observer.warn(
                f"An earlier run of this file, {row['id']}, is {row['state']} with {left} of {row['rows']} rows left. "
                f"To finish it, run `{row['resume_command']}`. This is a new run of all rows."
            )

    def _work(self, verb: Verb, journal: Journal, bar: Bar | None = None) -> Outcome:
        """Send the pending rows and reconcile those that get no answer; without a bar, show progress."""
        self._ask_guard(verb, lambda: journal.entries("pending"), journal.facts.plan)
        started = self.now()
        reason: SynqError | None = None
        while True:
            if pending := journal.left():
                # One token for the whole run, where that can be.
                self.session.keep_fresh(self.now() + seconds_for(pending * verb.requests, self.budget.snapshot()))
                label = f"Run {journal.facts.id}"
                with nullcontext(bar) if bar else self.observer.progress(label) as shown:
                    reason = self._send(verb, journal, shown)
            try:
                if not isinstance(reason, InterruptError):
                    self._reconcile(verb, journal)
            except KeyboardInterrupt:
                reason = reason or InterruptError("Interrupted.")
            # A first half that is found has a second one, which is sent now.
            if reason or not journal.left():
                break
        if isinstance(reason, UnknownOutcomeError) and not journal.counts()["pending"]:
            reason = None  # it came too late to stop anything; the rows that are still unknown are reported anyway
        if not journal.entries("pending", "unknown"):
            verb.on_finished(journal.entries())
        rows = journal.entries()
        if len(journal.workers()) > 1:
            self.observer.note(f"This machine sent {journal.part():,} of {len(rows):,} rows.")
        row = overview(journal) | {
            "unknown_lines": [entry.line for entry in rows if entry.state in {"unknown", "sent"}],
            "seconds": round(self.now() - started, 1),
            "failed_file": self._write_failed(journal),
        }
        return Outcome(row, rows, reason, journal.facts, verb)

    def _send(self, verb: Verb, journal: Journal, bar: Bar) -> SynqError | None:
        """Send the pending rows; gives why that stopped."""
        runner = Runner(
            verb,
            journal,
            self.open_transport,
            Progress(bar, journal, self.budget, self.observer.note, self.now, verb.requests),
            now=self.now,
            sleep=self.sleep,
            gap=WINDOW / usable(self.budget.snapshot().limit, RESERVE),
            workers=min(self.workers, verb.workers),
        )
        runner.run()
        if runner.as_planned:
            self.observer.note(f"{numbered(runner.as_planned, 'row')} had the planned values already: not sent.")
        self.observer.note(verb.closing_note())
        return runner.stop_reason

    def _reconcile(self, verb: Verb, journal: Journal) -> None:
        """Find receipts of rows whose answer was lost; where that can't be done, they stay unknown."""
        unclear = journal.abandoned("unknown")
        if not unclear:
            return
        # A count may have posted the same movement as an adjustment.
        alike = {kind.name for kind in self._kinds() if kind.operation == verb.operation} | {verb.name}
        try:
            lines = {row.line for row in unclear}
            found = verb.reconcile(
                unclear, done=journal.entries("done"), claims=lambda: self.runs.claims(journal.facts, alike, lines)
            )
            for row in unclear:
                if row.line in found:
                    note_done(verb, journal, row, None, found[row.line])
        except UsageError as error:  # such as another run's journal that is damaged
            self.observer.warn(f"Unknown rows could not be looked up: {error.message}")
        except SynqError as error:
            self.observer.note(f"Unknown rows could not be looked up: {error.message}")

    def _write_failed(self, journal: Journal) -> str | None:
        try:
            return write_failed(journal)
        except UsageError as error:
            self.observer.note(f"{error.message} `synq runs show {journal.facts.id} --rows failed` lists the rows.")
            return None


@contextmanager
def _undoing(run: str) -> Iterator[None]:
    """With a hint for those who would undo a run that another process works on, which may be undoing it."""
    try:
        yield
    except HeldError as error:
        shown = f"`synq runs show {run}` shows its progress, and whether it is undone."
        raise RefusedError(
            error.message, hint=f"Wait until it has ended, then run the command again. {shown}"
        ) from None


def _can_be_undone(row: Row, *, in_transit: bool) -> bool:
    """Whether the row is done, or its first half is and its second one is certainly not; or only the latter."""
    return (row.state == "done" and not in_transit) or (row.is_in_transit and row.code != UNKNOWN)


def _reverses(verb: Verb, rows: Iterable[Row], *, in_transit: bool) -> list[Row]:
    """The rows that undo what is done of these, or only of those in transit."""
    reverses = [
        (row.line, verb.reverse(row) if row.state == "done" else verb.reverse_half(row.content))
        for row in rows
        if _can_be_undone(row, in_transit=in_transit)
    ]
    return [Row(line, content) for line, content in reverses if content is not None]
