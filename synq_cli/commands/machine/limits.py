"""`synq limits`: the rate limit's window."""

import typer

from synq_cli.cli.lazy_groups import Commands
from synq_cli.cli.options import invocation
from synq_cli.output.columns import Column
from synq_cli.output.drawing.window import soon, spenders, window
from synq_cli.output.formats import flag

group = Commands()

RECORD = [
    Column("API", "host"),
    Column("Window", "remaining", window),
    Column("Spent by", "spenders", spenders),
    Column("Next one", "frees_in", soon),
    Column("All of it", "full_in", soon),
    Column("Refused for", "blocked_for", soon),
    Column("Limit", "limit"),
    Column("Exact", "exact", flag),
    Column("Others", "strangers"),
]


@group.command("limits")
def show_limits(ctx: typer.Context) -> None:
    """Show the rate limit and who spent it.

    The API takes 100 requests a minute from one address, in a sliding window. All synq processes of this
    machine share one count, kept in a file and corrected by what the API says is left. This command reads that
    file and sends nothing.

    Examples:
      synq limits
      synq limits --json
    """
    run = invocation(ctx)
    run.output.record(run.budget.snapshot().as_row(), RECORD)
