"""`synq inventory count`."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from synq_cli.cli.confirmation import confirm_number
from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.metavars import FILE
from synq_cli.cli.options import LocationOption, YesOption, argument, option, parse_since, switch
from synq_cli.commands.bulk import (
    GUESSED,
    AgainOption,
    ReportOption,
    ShardOption,
    agreed,
    end_without_rows,
    finish,
    parse_shard,
)
from synq_cli.documents import shown_name
from synq_cli.errors import UsageError
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import Format, delta, flag, quantity, whole

if TYPE_CHECKING:
    from synq_cli.bulk.counting.plan import CountPlan

group = CommandGroup()

_VARIANCE = [
    Column("SKU", "sku", whole),
    Column("Location", "location", drop=3),
    Column("Books", "book", quantity),
    Column("Counted", "counted", quantity),
    Column("Variance", "delta", delta),
    Column("On hand", "before", quantity, drop=1),
    Column("After", "after", quantity, drop=1),
    Column("Note", "missing", Format(lambda missing, *_: "not found" if missing is True else ""), drop=2),
]
_LEFT_OUT = [column for column in _VARIANCE if column.key not in {"before", "after"}]
_TOTALS = [
    Column("Location", "location"),
    Column("Right", "right", quantity),
    Column("Short", "short", quantity),
    Column("Over", "over", quantity),
    Column("Units short", "short_units", delta),
    Column("Units over", "over_units", delta),
    Column("Net", "units", delta),
]
_PLAN = [
    Column("Dry run", "dry_run", flag),
    Column("Command", "command"),
    Column("File", "file"),
    Column("Shard", "shard"),
    Column("Rows", "rows", quantity),
    Column("Rows of the file", "rows_of_file", quantity),
    Column("SKUs", "skus", quantity),
    Column("Requests", "requests", quantity),
    Column("Minutes", "minutes"),
    Column("Set to zero", "set_to_zero", quantity),
    Column("Files", "files"),
    Column("Columns", "guessed_columns"),
    Column("Ignored columns", "ignored_columns"),
    Column("Totals", "totals"),
    Column("Variance", "variance"),
    Column("Count again", "recount"),
]
_PARTS = {
    "guessed_columns": ("Columns", GUESSED),
    "totals": ("Totals", _TOTALS),
    "variance": ("Variance", _VARIANCE),
    "recount": ("Left out, to be counted again", _LEFT_OUT),
}
# The plan before the question shows the largest ones only.
_MOST_SHOWN = 20


@group.command(
    "count",
    operations.ADJUST_INVENTORY,
    operations.LIST_VARIANTS,
    operations.LIST_LOCATIONS,
    operations.LIST_INVENTORY_LEVELS,
    operations.LIST_INVENTORY_LEDGER,
    requests=(0, None),
    bulk=True,
)
def count_stock(
    run: RunContext,
    file: Annotated[
        str, argument(FILE, "CSV, TSV, NDJSON or .xlsx file of what was counted, or a scan file; - for standard input.")
    ],
    location: LocationOption = None,
    zero_missing: Annotated[
        bool, switch("--zero-missing", "Also set to zero what the books have at the location and the file has not.")
    ] = False,
    at: Annotated[
        str | None,
        option(
            "--at", "WHEN", "Time of the count: an age (30m, 12h), local date or time. [default: the file's, else now]"
        ),
    ] = None,
    recount_over: Annotated[
        str | None,
        option(
            "--recount-over",
            "N|N%",
            "Leave out variances over N units, or N percent of the books, to be counted again.",
        ),
    ] = None,
    books: Annotated[
        str | None, option("--books", FILE, "File of the book quantities, if the API can't tell: sku and on_hand.")
    ] = None,
    skip_unknown: Annotated[
        bool, switch("--skip-unknown", "Leave out codes that Synq does not know, and write them to a file.")
    ] = False,
    confirm_missing: Annotated[
        int | None,
        option("--confirm-missing", "N", "Confirm --zero-missing: how many SKUs it sets to zero.", min=0),
    ] = None,
    report: ReportOption = None,
    shard: ShardOption = None,
    again: AgainOption = False,
    yes: YesOption = False,
) -> None:
    """Post a stock count: adjust the books by what is off.

    FILE has the columns sku, barcode or variant_id, counted, and optionally location and counted_at; or it is a file
    of `synq inventory scan`. Rows of the same SKU and location add up. synq works out what the books said at the time
    of the count, and posts the difference. Sales during and after the count therefore stay right: you can count while
    the shop is open, and post days later.

    A row without a time is of --at, else of the moment this command starts. If the rows of a SKU have several times,
    the last one counts; synq warns of SKUs that moved between the first and the last. Times without a zone are local.
    All are by this machine's clock; its offset from the API's clock comes from the responses of the API. The stock on
    hand is counted, which includes reserved units. In a scan file, a SKU that was scanned and taken back is not
    counted.

    First, synq shows the variances, the largest first, and asks for confirmation. --recount-over leaves the large ones
    out and writes them to FILE.recount.csv, to be filled in and posted as a count of its own. --zero-missing asks a
    second time; without a terminal, --yes is not enough for it: add --confirm-missing with the number of SKUs.

    An unknown code, a negative count and a row without a count are errors, and nothing is sent. --skip-unknown writes
    rows with unknown codes to FILE.unknown.csv instead.

    Counting the same file again posts nothing, because synq does not take the entries of its own counts for goods that
    moved. It knows the counts of this machine or, with a team store, of the team: without one, post all counts from one
    machine. Post counts in the order in which they were taken. Like any bulk run, a count can be interrupted, resumed
    and undone.

    Without a ledger or stock levels at the server, --books FILE has the book quantities: columns sku, barcode or
    variant_id, on_hand, and optionally location. They are taken for the stock at the time of the count.

    Examples:
      synq inventory count friday.csv --location "Leith warehouse" --dry-run
      synq inventory count friday.csv --location "Leith warehouse" --recount-over 10% --yes
      synq inventory count friday.csv --at "2026-11-20T17:30" --dry-run
    """
    from synq_cli.bulk.counting.earlier import EarlierCounts
    from synq_cli.bulk.counting.plan import Limit
    from synq_cli.bulk.verbs.count_stock import CountOptions, CountStock

    now = run.system.now()
    if zero_missing and skip_unknown:
        raise UsageError(
            "--zero-missing conflicts with --skip-unknown: an unknown code may be of a SKU that is then set to zero.",
            hint="Remove the unknown codes from the file first, or count without --zero-missing.",
        )
    if confirm_missing is not None and not zero_missing:
        raise UsageError("--confirm-missing requires --zero-missing.")
    taken_at = parse_since(at, now)
    if taken_at is not None and taken_at > now:
        raise UsageError(f'The time "{at}" is in the future.')
    options = CountOptions(
        location or run.settings.location,
        now,
        lambda: EarlierCounts.read(run.runs, run.session.scope, run.system.now()),
        run.output.note,
        at=taken_at,
        zero_missing=zero_missing,
        recount_over=None if recount_over is None else Limit.parse(recount_over),
        skip_unknown=skip_unknown,
        books=None if books is None else (run.system.read_rows(books), shown_name(books)),
        again=again,
    )
    verb, text = CountStock(run.api), run.system.read_rows(file)
    verb.shard = parse_shard(shard)
    path = None if file == "-" else Path(file)
    plan = run.bulk.plan(verb, partial(verb.read_count, text, shown_name(file), options), file, path, again=again)
    if plan.rows and run.plan_file is not None:
        plan.write_files()
    if not plan.rows and not run.dry_run:
        _end_without_rows(run, plan)
    elif agreed(run, plan, report, yes=yes, columns=_PLAN, parts=_PARTS, preview=lambda: _preview(run, plan)):
        if missing := plan.missing:
            units = sum(each.delta for each in missing)
            skus = "1 SKU that was" if len(missing) == 1 else f"{len(missing):,} SKUs that were"
            question = f"Set {skus} not found at {missing[0].count.location} to zero ({units:+,} units)?"
            confirm_number(run, question, len(missing), confirm_missing, option="--confirm-missing")
        finish(run, run.bulk.start(plan), report)


def _preview(run: RunContext, plan: "CountPlan") -> None:
    """Show the largest variances, and write the files of what is left out."""
    shown = plan.sent[:_MOST_SHOWN]
    moved = any(each.on_hand not in {None, each.book} for each in shown)
    several = len({each.count.location for each in shown}) > 1
    hidden = {*(() if moved else ("before", "after")), *(() if several else ("location",))}
    columns = [column for column in _VARIANCE if column.key not in hidden]
    if run.output.preview([each.as_row() for each in shown], columns):
        if more := len(plan.sent) - len(shown):
            run.output.note(f"and {more:,} smaller ones; --dry-run shows all.")
    elif shown:
        run.output.note(plan.largest())
    plan.write_files()
    files = plan.files()
    if "recount" in files:
        skus = "1 SKU" if len(plan.left_out) == 1 else f"{len(plan.left_out):,} SKUs"
        run.output.note(f"Left out, to be counted again: {skus}, in {files['recount']}.")
    if "unknown" in files:
        run.output.note(f"Left out, with unknown codes: the rows in {files['unknown']}.")


def _end_without_rows(run: RunContext, plan: "CountPlan") -> None:
    """Show the plan of a count without a variance to post; programs get an empty summary."""
    for line in plan.lines():
        run.output.note(line)
    _preview(run, plan)
    end_without_rows(run, plan)
