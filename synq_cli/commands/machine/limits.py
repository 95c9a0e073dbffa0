"""`synq limits`: the rate limit."""

from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.output.columns import Column
from synq_cli.output.drawing.window import soon, spenders, window
from synq_cli.output.formats import flag

group = CommandGroup()

RECORD = [
    Column("API", "host"),
    Column("Pool", "pool"),
    Column("Window", "remaining", window),
    Column("Used by", "spenders", spenders),
    Column("Next request", "frees_in", soon),
    Column("Full again", "full_in", soon),
    Column("Blocked for", "blocked_for", soon),
    Column("Limit", "limit"),
    Column("Exact", "exact", flag),
    Column("Other clients", "strangers"),
]


@group.command("limits")
def show_limits(run: RunContext) -> None:
    """Show the rate limit and its use.

    The API accepts 100 requests a minute from each IP address, in a sliding window. All synq processes on this machine
    share one count, stored in a file and corrected by each response of the API; with a team store, all machines of the
    pool share it. This command reads the count and sends nothing to the API.

    Examples:
      synq limits
      synq limits --json
    """
    pool = {"pool": run.settings.budget_pool} if run.settings.team_store else {}
    run.output.record(pool | run.budget.snapshot().as_row(), RECORD)
