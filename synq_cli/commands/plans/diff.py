"""`synq plan diff`."""

from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.commands.plans.reading import PlanArgument, read_plan, standing
from synq_cli.errors import ConflictError
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import quantity, state, whole

group = CommandGroup()

COLUMNS = [
    Column("Line", "line", quantity),
    Column("What", "what", whole),
    Column("Field", "field"),
    Column("Before", "before"),
    Column("Now", "now"),
    Column("Planned", "planned"),
    Column("State", "state", state),
]


@group.command(
    "diff",
    operations.GET_PRODUCT,
    operations.LIST_INVENTORY_LEVELS,
    operations.LIST_CHANNELS,
    operations.LIST_CONNECTIONS,
    operations.LIST_MEMBERS,
    operations.LIST_RESERVATIONS,
    operations.GET_ORGANIZATION,
    operations.GET_TENANT_SETTINGS,
    operations.LIST_VARIANTS,
    operations.LIST_LOCATIONS,
    requests=(0, None),
)
def compare_plan(run: RunContext, plan: PlanArgument) -> None:
    """Compare a plan with what is there now.

    Reads what each row replaces, for one request per row, and the stock that rows move. A row is unchanged, changed
    (somebody else has changed it since: `synq apply` refuses it, except for stock) or as planned already. Creations
    are not compared. Like `git diff --exit-code`, it exits with 0 if nothing but what was planned has changed, and with
    8 if something has. A plan that was edited or applied is refused (exit status 11).

    Examples:
      synq plan diff threshold.json
      synq plan diff threshold.json -o csv
    """
    from synq_cli.bulk.plan import numbered
    from synq_cli.bulk.plans import applying
    from synq_cli.bulk.plans.comparing import differences

    document = read_plan(run, plan)
    runs, scope, now, used_at = standing(run, document)
    applying.check_pending(document, runs, scope, used_at, profile=run.session.profile)
    if why := applying.why_never(document, now):
        run.output.warn(f"This plan can't be applied: {why}.")
    rows = list(differences(run.bulk, document))
    run.output.rows(rows, COLUMNS, empty="The plan has no rows.")
    planned = {row["line"] for row in rows if row["state"] == "as planned"}
    if changed := {row["line"] for row in rows if row["state"] == "changed"}:
        has = "has" if len(changed) == 1 else "have"
        of = numbered(len(document.rows), "row")
        raise ConflictError(f"{len(changed):,} of {of} {has} changed since the plan was made.")
    if planned:
        run.output.note(f"As planned already: {numbered(len(planned), 'row')}.")
