"""The plan of an agent's command, as it is kept and shown."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from synq_cli import exact_json
from synq_cli.bulk.plans.document import Document, hash_of, read
from synq_cli.errors import RefusedError
from synq_cli.mcp.answers import MOST_CHARACTERS

_KEY = "idempotency_key"
_SHOWN = ("id", "command", "created_by", "expires_at", "requests", "minutes", "summary")
_HIDDEN = {"digest", _KEY, "is_copy"}
_MOST_ROWS = 20


def read_plan(text: str) -> Document:
    """The plan that a command has printed, as one by an agent, with new keys for its orders: an agent chooses none.

    UsageError if it is not a plan, RefusedError if it sends a key in a request of its own.
    """
    plan = read(text, "The plan")
    for row in plan.rows:
        if isinstance(row.get("body"), dict) and _KEY in row["body"]:
            raise RefusedError(f"synq chooses the {_KEY} of orders.", hint="Use orders create, without a key.")
    creator = f"agent via MCP for {plan.values['created_by']}"
    values = {**plan.values, "created_by": creator, "rows": [_with_new_key(row) for row in plan.rows]}
    return Document({**values, "hash": hash_of(values)})


def summary(plan: Document) -> dict[str, Any]:
    """What an agent sees of a plan: its id, cost and totals, and the first rows, without the keys of orders."""
    kept, size = [], 0
    for row in plan.rows[:_MOST_ROWS]:
        shown = {key: value for key, value in row.items() if key not in {"hashes", "source"}}
        if "content" in shown:
            shown["content"] = {key: value for key, value in shown["content"].items() if key not in _HIDDEN}
        size += len(exact_json.dumps(shown))
        if size > MOST_CHARACTERS:
            break
        kept.append(shown)
    return {key: plan.values[key] for key in _SHOWN} | {"rows": len(plan.rows), "preview": kept}


def _with_new_key(row: Mapping[str, Any]) -> dict[str, Any]:
    content = row.get("content", {})
    return {**row, "content": {**content, _KEY: str(uuid4())}} if _KEY in content else {**row}
