"""`synq orders track`: the timeline of an order."""

from typing import Annotated

from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.options import switch
from synq_cli.commands.orders.listing import OrderArgument
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import age, identifier, money, quantities, state

group = CommandGroup()

HEAD = [Column("Order", "id", identifier), Column("Total", "total", money("currency")), Column("Channel", "channel")]
CHANGES = [Column("Changed", "updated_at", age), Column("Status", "status", state), Column("ID", "id", identifier)]
PARCELS = [
    Column("Carrier", "carrier"),
    Column("Tracking number", "tracking_number"),
    Column("Status", "status", state),
    Column("Items", "items", quantities, drop=1),
    Column("Sent", "created_at", age),
]
RETURNS = [
    Column("Reason", "reason"),
    Column("Status", "status", state),
    Column("Items", "items", quantities, drop=1),
    Column("Opened", "created_at", age),
]


@group.command("track", operations.GET_ORDER, operations.LIST_FULFILLMENTS, operations.LIST_RETURNS, requests=(1, None))
def track_order(
    run: RunContext,
    order_id: OrderArgument,
    watch: Annotated[bool, switch("--watch", "Poll until the order reaches its final status, or Ctrl-C.")] = False,
) -> None:
    """Show the timeline of an order.

    Shows the statuses it has passed, the current one and the usual next ones, then its parcels and returns. The API
    keeps no history of an order: synq derives past statuses from the current one, the payment, parcels and returns,
    and shows a time only where these have one.

    This takes one request, two once the order is confirmed, three once it is shipped. --watch takes one request per
    poll, more after a change; if stdout is not a terminal, it prints a line per change.

    Examples:
      synq orders track 9b7216f4-21cb-4cee-86a2-1f4b5f2175ef
      synq orders track 9b7216f4 --json
      synq orders track 8bb7fd42 --watch
    """
    parts = {"fulfillments": ("Parcels", PARCELS), "returns": ("Returns", RETURNS)}
    if watch:
        run.output.timelines(run.api.tracking.watch(order_id), CHANGES, HEAD, parts)
    else:
        run.output.timeline(run.api.tracking.get(order_id), HEAD, parts)
