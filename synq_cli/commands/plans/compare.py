"""`synq plan from`: a plan that makes the tenant equal to files."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.commands.plans.export import READS, FolderArgument, OnlyOption, product_progress
from synq_cli.output.columns import Column
from synq_cli.output.formats import state, whole
from synq_cli.resources.tenant_files.parts import chosen

if TYPE_CHECKING:
    from synq_cli.resources.tenant_files.changes import Comparison

group = CommandGroup()

DIFFERENCES = [
    Column("Action", "action", state),
    Column("Object", "object", whole),
    Column("Field", "field"),
    Column("Before", "before"),
    Column("After", "after"),
    Column("Reason", "reason"),
]
# What remains, the most useful first, and how a summary calls it.
_REMAINDERS = {"later": "possible after that", "extra": "only in the tenant", "impossible": "that the API can't change"}


@group.command("from", *READS, requests=(1, None), planned=True)
def plan_from_files(run: RunContext, folder: FolderArgument, only: OnlyOption = None) -> None:
    """Plan the changes that make the tenant equal to files.

    Compares the files that `synq export` has written, and that you may have edited, with the tenant of the profile, and
    shows what differs: what a plan creates and updates, what waits for that (later), what the API has no route for
    (impossible), and what is only in the tenant (extra). Nothing is ever deleted. --plan FILE writes the plan for
    `synq plan show` and `synq apply`.

    The files may be from another tenant, such as staging: objects are matched by names, slugs, email addresses and
    SKUs, never by ids. A file that is missing is not compared. The files' problems are listed with their lines, and
    then nothing is planned. Reading costs what an export costs: one request for each product.

    If some objects are shown as later, run the command again once the plan is applied: children need the id of their
    parent, variants that of their product.

    Examples:
      synq plan from tenant
      synq plan from tenant --only settings,channels --plan plan.json
    """
    names = chosen(only)
    with product_progress(run) as progress:
        found = run.api.tenant_files.compare(Path(folder), names, progress)
    for sentence in found.notes:
        run.output.note(sentence)
    if run.plan_file != "-":
        run.output.rows(_rows(found), DIFFERENCES)
    run.output.note(_summary(found))
    if run.plan_file is not None and found.changes:
        _write_plan(run, folder, found)


def _write_plan(run: RunContext, folder: str, found: "Comparison") -> None:
    from synq_cli.bulk.verbs.apply_changes import ApplyChanges, Change
    from synq_cli.cli.planning import keep, point_to

    changes = (
        Change(each.operation, each.path, each.body, each.before, each.after if each.before else None, each.label)
        for each in found.changes
    )
    plan = run.bulk.estimated(ApplyChanges(run.api).plan(changes))
    plan.file = folder
    document = keep(run, plan, str(run.plan_file))
    if document is not None:
        point_to(run, document, str(run.plan_file))


def _rows(found: "Comparison") -> list[dict[str, Any]]:
    """A row for each field that a plan changes, each object that it creates, and each difference that remains."""
    rows: list[dict[str, Any]] = []
    for change in found.changes:
        before = change.before
        if before is None:
            rows.append(_row("create", change.label, after=change.after))
            continue
        fields = [name for name in change.after if before[name] != change.after[name]]
        rows += [_row("update", change.label, name, before[name], change.after[name]) for name in fields]
    for why in _REMAINDERS:
        rows += [_row(why, each.label, reason=each.reason) for each in found.remainders if each.why == why]
    return rows


def _row(
    action: str, label: str, field: str | None = None, before: Any = None, after: Any = None, reason: str | None = None
) -> dict[str, Any]:
    return {"action": action, "object": label, "field": field, "before": before, "after": after, "reason": reason}


def _summary(found: "Comparison") -> str:
    """How many differences there are of each kind."""
    changes = len(found.changes)
    if not changes and not found.remainders:
        return "The tenant is equal to the files: nothing to change."
    parts = [f"{changes:,} change{'s' * (changes != 1)} to plan" if changes else "Nothing to change"]
    for why, words in _REMAINDERS.items():
        if count := sum(each.why == why for each in found.remainders):
            parts.append(f"{count:,} {words}")
    return f"{', '.join(parts)}."
