"""Shared by the commands for many rows: the plan, the confirmation and the summary."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from synq_cli.cli.confirmation import asks, can_ask, confirm
from synq_cli.cli.context import RunContext
from synq_cli.cli.metavars import FILE
from synq_cli.cli.options import option, switch
from synq_cli.documents import shown_name
from synq_cli.errors import NetworkError, RefusedError, UsageError
from synq_cli.output.columns import Column
from synq_cli.output.formats import delta, flag, quantity, state, timestamp, whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from synq_cli.bulk.plan import Plan
    from synq_cli.bulk.report import Outcome
    from synq_cli.bulk.shards import Shard

ReportOption = Annotated[
    str | None, option("--report", FILE, "Write the outcome of every row to FILE (.csv, .json or .xlsx).")
]
AgainOption = Annotated[bool, switch("--again", "Post the rows again that an earlier run has posted already.")]
ShardOption = Annotated[
    str | None,
    option("--shard", "I/N", "Send only shard I of N of the file, such as 2/4, and leave the rest to other machines."),
]

PLAN = [
    Column("Dry run", "dry_run", flag),
    Column("Command", "command"),
    Column("File", "file"),
    Column("Shard", "shard"),
    Column("Rows", "rows", quantity),
    Column("Rows of the file", "rows_of_file", quantity),
    Column("Requests", "requests", quantity),
    Column("Minutes", "minutes"),
    Column("Remarks", "remarks"),
    Column("Columns", "guessed_columns"),
    Column("Ignored columns", "ignored_columns"),
    Column("Net movement", "net"),
    Column("Largest", "largest"),
    Column("Unusually large", "suspicious"),
    Column("Changes", "changes"),
    Column("Values", "values"),
    Column("Left out", "left_out"),
]
_MOVES = [
    Column("Line", "line", quantity),
    Column("SKU", "sku", whole),
    Column("Location", "location"),
    Column("Quantity", "delta", delta),
]
_NET = [Column("Location", "location"), Column("Quantity", "units", delta), Column("Rows", "rows", quantity)]
_CHANGES = [*_MOVES, Column("Before", "before", quantity), Column("After", "after", quantity)]
GUESSED = [Column("Column", "column"), Column("Read as", "read_as")]
_VALUES = [
    Column("Line", "line", quantity),
    Column("Product", "product"),
    Column("Field", "field"),
    Column("Before", "before"),
    Column("After", "after"),
]
_PARTS = {
    "guessed_columns": ("Columns", GUESSED),
    "net": ("Net movement", _NET),
    "largest": ("Largest", _MOVES),
    "suspicious": ("Unusually large", _MOVES),
    "changes": ("Before and after", _CHANGES),
    "values": ("Values before and after", _VALUES),
    "left_out": ("Left out", [Column("Line", "line", quantity), Column("Reason", "reason")]),
}
SUMMARY = [
    Column("Run", "id", whole),
    Column("Command", "command"),
    Column("File", "file"),
    Column("Started", "started_at", timestamp),
    Column("State", "state", state),
    Column("Rows", "rows", quantity),
    Column("Done", "done", quantity),
    Column("Failed", "failed", quantity),
    Column("Unknown", "unknown", quantity),
    Column("Unknown lines", "unknown_lines"),
    Column("Pending", "pending", quantity),
    Column("In transit", "in_transit", quantity),
    Column("Seconds", "seconds"),
    Column("Failed rows in", "failed_file"),
    Column("Undoes", "undoes", whole),
    Column("Undone by", "undone_by", whole),
    Column("Profile", "profile"),
    Column("Shard", "shard"),
]


def known_runs(run: RunContext) -> list[dict[str, Any]]:
    """The runs of this machine and of the team, as rows. Warns, and leaves out the team's, if they can't be read."""
    own = run.local_runs.rows()
    try:
        return [*run.team_runs.rows(), *own] if run.team_runs else own
    except NetworkError as error:
        run.output.warn(f"{error.message} Runs of the team are not shown.")
        return own


def refuse_with_file(**given: object) -> None:
    """UsageError if an argument or an option for one object is given beside --file."""
    for name, value in given.items():
        if value is not None:
            article = "" if name.startswith("-") else "An " if name[:1] in "aeiou" else "A "
            raise UsageError(f"{article}{name} conflicts with --file: give one of them.")


def require_file(report: str | None, shard: str | None, *, again: bool, what: str = "--file") -> None:
    """UsageError if an option for runs is given without a file of many rows."""
    for name, given in {"--report": report is not None, "--shard": shard is not None, "--again": again}.items():
        if given:
            raise UsageError(f"{name} requires {what}.")


def send_file(
    run: RunContext,
    verb: Any,
    text: str,
    file: str,
    *settings: Any,
    report: str | None,
    shard: str | None,
    yes: bool,
    again: bool,
) -> None:
    """Plan the rows of a file, ask for confirmation and send them; `settings` go to the verb's `read`."""
    verb.shard = parse_shard(shard)
    read = partial(verb.read, text, shown_name(file), *settings)
    path = None if file == "-" else Path(file)
    plan = run.bulk.plan(verb, read, file, path, with_levels=run.dry_run, again=again)
    carry_out(run, plan, lambda: run.bulk.start(plan), report, yes=yes)


def send_single(run: RunContext, verb: Any, *wanted: str, again: bool, columns: list[Column]) -> None:
    """Plan and send the one row that the verb's `single` makes of what was typed, and print it; nothing is asked."""
    with_levels = run.dry_run or run.output.format == "table"
    plan = run.bulk.plan(verb, lambda: verb.single(*wanted), "", None, with_levels=with_levels, again=again)
    if run.dry_run:
        agreed(run, plan, None, yes=True)
        return
    if plan.repeat:
        raise RefusedError(f"{plan.repeat.sentence} Nothing was sent.", hint=plan.repeat.hint)
    outcome = run.bulk.start(plan)
    outcome.check()
    for change in plan.changes():
        run.output.change(f"{change['sku']} at {change['location']}", change["before"], change["after"])
    run.output.record(outcome.single(), columns)


def parse_shard(text: str | None) -> "Shard | None":
    """The shard that --shard names; UsageError if it is invalid."""
    from synq_cli.bulk.shards import Shard

    return Shard.parse(text)


def carry_out(run: RunContext, plan: "Plan", go: "Callable[[], Outcome]", report: str | None, *, yes: bool) -> None:
    """Print the plan, ask unless `yes`, then run `go`; a dry run ends with the plan."""
    if agreed(run, plan, report, yes=yes):
        finish(run, go(), report)


def agreed(
    run: RunContext,
    plan: "Plan",
    report: str | None,
    *,
    yes: bool,
    columns: list[Column] | None = None,
    parts: "Mapping[str, tuple[str, Sequence[Column]]] | None" = None,
    preview: Callable[[], None] = lambda: None,
) -> bool:
    """Whether to carry out the plan, once it was printed and confirmed; a dry run ends with it.

    `columns` and `parts` are those of a plan of its own kind, and `preview` prints more of it before the question.
    """
    from synq_cli.bulk.report import check_report

    check_report(report, plan.path, plan.shard)
    what = plan.verb.counted(len(plan.rows))
    if run.dry_run:
        if plan.repeat and run.plan_file is not None:
            raise RefusedError(f"{plan.repeat.sentence} Nothing was planned.", hint=plan.repeat.hint)
        if plan.repeat:
            run.output.warn(plan.repeat.sentence)
        level = plan.verb.level.replace("_", " ").capitalize()
        net = "Net movement" if plan.verb.level == "on_hand" else f"Net {plan.verb.level}"
        own = _PARTS | {"net": (net, _NET), "changes": (f"{level} before and after", _CHANGES)}
        if run.plan_file is None:
            run.output.panel(f"Would send {what}", plan.as_row(), columns or PLAN, parts or own)
        else:
            from synq_cli.cli.planning import write_plan

            write_plan(run, plan, columns or PLAN, parts or own)
        return False
    question = f"Send {what} to {run.session.profile}?"
    if plan.repeat:
        # --yes and --confirm answer the usual question, not this one.
        if yes or run.options.get("confirm") is not None or not can_ask(run):
            raise RefusedError(f"{plan.repeat.sentence} Nothing was sent.", hint=plan.repeat.hint)
        question = f"{plan.repeat.sentence} Post {'it' if plan.repeat.rows == 1 else 'them'} again?"
    is_asked = asks(run, yes=yes) and not plan.repeat
    for line in plan.lines():
        (run.output.tell if is_asked else run.output.note)(line)
    preview()
    if not plan.rows and plan.shard:
        return end_without_rows(run, plan)
    confirm(run, question, yes=yes)
    return True


def end_without_rows(run: RunContext, plan: "Plan") -> Literal[False]:
    """End a command whose plan has no rows; machine formats get an empty summary."""
    if run.output.format != "table":
        run.output.record(plan.summary(), SUMMARY)
    return False


def summary_of(row: "Mapping[str, Any]") -> list[Column]:
    """The columns of a run's summary."""
    return [*SUMMARY, *([Column("Plan", "plan", whole)] if "plan" in row else [])]


def finish(run: RunContext, outcome: "Outcome", report: str | None) -> None:
    """Print the summary of a run, write the report, and raise what is left to do."""
    is_told = tell(run, outcome, outcome.row, summary_of(outcome.row), report)
    outcome.check()
    require_told(outcome, is_told=is_told)


def tell(run: RunContext, outcome: "Outcome", row: dict[str, Any], columns: list[Column], report: str | None) -> bool:
    """Print the summary of a run and write the report; gives whether both could be written.

    That they could not is a warning, which does not keep the outcome from being reported.
    """
    from synq_cli.bulk.report import write_report

    is_told = True
    for write in (partial(run.output.record, row, columns), partial(write_report, outcome.entries, report)):
        try:
            write()
        except BrokenPipeError:
            pass  # such as `synq … | head`
        except UsageError as error:
            run.output.warn(error.message)
            is_told = False
    return is_told


def require_told(outcome: "Outcome", *, is_told: bool) -> None:
    """UsageError if the run is done, and its summary or its report could not be written."""
    if not is_told:
        run = outcome.row["id"]
        raise UsageError(
            f"Run {run}: {outcome.progress()}, but not all of its output could be written.",
            hint=f"Do not send the rows again. `synq runs show {run} --rows all` lists them.",
        )
