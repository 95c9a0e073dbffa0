"""`synq plan diff`."""

from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.commands.plans.reading import PlanArgument, read_plan
from synq_cli.errors import ConflictError, RefusedError
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
    operations.LIST_INVENTORY_LEVELS,
    operations.GET_PRODUCT,
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
    are not compared. Like `git diff --exit-code`, it exits with 0 if nothing has changed since the plan was made, and
    with 8 if something has.

    Examples:
      synq plan diff threshold.json
      synq plan diff threshold.json -o csv
    """
    document = read_plan(run, plan)
    if document.scope != run.session.scope:
        raise RefusedError(f"The plan {document.id} is for {document.scope}, but this is {run.session.scope}.")
    from synq_cli.bulk.plans.comparing import differences

    rows = list(differences(run.bulk, document))
    run.output.rows(rows, COLUMNS, empty="The plan has no rows.")
    changed = {row["line"] for row in rows if row["state"] in {"changed", "as planned"}}
    if changed:
        has = "has" if len(changed) == 1 else "have"
        noun = "row" if len(document.rows) == 1 else "rows"
        raise ConflictError(f"{len(changed):,} of {len(document.rows):,} {noun} {has} changed since the plan was made.")
