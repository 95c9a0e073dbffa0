"""`synq plan from`: a plan that makes the tenant match files."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from synq_cli import exact_json
from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.options import switch
from synq_cli.commands.plans.export import READS, FolderArgument, OnlyOption, product_progress
from synq_cli.output.columns import Column
from synq_cli.output.formats import plain, state, whole
from synq_cli.resources.tenant_files.parts import chosen

if TYPE_CHECKING:
    from synq_cli.resources.tenant_files.changes import Comparison

group = CommandGroup()

DIFFERENCES = [
    Column("Action", "action", state._replace(narrow="keep")),
    Column("Object", "object", whole),
    Column("Field", "field", table=False),
    Column("Before", "before", table=False),
    Column("After", "after", table=False),
    Column("Reason", "reason", table=False),
]
# Nothing is cut: if the terminal is too narrow, the rows are stacked.
TABLE = [*DIFFERENCES[:2], Column("Details", "details", whole), *DIFFERENCES[2:]]
# The differences that a plan leaves, and what a summary says about them.
_REMAINDERS = {
    "later": "possible once this plan is applied; then run the command again",
    "impossible": "the API can't change this",
    "extra": "only in the tenant; a plan deletes nothing",
}


@group.command("from", *READS, requests=(1, None), planned=True)
def plan_from_files(
    run: RunContext,
    folder: FolderArgument,
    only: OnlyOption = None,
    everything: Annotated[bool, switch("--all", "Also list the differences that are not part of the plan.")] = False,
) -> None:
    """Plan the changes that make the tenant match files.

    Compares files from `synq export`, including your edits, with the tenant of the profile. Shows what the plan creates
    and updates, and counts the other differences: changes that are possible once the plan is applied (later), changes
    that the API can't make (impossible), and objects that are only in the tenant (extra). --all lists them, as does
    every output format except table. --plan FILE writes the plan for `synq plan show` and `synq apply`. A plan deletes
    nothing.

    The files may be from another tenant, such as staging: synq matches objects by name, slug, email address or SKU,
    never by id. Missing files are not compared. Invalid values are listed with their lines, and nothing is planned.
    Reading costs as much as an export: one request per product.

    If objects are shown as later, run the command again once the plan is applied: children need the id of their
    parent, and variants the id of their product.

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
        _print(run, found, everything=everything)
    for sentence in found.warnings:
        run.output.warn(sentence)
    for line in _summary(found):
        run.output.note(line)
    if found.remainders and run.output.format == "table" and not everything:
        run.output.note("To list these differences, add --all.")
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
    plan.file, plan.warnings = folder, [*plan.warnings, *found.warnings]
    document = keep(run, plan, str(run.plan_file))
    if document is not None:
        point_to(run, document, str(run.plan_file))


def _print(run: RunContext, found: "Comparison", *, everything: bool) -> None:
    """Print all rows; in a table those of the plan, and the others only if `everything` is wanted."""
    rows = list(_changes(found))
    in_table = run.output.format == "table"
    if everything or not in_table:
        left = found.remainders
        rows += [_row(why, each.label, reason=each.reason) for why in _REMAINDERS for each in left if each.why == why]
    if in_table:
        rows = [{**row, "details": row["reason"] or _change_text(row)} for row in rows]
    run.output.rows(rows, TABLE if in_table else DIFFERENCES)


def _changes(found: "Comparison") -> Iterator[dict[str, Any]]:
    """A row for each field that the plan updates, and one for each object that it creates."""
    for change in found.changes:
        before, after = change.before, change.after
        if before is None:
            yield _row("create", change.label, after=after)
            continue
        for name in after:
            if not exact_json.equals(before[name], after[name]):
                yield _row("update", change.label, name, before[name], after[name])


def _change_text(row: dict[str, Any]) -> str:
    if row["field"] is None:
        return ", ".join(f"{name}: {plain(value)}" for name, value in row["after"].items())
    return f"{row['field']}: {plain(row['before']) or '(none)'} → {plain(row['after']) or '(none)'}"


def _row(
    action: str, label: str, field: str | None = None, before: Any = None, after: Any = None, reason: str | None = None
) -> dict[str, Any]:
    return {"action": action, "object": label, "field": field, "before": before, "after": after, "reason": reason}


def _summary(found: "Comparison") -> Iterator[str]:
    """How many differences there are of each kind, a line for each."""
    changes = len(found.changes)
    if not changes and not found.remainders:
        yield "The tenant matches the files: nothing to change."
        return
    yield f"{changes:,} change{'s' * (changes != 1)} to plan." if changes else "Nothing to change."
    for why, words in _REMAINDERS.items():
        if count := sum(each.why == why for each in found.remainders):
            yield f"{count:,} {why}: {words}."
