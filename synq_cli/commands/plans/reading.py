"""Shared by the commands for plans: reading one, and drawing it."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from synq_cli.cli.context import RunContext
from synq_cli.cli.metavars import Metavar
from synq_cli.cli.options import argument
from synq_cli.documents import check_regular
from synq_cli.errors import AuthError
from synq_cli.output.columns import Column
from synq_cli.output.formats import age, delta, quantity, timestamp, whole

if TYPE_CHECKING:
    from synq_cli.bulk.plans.document import Document
    from synq_cli.bulk.runs import Runs

PlanArgument = Annotated[
    str, argument(Metavar("FILE|ID", "file"), "File that --plan has written, or the id of a proposal.")
]
_ID = re.compile(r"[0-9]{2,6}|[0-9]{6}-[0-9a-z-]*")

HEAD = [
    Column("Plan", "id", whole),
    Column("State", "state"),
    Column("Approved", "approved"),
    Column("Tenant", "tenant"),
    Column("Profile", "profile"),
    Column("Command", "command"),
    Column("File", "file"),
    Column("Created by", "created_by"),
    Column("Created", "created_at", age),
    Column("Expires", "expires_at", timestamp),
    Column("Rows", "rows", quantity),
    Column("Requests", "requests", quantity),
    Column("Duration", "duration"),
    Column("Hash", "hash"),
    Column("Remarks", "remarks"),
    Column("Net movement", "net"),
    Column("Left out", "left_out"),
    Column("Changes", "changes"),
]
CHANGES = [
    Column("Line", "line", quantity),
    Column("What", "what", whole),
    Column("Request", "request"),
    Column("Field", "field"),
    Column("Before", "before"),
    Column("After", "after"),
    Column("Change", "delta", delta),
]
PARTS = {
    "net": (
        "Net movement",
        [Column("Location", "location"), Column("Quantity", "units", delta), Column("Rows", "rows", quantity)],
    ),
    "left_out": ("Left out", [Column("Line", "line", quantity), Column("Reason", "reason")]),
    "changes": ("Before and after", CHANGES),
}


def read_plan(run: RunContext, name: str) -> "Document":
    """The plan in a file, or the proposal whose id has this prefix. UsageError."""
    from synq_cli.bulk.plans import document

    if _ID.fullmatch(name) and not Path(name).exists():
        return document.read(run.plans.proposal(name), f"The proposal {name}")
    if name != "-":
        check_regular(name)
    return document.read(run.system.read_text(name), name)


def standing(run: RunContext, document: "Document") -> "tuple[Runs, str, float, float | None]":
    """What decides whether a plan may be applied here and now, for the functions of bulk.plans.applying."""
    return run.runs, run.session.scope, run.system.now(), run.plans.used_at(document.id)


def head_of(run: RunContext, document: "Document") -> dict[str, Any]:
    """What a plan is, as one row; sends nothing, and needs no login. UsageError if its rows can't be shown."""
    from synq_cli.bulk.plan import duration
    from synq_cli.bulk.plans.applying import state_of
    from synq_cli.bulk.plans.showing import changes_of
    from synq_cli.times import utc_time

    try:
        state = state_of(document, *standing(run, document))
    except AuthError:
        state = "unknown: not logged in"
    values = document.values
    summary = values["summary"]
    approval = run.plans.approval(document.id, document.digest)
    return {
        "id": document.id,
        "state": state,
        "approved": approval and f"by {approval.approver} on {utc_time(approval.at)}",
        "tenant": document.scope,
        "profile": values["profile"],
        "command": values["command"],
        "file": values["source"]["file"] or None,
        **{key: values[key] for key in ("created_by", "created_at", "expires_at")},
        "rows": summary.get("rows", len(document.rows)),
        **{key: values[key] for key in ("requests", "hash")},
        "duration": duration(float(values["minutes"]) * 60),
        "remarks": [*summary.get("warnings", []), *summary.get("remarks", [])],
        "net": summary.get("net", []),
        "left_out": summary.get("left_out", []),
        "changes": [*changes_of(run.bulk, document)],
    }
