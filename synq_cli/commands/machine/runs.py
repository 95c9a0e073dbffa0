"""`synq runs list/show/resume/undo`."""

from typing import Annotated, Literal

import typer

from synq_cli.cli.lazy_groups import Noun
from synq_cli.cli.options import YesOption, invocation
from synq_cli.cli.values import RUN
from synq_cli.commands.bulk import SUMMARY, ReportOption, carry_out, finish
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import age, delta, quantity, state, whole

group = Noun("Look at bulk runs, resume them, undo them.")

COLUMNS = [
    Column("Run", "id", whole),
    Column("Command", "command"),
    Column("File", "file"),
    Column("Started", "started_at", age, drop=1),
    Column("State", "state", state),
    Column("Done", "done", quantity),
    Column("Failed", "failed", quantity),
    Column("Unknown", "unknown", quantity),
    Column("Pending", "pending", quantity),
    Column("Takes back", "undoes", whole, drop=2),
    Column("Taken back by", "undone_by", whole, drop=2),
    Column("Profile", "profile", drop=3),
]
ROWS = [
    Column("Line", "line", quantity),
    Column("Status", "status", state),
    Column("SKU", "sku", whole),
    Column("Location", "location"),
    Column("Quantity", "delta", delta),
    Column("Payment", "payment_reference", drop=2),
    Column("Key", "idempotency_key", drop=2),
    Column("Last line", "last_line", quantity),
    Column("Products", "products", quantity),
    Column("Receipt", "receipt", drop=1),
    Column("Code", "error_code"),
    Column("Error", "error"),
]

RunArgument = Annotated[str, typer.Argument(metavar=RUN, help="The run's id, or its first letters.")]


@group.command("list")
def list_runs(ctx: typer.Context) -> None:
    """List the bulk runs of this machine.

    The latest first. A run is running, finished, stopped (rows are pending: resume it) or unclear (of some rows
    nobody knows whether they were carried out). Nothing is sent.

    Examples:
      synq runs list
      synq runs list --json
    """
    run = invocation(ctx)
    run.output.rows(run.runs.rows(), COLUMNS, empty="No runs yet; `synq inventory adjust --file` makes one.")


@group.command("show")
def show_run(
    ctx: typer.Context,
    run_id: RunArgument,
    rows: Annotated[
        Literal["failed", "unknown", "all"] | None,
        typer.Option("--rows", metavar="WHICH", case_sensitive=False, help="List its rows."),
    ] = None,
) -> None:
    """Show a bulk run, or its rows.

    Where it stands, also while it is running. --rows lists single rows with the ledger entry, order or bulk job that
    each became, or with what the API said. Nothing is sent.

    Examples:
      synq runs show 2611
      synq runs show 2611 --rows failed
      synq runs show 2611 --rows all -o csv
    """
    run = invocation(ctx)
    if rows is None:
        run.output.record(run.runs.overview(run_id), SUMMARY)
    else:
        told = run.runs.rows_of(run_id, rows)
        # Each command's rows have keys of their own.
        columns = [column for column in ROWS if not told or column.key in told[0]]
        run.output.rows(told, columns, empty="No such rows.")


@group.command(
    "resume",
    operations.ADJUST_INVENTORY,
    operations.LIST_INVENTORY_LEDGER,
    operations.CREATE_ORDER,
    operations.CREATE_BULK_JOB,
    operations.LIST_BULK_JOBS,
    requests=(0, None),
    bulk=True,
)
def resume_run(
    ctx: typer.Context,
    run_id: RunArgument,
    resend: Annotated[
        str | None,
        typer.Option(
            "--resend-unknown", metavar="LINE,...", help="Send these lines again although they may have arrived."
        ),
    ] = None,
    report: ReportOption = None,
) -> None:
    """Go on with a bulk run that was interrupted.

    Sends the rows that are pending. An order whose answer was lost goes again under its own key. Of an adjustment or
    a part of an import whose answer was lost it asks the stock ledger or the list of bulk jobs; where that can't tell,
    it stays unknown (exit 10) and is never sent again, unless --resend-unknown names its line: look first, for what
    did arrive would count twice.

    Examples:
      synq runs resume 2611
      synq runs resume 2611 --report result.csv
    """
    from synq_cli.bulk.files.report import check_report
    from synq_cli.bulk.plan import parse_lines

    run = invocation(ctx)
    check_report(report)
    lines = parse_lines(resend)
    plan = run.bulk.plan_resume(run_id, lines)
    if run.dry_run:
        carry_out(ctx, plan, lambda: run.bulk.resume(run_id, lines), report, yes=True)
    else:
        finish(ctx, run.bulk.resume(run_id, lines), report)


@group.command(
    "undo",
    operations.ADJUST_INVENTORY,
    operations.LIST_INVENTORY_LEDGER,
    operations.LIST_INVENTORY_LEVELS,
    requests=(0, None),
    bulk=True,
)
def undo_run(ctx: typer.Context, run_id: RunArgument, report: ReportOption = None, yes: YesOption = False) -> None:
    """Take a bulk run back, by the opposite of each row.

    The ledger is never rewritten, so this is a run of its own that posts the reverse of every row that is done; it is
    planned, asked about, journaled and resumed like any other. A run is taken back once. Orders are cancelled with
    `synq orders cancel` instead.

    Examples:
      synq runs undo 2611 --dry-run
      synq runs undo 2611 --yes
    """
    run = invocation(ctx)
    plan = run.bulk.plan_undo(run_id, with_levels=run.dry_run)
    carry_out(ctx, plan, lambda: run.bulk.start(plan), report, yes=yes)
