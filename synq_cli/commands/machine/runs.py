"""`synq runs`: list, show, resume and undo bulk runs."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.metavars import RUN
from synq_cli.cli.options import YesOption, argument, option, switch
from synq_cli.commands.bulk import ReportOption, carry_out, finish, summary_of
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import Format, age, delta, identifier, quantity, state, timestamp, whole

if TYPE_CHECKING:
    from synq_cli.bulk.runs import Runs

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

# What rows of runs send, and what is read to find those that got no response.
_SENT = (
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
)

RunArgument = Annotated[str, argument(RUN, "Run id, or its first characters.")]
TeamOption = Annotated[bool, switch("--team", "Only look in the team store.")]
_WORKERS = Column("Workers", "workers", Format(lambda workers, *_: _named(workers)))


@group.command("list")
def list_runs(
    run: RunContext, team: Annotated[bool, switch("--team", "List the runs in the team store.")] = False
) -> None:
    """List the bulk runs of this machine or team, newest first.

    A run is running, finished, stopped (rows are pending: resume it), unclear (the outcome of some rows is unknown),
    in transit (units have left one location and not arrived at the other: resume or undo it) or undone (such units were
    put back). This command sends nothing.

    If the profile has a team_store, its runs are kept there, where the whole team sees them: --team lists them.

    Examples:
      synq runs list
      synq runs list --json
    """
    runs = _team_runs(run) if team else run.local_runs
    empty = "There are no runs. To start one, run `synq inventory adjust --file FILE`."
    run.output.rows(runs.rows(), COLUMNS, empty=empty)
    if not team and run.team_runs:
        run.output.note("Runs of this profile are in the team store: synq runs list --team")


@group.command("show")
def show_run(
    run: RunContext,
    run_id: RunArgument,
    rows: Annotated[
        Literal["failed", "unknown", "all"] | None, option("--rows", "WHICH", "List rows of the run.")
    ] = None,
    team: TeamOption = False,
) -> None:
    """Show a bulk run, or its rows.

    Works while the run is running, too. --rows lists rows with the ledger entry, order or bulk job that each created,
    or with the error. Of a transfer, the first receipt is the entry with which the units left. This command sends
    nothing.

    A run that is not on this machine is looked up in the team store, if the profile has one. The output then includes
    the machines that work or worked on it.

    Examples:
      synq runs show 2611
      synq runs show 2611 --rows failed
      synq runs show 2611 --rows all -o csv
    """
    runs = _runs(run, run_id, team=team)
    if rows is None:
        row = runs.overview(run_id)
        run.output.record(row, [*summary_of(row), *([_WORKERS] if "workers" in row else [])])
    else:
        found = runs.rows_of(run_id, rows)
        # The keys of rows depend on the command, some on the row.
        keys = {key for row in found for key in row}
        columns = [column for column in ROWS if not found or column.key in keys]
        run.output.rows(found, columns, empty="No rows match.")


@group.command("resume", *_SENT, requests=(0, None), bulk=True, planned=False)
def resume_run(
    run: RunContext,
    run_id: RunArgument,
    resend: Annotated[
        str | None,
        option("--resend-unknown", "LINE,...", "Send these lines again, although they may have been applied."),
    ] = None,
    report: ReportOption = None,
    team: TeamOption = False,
) -> None:
    """Resume a bulk run that was interrupted.

    Sends the pending rows. Rows that were sent but got no response are reconciled first. What can't count twice is sent
    again: an order under its own key, a release, new values of a product. The rest is looked up: adjustments in the
    stock ledger; parcels, returns and cancellations in their orders; reservations, invitations and parts of an import
    in their lists. Of a transfer, only what is missing is sent: units in transit arrive, also if the API had refused
    them. If the outcome stays unknown (exit status 10), the row is never sent again, unless you list its line with
    --resend-unknown. Check it first: a row that was already applied would be applied twice.

    A run in the team store can be resumed on any machine once the lease of the machine that worked on it has expired,
    one minute after its last renewal. To send rows together with other machines, use `synq runs join`.

    Examples:
      synq runs resume 2611
      synq runs resume 2611 --report result.csv
    """
    from synq_cli.bulk.plan import parse_lines
    from synq_cli.bulk.report import check_report

    lines, bulk = parse_lines(resend), run.engine(_runs(run, run_id, team=team))
    plan = bulk.plan_resume(run_id, lines)
    check_report(report, plan.path, plan.shard)
    if run.dry_run:
        carry_out(run, plan, lambda: bulk.resume(run_id, lines), report, yes=True)
    else:
        finish(run, bulk.resume(run_id, lines), report)


@group.command("join", *_SENT, requests=(0, None), bulk=True, planned=False)
def join_run(run: RunContext, run_id: RunArgument, report: ReportOption = None) -> None:
    """Send rows of a run together with other machines.

    Claims a few rows at a time. Rows of one SKU at one location are sent in order, even by different machines. If a
    machine fails, the others take over its rows after a minute, and first reconcile those that it sent, as
    `synq runs resume` does. The command returns when the run is finished: summary and exit status are those of the
    whole run, and it reports how many rows this machine sent.

    Requires a team_store in the profile. For an import, the file must be at the same path on each machine.

    Examples:
      synq runs join 2611
      synq runs join 2611 --report result.csv
    """
    from synq_cli.bulk.report import check_report

    bulk = run.engine(_team_runs(run))
    plan = bulk.plan_resume(run_id, (), join=True)
    check_report(report, plan.path, plan.shard)
    if run.dry_run:
        carry_out(run, plan, lambda: bulk.resume(run_id, (), join=True), report, yes=True)
    else:
        finish(run, bulk.resume(run_id, (), join=True), report)


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
    team: TeamOption = False,
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
    bulk = run.engine(_runs(run, run_id, team=team))
    plan = bulk.plan_undo(run_id, with_levels=run.dry_run, in_transit=in_transit)
    carry_out(run, plan, lambda: bulk.start(plan), report, yes=yes)


def _team_runs(run: RunContext) -> "Runs":
    """The runs of the team; UsageError if the profile has no team store."""
    found = run.team_runs
    if found is None:
        run.open_team()  # says what is missing
    assert found is not None
    return found


def _runs(run: RunContext, run_id: str, *, team: bool) -> "Runs":
    """The runs among which this one is: those of this machine or, if it is not there, of the team store."""
    if team:
        return _team_runs(run)
    return run.local_runs if run.local_runs.has(run_id) else run.runs


def _named(workers: Any) -> str:
    """The machines that work on a run, in words."""
    return "; ".join(
        f"{each['machine']} (process {each['process']}, {', '.join(filter(None, (each['profile'], each['person'])))}): "
        f"{each['state']}, {each['rows']} row{'s' * (each['rows'] != 1)}"
        for each in workers
    )
