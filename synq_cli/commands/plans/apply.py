"""`synq apply`."""

from itertools import islice
from typing import TYPE_CHECKING, Annotated

from synq_cli.cli.command import ANY
from synq_cli.cli.confirmation import asks, confirm
from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.options import YesOption, switch
from synq_cli.cli.planning import with_profile
from synq_cli.commands.bulk import ReportOption, end_without_rows, finish
from synq_cli.commands.plans.reading import CHANGES, HEAD, PARTS, PlanArgument, head_of, read_plan, standing
from synq_cli.errors import RefusedError

if TYPE_CHECKING:
    from synq_cli.bulk.plans.document import Document

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

    Just before it replaces or deletes something, such as settings, a channel, a product or a role, synq reads the
    current value again (one more request per row). If a value has changed since the plan was made, the row is not sent;
    if those are the only rows that failed, the exit status is 8. A row whose values are there already counts as done.
    Of stock, synq reads the levels once, and warns of those that have moved; the rows are sent, since they add and
    subtract.

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
    applying.check(document, *standing(run, document), profile=run.session.profile)
    if approved:
        _require_approval(run, plan, document)
    check_report(report, None, None)
    title = f"Plan of `synq {document.values['command']}`"
    prepared = applying.plan_of(run.bulk, document, run.plans.use)
    if not document.rows:
        run.output.note("The plan has no rows: there is nothing to send.")
        end_without_rows(run, prepared)
        return
    applying.warn_of_moved(run.bulk, document)
    if run.dry_run:
        run.output.panel(f"Would apply plan {document.id}", head_of(run, document), HEAD, PARTS, whole=True)
        return
    what = prepared.verb.counted(len(prepared.rows))
    if not approved and asks(run, yes=yes):
        run.output.subject(title, head_of(run, document), HEAD, PARTS)
    else:
        _announce(run, document, what)
    if not approved:
        confirm(run, f"Send {what} to {run.session.profile}?", yes=yes)
    finish(run, run.bulk.start(prepared), report)


def _announce(run: RunContext, document: "Document", what: str) -> None:
    """Say what is applied without a question, with the first changes."""
    from synq_cli.bulk.plan import numbered
    from synq_cli.bulk.plans.showing import changes_of

    values = document.values
    cost = numbered(values["requests"], "request")
    run.output.note(f"Plan {document.id} of `synq {values['command']}` by {values['created_by']}: {what}, {cost}.")
    for line in values["summary"].get("lines", []):
        run.output.note(str(line))
    rows = list(islice(changes_of(run.bulk, document), _MOST_SHOWN + 1))
    if run.output.preview(rows[:_MOST_SHOWN], CHANGES) and len(rows) > _MOST_SHOWN:
        run.output.note("`synq plan show` shows all changes.")


def _require_approval(run: RunContext, plan: str, document: "Document") -> None:
    """RefusedError unless a person has approved the plan with this hash on this machine."""
    if run.plans.approval(document.id, document.digest) is None:
        line = with_profile(run, f"synq approve {plan}")
        raise RefusedError(
            f"The plan {document.id} is not approved on this machine. Nothing was sent.",
            hint=f"To approve it, run `{line}` in a terminal.",
        )
