"""`synq approve`, `synq plan list` and `synq plan reject`."""

from typing import TYPE_CHECKING

from synq_cli.cli.confirmation import can_ask, confirm
from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.planning import person, with_profile
from synq_cli.commands.plans.reading import HEAD, PARTS, PlanArgument, head_of, read_plan, standing
from synq_cli.errors import RefusedError, UsageError
from synq_cli.output.columns import Column
from synq_cli.output.formats import age, quantity, timestamp, whole

if TYPE_CHECKING:
    from synq_cli.bulk.plans.document import Document

group = CommandGroup()
proposals = CommandGroup()
rejections = CommandGroup()

COLUMNS = [
    Column("Plan", "id", whole),
    Column("Command", "command"),
    Column("Changes", "changes"),
    Column("Rows", "rows", quantity),
    Column("Approved by", "approved_by"),
    Column("Created by", "created_by", drop=3),
    Column("Created", "created_at", age, drop=2),
    Column("Expires", "expires_at", timestamp, drop=1),
    Column("Profile", "profile", drop=4),
]


@group.command("approve")
def approve_plan(run: RunContext, plan: PlanArgument) -> None:
    """Approve a plan for `synq apply --approved`.

    Shows the whole plan and asks, on a terminal only: no option answers for you. In production the profile's name
    confirms. synq records the id and the hash of the plan on this machine, and `synq apply --approved` applies just
    that. If the file changes afterwards, the approval does not hold. Answer no to withdraw an earlier approval. This
    command sends nothing.

    Examples:
      synq approve restock.json
      synq approve threshold.json
    """
    from synq_cli.bulk.plans import applying

    if not can_ask(run):
        raise RefusedError(
            "Approval needs a terminal.", hint=f"Run it there yourself: {with_profile(run, f'synq approve {plan}')}"
        )
    document = read_plan(run, plan)
    applying.check(document, *standing(run, document), profile=run.session.profile)
    run.output.subject(f"Plan of `synq {document.values['command']}`", head_of(run, document), HEAD, PARTS)
    try:
        confirm(run, f"Approve plan {document.id} for {run.session.profile}?", yes=False)
    except RefusedError as refused:
        if run.plans.withdraw(document.id, document.digest):
            raise RefusedError("Not confirmed: the earlier approval is withdrawn.") from None
        raise RefusedError("Not confirmed; the plan is not approved.", hint=refused.hint) from None
    run.plans.approve(document.id, document.digest, person(run))
    run.output.note(f"Approved. To apply it, run: {with_profile(run, f'synq apply {plan} --approved')}")


@proposals.command("list")
def list_proposals(run: RunContext) -> None:
    """List the plans that agents have proposed.

    These are the proposals for this tenant that agents have made through MCP on this machine, with what they change and
    who has approved them, without those that were applied or rejected or have expired. This command sends nothing.

    Examples:
      synq plan list
      synq plan list --json
    """
    from synq_cli.bulk.plans import document

    rows = []
    for text, approval in run.plans.waiting(run.session.scope):
        found = document.read(text, "A proposal")
        values = found.values
        rows.append(
            {key: values[key] for key in ("id", "command")}
            | {"changes": _summary(run, found), "rows": values["summary"].get("rows", len(found.rows))}
            | {key: values[key] for key in ("created_by", "created_at", "expires_at", "profile")}
            | {"approved_by": approval and approval.approver}
        )
    run.output.rows(rows, COLUMNS, empty="No plans are proposed.")


def _summary(run: RunContext, found: "Document") -> str:
    """The first changes of a plan; why they can't be shown, if so."""
    from synq_cli.bulk.plans.showing import summary_of

    try:
        return summary_of(run.bulk, found)
    except UsageError as error:
        return error.message


@rejections.command("reject")
def reject_plan(run: RunContext, plan: PlanArgument) -> None:
    """Reject a plan: withdraw its approval, drop the proposal.

    A proposal disappears from `synq plan list` and can't be applied any more. Of a plan in a file only the approval is
    withdrawn; delete the file yourself. This command sends nothing.

    Examples:
      synq plan reject restock.json
      synq plan reject threshold.json
    """
    document = read_plan(run, plan)
    is_withdrawn = run.plans.withdraw(document.id, document.digest)
    is_dropped = run.plans.drop(document.id)
    done = [*(["its approval is withdrawn"] if is_withdrawn else []), *(["it is not proposed"] if is_dropped else [])]
    what = " and ".join(done) or "it was neither proposed nor approved on this machine"
    run.output.note(f"Plan {document.id}: {what}.")
