"""`synq runs`: list, show, resume and undo bulk runs."""

from typing import Annotated, Literal

from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.metavars import RUN
from synq_cli.cli.options import YesOption, argument, option, switch
from synq_cli.commands.bulk import ReportOption, carry_out, finish, summary_of
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import age, delta, identifier, quantity, state, timestamp, whole

group = CommandGroup()

COLUMNS = [
    Column("Run", "id", whole),
    Column("Command", "command"),
    Column("File", "file"),
    Column("Started", "started_at", age, drop=1),
    Column("State", "state", state._replace(narrow="keep")),
    Column("Done", "done", quantity),
    Column("Failed", "failed", quantity),
    Column("Unknown", "unknown", quantity),
    Column("Pending", "pending", quantity),
    Column("In transit", "in_transit", quantity, drop=2),
    Column("Undoes", "undoes", whole, drop=2),
    Column("Undone by", "undone_by", whole, drop=2),
    Column("Profile", "profile", drop=3),
]
ROWS = [
    Column("Line", "line", quantity),
    Column("Status", "status", state),
    Column("SKU", "sku", whole),
    Column("Units", "quantity", quantity),
    Column("From", "from"),
    Column("To", "to"),
    Column("Location", "location"),
    Column("Books", "book", quantity),
    Column("Counted", "counted", quantity),
    Column("Quantity", "delta", delta),
    Column("Counted at", "counted_at", timestamp, drop=3),
    Column("Reference", "reference", drop=2),
    Column("Product", "product", whole),
    Column("Email", "email"),
    Column("Role", "role"),
    Column("Order", "order_id", identifier),
    Column("Tracking number", "tracking_number", whole),
    Column("Reason", "reason", drop=2),
    Column("Change", "label", whole),
    Column("Method", "method", drop=1),
    Column("Path", "path", drop=2),
    Column("Lines", "lines", drop=2),
    Column("Payment", "payment_reference", drop=2),
    Column("Key", "idempotency_key", drop=2),
    Column("Last line", "last_line", quantity),
    Column("Products", "products", quantity),
    Column("First receipt", "first_receipt", drop=1),
    Column("Receipt", "receipt", drop=1),
    Column("Code", "error_code"),
    Column("Error", "error"),
]

RunArgument = Annotated[str, argument(RUN, "Run id, or its first characters.")]


@group.command("list")
def list_runs(run: RunContext) -> None:
    """List the bulk runs of this machine, newest first.

    A run is running, finished, stopped (rows are pending: resume it), unclear (the outcome of some rows is unknown),
    in transit (units have left one location and not arrived at the other: resume or undo it) or undone (such units were
    put back). This command sends nothing.

    Examples:
      synq runs list
      synq runs list --json
    """
    run.output.rows(
        run.runs.rows(), COLUMNS, empty="There are no runs. To start one, run `synq inventory adjust --file FILE`."
    )


@group.command("show")
def show_run(
    run: RunContext,
    run_id: RunArgument,
    rows: Annotated[
        Literal["failed", "unknown", "all"] | None, option("--rows", "WHICH", "List rows of the run.")
    ] = None,
) -> None:
    """Show a bulk run, or its rows.

    Works while the run is running, too. --rows lists rows with the ledger entry, order or bulk job that each created,
    or with the error. Of a transfer, the first receipt is the entry with which the units left. This command sends
    nothing.

    Examples:
      synq runs show 2611
      synq runs show 2611 --rows failed
      synq runs show 2611 --rows all -o csv
    """
    if rows is None:
        row = run.runs.overview(run_id)
        run.output.record(row, summary_of(row))
    else:
        found = run.runs.rows_of(run_id, rows)
        # The keys of rows depend on the command, some on the row.
        keys = {key for row in found for key in row}
        columns = [column for column in ROWS if not found or column.key in keys]
        run.output.rows(found, columns, empty="No rows match.")


@group.command(
    "resume",
    operations.ADJUST_INVENTORY,
    operations.LIST_INVENTORY_LEDGER,
    operations.CREATE_ORDER,
    operations.CREATE_BULK_JOB,
    operations.LIST_BULK_JOBS,
    operations.CREATE_RESERVATION,
    operations.RELEASE_RESERVATION,
    operations.LIST_RESERVATIONS,
    operations.INVITE_MEMBER,
    operations.LIST_MEMBERS,
    operations.UPDATE_PRODUCT,
    operations.CREATE_FULFILLMENT,
    operations.LIST_FULFILLMENTS,
    operations.CREATE_RETURN,
    operations.LIST_RETURNS,
    operations.CANCEL_ORDER,
    operations.GET_ORDER,
    requests=(0, None),
    bulk=True,
    planned=False,
)
def resume_run(
    run: RunContext,
    run_id: RunArgument,
    resend: Annotated[
        str | None,
        option("--resend-unknown", "LINE,...", "Send these lines again, although they may have been applied."),
    ] = None,
    report: ReportOption = None,
) -> None:
    """Resume a bulk run that was interrupted.

    Sends the pending rows. Rows that were sent but got no response are reconciled first. What can't count twice is sent
    again: an order under its own key, a release, new values of a product. The rest is looked up: adjustments in the
    stock ledger; parcels, returns and cancellations in their orders; reservations, invitations and parts of an import
    in their lists. Of a transfer, only what is missing is sent: units in transit arrive, also if the API had refused
    them. If the outcome stays unknown (exit status 10), the row is never sent again, unless you list its line with
    --resend-unknown. Check it first: a row that was already applied would be applied twice.

    Examples:
      synq runs resume 2611
      synq runs resume 2611 --report result.csv
    """
    from synq_cli.bulk.plan import parse_lines
    from synq_cli.bulk.report import check_report

    lines = parse_lines(resend)
    plan = run.bulk.plan_resume(run_id, lines)
    check_report(report, plan.path, plan.shard)
    if run.dry_run:
        carry_out(run, plan, lambda: run.bulk.resume(run_id, lines), report, yes=True)
    else:
        finish(run, run.bulk.resume(run_id, lines), report)


@group.command(
    "undo",
    operations.ADJUST_INVENTORY,
    operations.LIST_INVENTORY_LEDGER,
    operations.LIST_INVENTORY_LEVELS,
    operations.CREATE_RESERVATION,
    operations.RELEASE_RESERVATION,
    operations.LIST_RESERVATIONS,
    requests=(0, None),
    bulk=True,
)
def undo_run(
    run: RunContext,
    run_id: RunArgument,
    in_transit: Annotated[bool, switch("--in-transit", "Only put back units that are in transit.")] = False,
    report: ReportOption = None,
    yes: YesOption = False,
) -> None:
    """Undo a bulk run of adjustments, transfers or reservations.

    Starts a new run that does the opposite of every row that is done: ledger entries can't be deleted, so it posts the
    opposite quantity; what was reserved is released, and what was released is reserved again. Units of a transfer that
    are in transit are put back; with --in-transit, only these. Like any run it asks for confirmation and can be
    resumed. A run can be undone once, and not be resumed after that. To undo orders, use `synq orders cancel`.

    Examples:
      synq runs undo 2611 --dry-run
      synq runs undo 2611 --yes
    """
    plan = run.bulk.plan_undo(run_id, with_levels=run.dry_run, in_transit=in_transit)
    carry_out(run, plan, lambda: run.bulk.start(plan), report, yes=yes)
