"""`synq today`: the first command of a shift."""

from collections.abc import Iterator
from typing import Any

from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.commands.bulk import known_runs
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import Format, age, plain, whole

group = CommandGroup()


def _title(name: str) -> str:
    words = name.replace("_", " ").replace("skus", "SKUs")
    return words[:1].upper() + words[1:]


_words = Format(lambda value, *_: _title(plain(value)), narrow="keep")
_count = Format(
    lambda value, row, _now: "unknown" if value is None else plain(value) + ("+" if row.get("at_least") else ""),
    right=True,
    narrow="keep",
)
ITEMS = [
    Column("What", "item", _words),
    Column("Count", "count", _count),
    Column("Oldest", "oldest_at", age, drop=1),
    Column("More", "command", whole),
    Column("Note", "note", drop=2),
]


@group.command("today", operations.LIST_ORDERS, operations.GET_STATS, operations.LIST_BULK_JOBS, requests=(5, 8))
def show_today(run: RunContext) -> None:
    """Show what waits at the start of a shift.

    Shows the orders to ship, orders that are unpaid for over two days, returns that are not finished, low and missing
    stock, bulk jobs that failed in the last seven days, runs that stopped or whose outcome is unclear,
    the token and the rate limit, each with the command that shows more.

    The numbers of low and missing SKUs are those of the dashboard, over all locations; the command beside them lists
    the stock of each location.

    This takes five requests, which are sent together, and eight if there are 100 orders or more. Then a number with a
    + is at least so many: the API does not filter orders, and synq looks at the first 400.

    Examples:
      synq today
      synq today --json
    """
    run.output.rows([*run.api.today.rows(), *_local_rows(run)], ITEMS)


def _local_rows(run: RunContext) -> Iterator[dict[str, Any]]:
    """What this machine knows, as Today.rows gives it."""
    empty = {"at_least": False, "oldest_at": None, "note": None}
    left = [row for row in known_runs(run) if row["state"] in {"stopped", "unclear", "damaged"}]
    listing = "synq runs list --team" if run.team_runs else "synq runs list"
    oldest = min((row["started_at"] for row in left if row["started_at"]), default=None)
    yield empty | {"item": "runs_to_resume", "count": len(left), "oldest_at": oldest, "command": listing}
    ends = run.session.credentials.expires_at
    minutes = None if ends is None else max(0, int((ends - run.system.now()) // 60))
    yield empty | {"item": "token_minutes_left", "count": minutes, "command": "synq auth status"}
    yield empty | {"item": "requests_left", "count": run.budget.snapshot().remaining, "command": "synq limits"}
