"""`synq apply`."""

from typing import Annotated

from synq_cli.cli.command import ANY
from synq_cli.cli.confirmation import confirm
from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.options import YesOption, switch
from synq_cli.commands.bulk import ReportOption, finish
from synq_cli.commands.plans.reading import CHANGES, HEAD, PARTS, PlanArgument, changes_of, head_of, read_plan, standing
from synq_cli.errors import RefusedError

group = CommandGroup()

_MOST_SHOWN = 20


@group.command("apply", effect=ANY, requests=(1, None), bulk=True, planned=False)
def apply_plan(
    run: RunContext,
    plan: PlanArgument,
    approved: Annotated[
        bool, switch("--approved", "Apply without a question what `synq approve` has approved on this machine.")
    ] = False,
    report: ReportOption = None,
    yes: YesOption = False,
) -> None:
    """Apply a plan, once.

    Shows what the plan changes and asks for confirmation; in a script, use --yes. synq refuses a plan that has
    expired, was changed after it was made, is for another tenant or was applied before (exit status 11): its id is
    recorded on this machine before the first request.

    Settings, channels, products, roles and whatever else a row replaces or deletes are read again just before, for one
    more request a row. If a value has changed since the plan was made, the row is not sent; if those are the only rows
    that failed, the exit status is 8. A row whose values are there already counts as done. Of stock, synq reads the
    levels once, and warns of those that have moved; the rows are sent, since they add and subtract.

    The plan becomes a bulk run with a journal: `synq runs resume` continues it if it was interrupted, and `synq runs
    undo` reverses adjustments, transfers and reservations. A creation that got no response is never sent twice.

    Examples:
      synq apply restock.json
      synq apply restock.json --yes --report result.csv
      synq apply restock.json --dry-run
    """
    from synq_cli.bulk.plans import applying
    from synq_cli.bulk.report import check_report

    document = read_plan(run, plan)
    applying.check(document, *standing(run, document))
    if approved:
        _require_approval(run, document.id, document.digest)
    check_report(report, None, None)
    prepared = applying.plan_of(run.bulk, document, run.plans.use)
    applying.warn_of_moved(run.bulk, document)
    if run.dry_run:
        run.output.panel(f"Would apply plan {document.id}", head_of(run, document), HEAD, PARTS)
        return
    what = prepared.verb.counted(len(prepared.rows))
    rows = changes_of(document)
    head = head_of(run, document)
    run.output.note(
        f"Plan {document.id} of `synq {head['command']}` by {head['created_by']}: {what}, "
        f"{prepared.requests:,} request{'s' * (prepared.requests != 1)}."
    )
    for line in document.values["summary"].get("lines", []):
        run.output.note(str(line))
    if run.output.preview(rows[:_MOST_SHOWN], CHANGES) and len(rows) > _MOST_SHOWN:
        run.output.note(f"and {len(rows) - _MOST_SHOWN:,} more; `synq plan show` shows all.")
    if not approved:
        confirm(run, f"Send {what} to {run.session.profile}?", yes=yes)
    finish(run, run.bulk.start(prepared), report)


def _require_approval(run: RunContext, plan: str, digest: str) -> None:
    """RefusedError unless a person has approved the plan with this hash on this machine."""
    if run.plans.approval(plan, digest) is None:
        raise RefusedError(
            f"The plan {plan} is not approved on this machine. Nothing was sent.",
            hint=f"Somebody has to look at it and run, on a terminal: synq approve {plan}",
        )
