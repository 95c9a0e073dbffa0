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
from synq_cli.output.formats import age, quantity, timestamp, whole

if TYPE_CHECKING:
    from synq_cli.bulk.plans.document import Document
    from synq_cli.bulk.runs import Runs

PlanArgument = Annotated[
    str, argument(Metavar("FILE|ID", "file"), "File that --plan has written, or the id of a proposal.")
]
_ID = re.compile(r"[0-9]{6}-[0-9a-z-]*")

HEAD = [
    Column("Plan", "id", whole),
    Column("State", "state"),
    Column("Tenant", "tenant"),
    Column("Profile", "profile"),
    Column("Command", "command"),
    Column("File", "file"),
    Column("Created by", "created_by"),
    Column("Created", "created_at", age),
    Column("Expires", "expires_at", timestamp),
    Column("Rows", "rows", quantity),
    Column("Requests", "requests", quantity),
    Column("Minutes", "minutes"),
    Column("Hash", "hash"),
    Column("Remarks", "remarks"),
    Column("Net movement", "net"),
    Column("Left out", "left_out"),
    Column("Changes", "changes"),
]
CHANGES = [
    Column("Line", "line", quantity),
    Column("What", "what", whole),
    Column("Request", "request", drop=1),
    Column("Field", "field"),
    Column("Before", "before"),
    Column("After", "after"),
]
PARTS = {
    "net": (
        "Net movement",
        [Column("Location", "location"), Column("Quantity", "units", quantity), Column("Rows", "rows", quantity)],
    ),
    "left_out": ("Left out", [Column("Line", "line", quantity), Column("Reason", "reason")]),
    "changes": ("Before and after", CHANGES),
}


def read_plan(run: RunContext, name: str) -> "Document":
    """The plan in a file, or the proposal with this id or prefix of one. UsageError."""
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
    """What a plan is, as one row; sends nothing, and needs no login."""
    from synq_cli.bulk.plans.applying import state_of

    try:
        state = state_of(document, *standing(run, document))
    except AuthError:
        state = "unknown: there is no login"
    values = document.values
    summary = values["summary"]
    return {
        "id": document.id,
        "state": state,
        "tenant": document.scope,
        "profile": values["profile"],
        "command": values["command"],
        "file": values["source"]["file"] or None,
        **{key: values[key] for key in ("created_by", "created_at", "expires_at")},
        "rows": len(document.rows),
        **{key: values[key] for key in ("requests", "minutes", "hash")},
        "remarks": [*summary.get("warnings", []), *summary.get("remarks", [])],
        "net": summary.get("net", []),
        "left_out": summary.get("left_out", []),
        "changes": changes_of(document),
    }


def changes_of(document: "Document") -> list[dict[str, Any]]:
    """The rows with what each changes: a row for each field, or one for a row that replaces nothing."""
    found: list[dict[str, Any]] = []
    for row in document.rows:
        content, before, after = row.get("content", row), row["before"] or {}, row["after"] or {}
        named = ("label", "sku", "product", "order_id", "email", "payment_reference", "reservation_id")
        what = next((str(content[key]) for key in named if content.get(key)), "")
        request = f"{row['method']} {row['path']}" if "path" in row else None
        fields = [name for name in before if before[name] != after.get(name)] or [None]
        found += [
            {
                "line": row["line"],
                "what": what,
                "request": request,
                "field": name or _fields_of(content),
                "before": None if name is None else before[name],
                "after": None if name is None else after.get(name),
            }
            for name in fields
        ]
    return found


def _fields_of(content: dict[str, Any]) -> str | None:
    """What a row sends that replaces nothing, in a few words."""
    sent = content.get("body") if "path" in content else content
    hidden = {"sku", "variant_id", "location_id", "next_id", "digest", "path", "is_copy", "label"}
    pairs = sent.items() if isinstance(sent, dict) else ()
    words = [f"{key}={value}" for key, value in pairs if key not in hidden and isinstance(value, str | int)]
    return ", ".join(words) or None
