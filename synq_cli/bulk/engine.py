"""One run from its plan to its end: started, resumed, settled, taken back."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from synq_cli.bulk.files import report, rows
from synq_cli.bulk.outcome import Outcome, outcome
from synq_cli.bulk.plan import Plan, seconds_for
from synq_cli.bulk.progress import Progress
from synq_cli.bulk.runner import Runner
from synq_cli.bulk.runs.journal import Facts, Journal, Row
from synq_cli.bulk.verbs.all_verbs import all_verbs
from synq_cli.bulk.verbs.verb import WORKERS, Action, Verb
from synq_cli.errors import InterruptError, RefusedError, SynqError, UnknownOutcomeError, UsageError
from synq_cli.http.rate_limit import RESERVE, WINDOW, usable
from synq_cli.state.folders import replace_file

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from synq_cli.bulk.progress import Bar
    from synq_cli.bulk.runs.runs import Runs
    from synq_cli.http.rate_limit import Budget
    from synq_cli.http.single_attempt import SingleAttemptTransport
    from synq_cli.resources.client import SynqClient
    from synq_cli.session.session import Session


class Listener(Protocol):
    """Who hears what a run has to say."""

    def note(self, text: str | None) -> None: ...
    def warn(self, text: str) -> None: ...
    def progress(self, label: str) -> "AbstractContextManager[Bar]": ...


class Engine:
    """Works on runs for one session. `open_lane` makes a way to the API for one thread, which waits with its sleep."""

    def __init__(
        self,
        runs: "Runs",
        api: "SynqClient",
        session: "Session",
        budget: "Budget",
        open_lane: "Callable[[Callable[[float], None]], SingleAttemptTransport]",
        listener: Listener,
        *,
        now: Callable[[], float],
        sleep: Callable[[float], None],
        workers: int = WORKERS,
        verbs: Mapping[str, Action] | None = None,
    ) -> None:
        self._runs = runs
        self._api = api
        self._session = session
        self._budget = budget
        self._open_lane = open_lane
        self._listener = listener
        self._now = now
        self._sleep = sleep
        self._workers = workers
        self._verbs = verbs or all_verbs(api)

    def plan(self, verb: Verb, text: str, name: str, *, place: str | None, with_levels: bool) -> Plan:
        """What a file would do. UsageError lists everything that is wrong with it, by line."""
        self._api.transport.check(verb.operation)
        shown = "standard input" if name == "-" else name
        table = rows.read_table(text, shown, verb)
        rows.refuse(shown, table.problems)
        settled, problems = verb.resolve(self._api, table.rows, place)
        wrong = [problem for problem in problems if not problem.is_doubt]
        rows.refuse(shown, wrong + rows.twice(settled, verb))
        for problem in problems:
            self._listener.warn(f"Line {problem.line}: {problem.what}")
        levels = verb.levels(self._api, settled) if verb.levels and with_levels else {}
        path = None if name == "-" else str(Path(name).absolute())
        self._tell_of_begun(verb, path)
        more = {"dialect": table.dialect, "ignored": table.ignored, "levels": levels}
        return self._planned(verb, settled, name, path=path, **more)

    def plan_parts(self, action: Action, cut: Callable[[], Sequence[Row]], name: str, path: Path) -> Plan:
        """What a file would do that `cut` makes rows of, once it is clear that they may be sent."""
        self._api.transport.check(action.operation)
        self._tell_of_begun(action, str(path.absolute()))
        return self._planned(action, cut(), name, path=str(path.absolute()))

    def plan_undo(self, run: str, *, with_levels: bool) -> Plan:
        """What would take a run back: the reverse of each row that is done. RefusedError if that was done before."""
        with self._runs.open(run) as journal:
            verb, facts = self._verb_of(journal), journal.facts
            self._hold(journal)
            done, unclear = journal.entries("done"), journal.entries("unknown", "sent")
        self._api.transport.check(verb.operation)
        if verb.reverse is None:
            raise RefusedError(f"`synq {verb.name}` can't be taken back.", hint=verb.instead)
        if not done:
            raise UsageError(f"No row of the run {facts.id} is done; there is nothing to take back.")
        if unclear:
            self._listener.note(
                f"Of {verb.counted(len(unclear))} nobody knows whether they were made; they stay as they are. "
                f"`{self._command(facts)}` asks the API for them first."
            )
        reverse = [Row(row.line, verb.reverse(row.content)) for row in done]
        levels = verb.levels(self._api, reverse) if verb.levels and with_levels else {}
        return self._planned(verb, reverse, facts.file, undoes=facts.id, levels=levels)

    def plan_resume(self, run: str, resend: Collection[int]) -> Plan:
        """What is left of a run; `resend` are lines whose outcome is unknown and that are to be sent again."""
        with self._runs.open(run) as journal:
            verb = self._verb_of(journal)
            self._hold(journal)
            unknown = {row.line for row in journal.entries("unknown", "sent")}
            again = unknown if verb.resends else resend
            left = [row for row in journal.entries() if row.state == "pending" or row.line in again]
        self._api.transport.check(verb.operation)
        if strange := sorted(set(resend) - unknown):
            raise UsageError(
                f"Of line {strange[0]} the outcome is not unknown; only such lines can be sent again.",
                hint=f"`synq runs show {journal.facts.id} --rows unknown` lists them.",
            )
        return self._planned(verb, [Row(row.line, row.content) for row in left], journal.facts.file)

    def start(self, plan: Plan) -> Outcome:
        """Journal the plan's rows and send them."""
        with ExitStack() as stack:
            if plan.undoes:
                # Held until the undoing run is there, so that no two processes take it back.
                self._hold(stack.enter_context(self._runs.open(plan.undoes)))
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
            self._hold(journal)
            command = self._command(journal.facts)
            self._listener.note(f"Run {journal.facts.id}: `{command}` goes on with it, should it stop.")
            return self._work(plan.verb, journal)

    def resume(self, run: str, resend: Collection[int]) -> Outcome:
        """Send what is pending, and settle what is unknown from the ledger; of that, `resend` goes again."""
        with self._runs.open(run) as journal:
            verb = self._verb_of(journal)
            self._hold(journal)
            for row in journal.entries("sent"):
                journal.unknown(row.line, row.answered_at, "synq ended before the answer came.")
            if verb.resends:
                resend = [row.line for row in journal.entries("unknown")]
            elif resend:
                self._settle(verb, journal)  # what the ledger shows is not sent again
            for row in journal.entries("unknown"):
                if row.line in resend:
                    journal.pending(row.line)
            return self._work(verb, journal)

    def _planned(self, verb: Action, wanted: Sequence[Row], file: str, **more: Any) -> Plan:
        return Plan(verb, file, wanted, seconds_for(len(wanted), self._budget.snapshot()), **more)

    def _verb_of(self, journal: Journal) -> Action:
        facts = journal.facts
        if facts.scope != self._session.scope:
            raise RefusedError(
                f"The run {facts.id} belongs to {facts.scope}, but this is {self._session.scope}. Nothing was sent.",
                hint=f"It was started with --profile {facts.profile}.",
            )
        return self._verbs[facts.verb]

    def _hold(self, journal: Journal) -> None:
        """RefusedError if another process works on the run, or if it was taken back."""
        journal.hold()
        if undo := self._runs.undoing(journal.facts.id):
            raise RefusedError(
                f"The run {journal.facts.id} was taken back by the run {undo}.",
                hint=f"`synq runs show {undo}` shows it.",
            )

    def _tell_of_begun(self, verb: Action, path: str | None) -> None:
        """Warn of runs on this file that have rows left: the arrow key would do what is done a second time."""
        for row in self._runs.begun(verb.name, path, self._session.scope) if path else ():
            left = row["rows"] - row["done"] - row["failed"]
            self._listener.warn(
                f"The run {row['id']} of this file is {row['state']}, with {left} of {row['rows']} rows left. "
                f"`synq runs show {row['id']}` tells more, `synq runs resume {row['id']}` goes on with it; "
                "this is a new run, of all rows."
            )

    def _command(self, facts: Facts) -> str:
        return f"synq runs resume {facts.id}" + (f" --profile {facts.profile}" if facts.profile != "default" else "")

    def _work(self, verb: Action, journal: Journal) -> Outcome:
        started = self._now()
        reason: SynqError | None = None
        if pending := journal.counts()["pending"]:
            # One token from beginning to end, where that can be.
            self._session.keep_fresh(started + seconds_for(pending, self._budget.snapshot()))
            with self._listener.progress(f"Run {journal.facts.id}") as bar:
                progress = Progress(bar, journal, self._budget, self._listener.note, self._now)
                places = usable(self._budget.snapshot().limit, RESERVE)
                runner = Runner(
                    verb, journal, self._open_lane, progress,
                    now=self._now, sleep=self._sleep, gap=WINDOW / places,
                    workers=min(self._workers, verb.workers),
                )  # fmt: skip
                runner.run()
            reason = runner.stop_reason
        try:
            if not isinstance(reason, InterruptError):
                self._settle(verb, journal)
        except KeyboardInterrupt:
            reason = reason or InterruptError("Interrupted.")
        if isinstance(reason, UnknownOutcomeError) and not journal.counts()["pending"]:
            reason = None  # it came too late to stop anything; what is unclear yet speaks for itself
        if verb.tidy and not journal.entries("pending", "unknown"):
            verb.tidy(journal.entries())
        return outcome(
            journal,
            self._command(journal.facts),
            reason,
            action=verb,
            seconds=self._now() - started,
            failed_file=self._write_failed(journal),
        )

    def _settle(self, verb: Action, journal: Journal) -> None:
        """Find receipts of rows whose answer was lost; where that can't be done, they stay unknown."""
        unclear = journal.entries("unknown")
        if not unclear or verb.settle is None:
            return
        taken, rivals = self._runs.beside(journal.facts)
        try:
            found = verb.settle(self._api, unclear, done=journal.entries("done"), taken=taken, rivals=rivals)
        except SynqError as error:
            self._listener.note(f"Unknown rows could not be looked up: {error.message}")
            return
        for line, receipt in found.items():
            journal.done(line, None, receipt)

    def _write_failed(self, journal: Journal) -> str | None:
        """Leave the failed rows as a file that can be fed in again; gives its path."""
        failed, written = journal.entries("failed"), journal.facts.dialect
        if not failed or not written:
            return None
        dialect = rows.Dialect(**written)
        path = report.failed_file(journal.facts.path, journal.facts.id, dialect)
        try:
            replace_file(path, report.failed_text(failed, dialect), mode=None, hint=None)
        except UsageError as error:
            self._listener.note(f"{error.message} `synq runs show {journal.facts.id} --rows failed` lists them.")
            return None
        return str(path)
