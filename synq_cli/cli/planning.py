"""Writes plans: what a run with --plan would send goes into a document, for `synq apply`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from synq_cli.cli.context import RunContext
from synq_cli.errors import Planned, UsageError
from synq_cli.output.columns import Column
from synq_cli.output.formats import timestamp, whole

if TYPE_CHECKING:
    from synq_cli.bulk.plan import Plan
    from synq_cli.bulk.plans.document import Document

_HEAD = [
    Column("Plan", "id", whole),
    Column("Written to", "written_to", whole),
    Column("Expires", "expires_at", timestamp),
    Column("Hash", "hash", table=False),
]


def write_plan(
    run: RunContext,
    plan: "Plan",
    columns: Sequence[Column],
    parts: Mapping[str, tuple[str, Sequence[Column]]],
) -> None:
    """Write the plan of a bulk run and print its summary; nothing on standard output if it has no rows."""
    if not plan.rows and run.plan_file == "-":
        return
    document = keep(run, plan, str(run.plan_file))
    if document is None:
        return
    row = {name: value for name, value in plan.as_row().items() if name != "dry_run"}
    head = {key: document.values[key] for key in ("id", "expires_at", "hash")} | {"written_to": run.plan_file}
    shown = [*_HEAD, *(column for column in columns if column.key != "dry_run")]
    run.output.panel(f"Plan of {plan.verb.counted(len(plan.rows))}", head | row, shown, parts)
    point_to(run, document, str(run.plan_file))


def write_planned(run: RunContext, planned: Planned) -> None:
    """Write the plan of the write at which a run has stopped, and print it as a dry run does."""
    from synq_cli.bulk.plans.single import plan_write

    plan = run.bulk.estimated(plan_write(run.api, planned, command=run.command))
    document = keep(run, plan, str(run.plan_file))
    if document is None:
        return
    if run.output.format == "table":
        run.output.plan(planned.request, before=planned.before, after=planned.after)
    else:
        keys = ("id", "command", "expires_at", "requests", "minutes", "rows", "hash")
        row = {"written_to": run.plan_file, **{key: document.values[key] for key in keys}}
        run.output.record(row, [Column(key, key) for key in row])
    point_to(run, document, str(run.plan_file))


def keep(run: RunContext, plan: "Plan", file: str) -> "Document | None":
    """Write the document of a plan to a file and return it; None if it went to standard output."""
    from synq_cli.bulk.plans import document
    from synq_cli.state.folders import replace_file

    if any(row.content.get("is_copy") for row in plan.rows):
        raise UsageError(
            "The plan of an import needs a file that stays where it is.",
            hint="Save it as CSV or NDJSON in UTF-8, and give its name instead of standard input.",
        )
    from synq_cli.bulk.plan import seconds_for

    made = document.make(
        plan, run.session, command=run.command, created_by=person(run), now=run.system.now(),
        seconds_for=lambda requests: seconds_for(requests, run.budget.snapshot()),
    )  # fmt: skip
    run.has_plan = True
    if file == "-":
        run.output.document(made.values)
        return None
    replace_file(Path(file), made.text, hint=None)
    return made


def end_without_plan(run: RunContext) -> None:
    """Write a plan without rows if a run that was to plan something has ended without a write.

    So a script can show and apply the file in any case. Standard output stays empty.
    """
    if run.plan_file is None or run.has_plan:
        return
    if run.plan_file == "-":
        run.output.note("There is nothing to change, so there is no plan.")
        return
    from synq_cli.bulk.plan import Plan
    from synq_cli.bulk.verbs.apply_changes import ApplyChanges

    document = keep(run, Plan(ApplyChanges(run.api), [], single=True, file=""), run.plan_file)
    if document is not None:
        run.output.note(f"There is nothing to change: the plan {document.id} in {run.plan_file} has no rows.")


def person(run: RunContext) -> str:
    """Who runs this: as the token names them, else the user of this machine."""
    if named := run.session.subject:
        return named
    from platform import node

    environ = run.system.environ
    user = environ.get("USER") or environ.get("LOGNAME") or environ.get("USERNAME") or "somebody"
    return f"{user}@{node() or 'this machine'}"


def point_to(run: RunContext, document: "Document", file: str) -> None:
    """Say where the plan is, and what to do with it."""
    from shlex import quote

    run.output.note(f"Nothing was sent. The plan {document.id} is in {file}, valid for 24 hours.")
    run.output.note(f"To look at it, run: {with_profile(run, f'synq plan show {quote(file)}')}")
    run.output.note(f"To apply it, run: {with_profile(run, f'synq apply {quote(file)}')}")


def with_profile(run: RunContext, line: str) -> str:
    """A line to type, with the profile of this run unless it is the default one."""
    profile = run.session.profile
    return line if profile == "default" else f"{line} --profile {profile}"
