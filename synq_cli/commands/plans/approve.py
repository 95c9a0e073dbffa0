"""`synq approve` and `synq plan list`."""

from synq_cli.cli.confirmation import can_ask, confirm
from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.planning import person
from synq_cli.commands.plans.reading import HEAD, PARTS, PlanArgument, head_of, read_plan, standing
from synq_cli.errors import RefusedError
from synq_cli.output.columns import Column
from synq_cli.output.formats import age, quantity, timestamp, whole

group = CommandGroup()
proposals = CommandGroup()

COLUMNS = [
    Column("Plan", "id", whole),
    Column("Command", "command"),
    Column("Rows", "rows", quantity),
    Column("Created by", "created_by"),
    Column("Created", "created_at", age),
    Column("Expires", "expires_at", timestamp, drop=1),
    Column("Approved by", "approved_by"),
    Column("Profile", "profile", drop=2),
]


@group.command("approve")
def approve_plan(run: RunContext, plan: PlanArgument) -> None:
    """Approve a plan for `synq apply --approved`.

    Shows the plan and asks, on a terminal only: no option answers for you. In production the profile's name confirms.
    synq records the id and the hash of the plan on this machine, and `synq apply --approved` applies just that. If the
    file changes afterwards, the approval does not hold. This command sends nothing.

    Examples:
      synq approve restock.json
      synq approve threshold.json
    """
    from synq_cli.bulk.plans import applying

    if not can_ask(run):
        raise RefusedError("A plan can only be approved on a terminal, by a person.", hint="Run it in a terminal.")
    document = read_plan(run, plan)
    applying.check(document, *standing(run, document))
    run.output.panel(f"Plan of `synq {document.values['command']}`", head_of(run, document), HEAD, PARTS)
    confirm(run, f"Approve plan {document.id} for {run.session.profile}?", yes=False)
    run.plans.approve(document.id, document.digest, person(run))
    run.output.note(f"Approved. To apply it, run: synq apply {plan} --approved")


@proposals.command("list")
def list_proposals(run: RunContext) -> None:
    """List proposed plans that wait for approval.

    These are the proposals for this tenant that agents have made through MCP on this machine, without those that were
    applied or have expired. This command sends nothing.

    Examples:
      synq plan list
      synq plan list --json
    """
    from synq_cli.bulk.plans import document

    rows = []
    for text, approval in run.plans.waiting(run.session.scope):
        values = document.read(text, "A proposal").values
        rows.append(
            {key: values[key] for key in ("id", "command", "created_by", "created_at", "expires_at", "profile")}
            | {"rows": len(values["rows"]), "approved_by": approval and approval.approver}
        )
    run.output.rows(rows, COLUMNS, empty="No plans wait for approval.")
