"""`synq orders track`."""

from typing import Annotated

import typer

from synq_cli.cli.lazy_groups import Commands
from synq_cli.cli.options import invocation
from synq_cli.commands.orders.listing import OrderArgument
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import age, identifier, money, quantities, state

group = Commands()

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
    ctx: typer.Context,
    order_id: OrderArgument,
    watch: Annotated[bool, typer.Option("--watch", help="Go on until nothing can follow; Ctrl-C ends it.")] = False,
) -> None:
    """Show the life of an order.

    The states it has passed, where it is, and the usual way on; below, its parcels and returns. The API keeps no
    history of an order: the states before the present one follow from it, its payment, its parcels and its returns,
    and only what has a time there shows one.

    It costs one request, two once the order is confirmed, three once it has left; --watch one for each look, more
    when something has changed. Off a terminal --watch prints one line a change.

    Examples:
      synq orders track 9b7216f4-21cb-4cee-86a2-1f4b5f2175ef
      synq orders track 9b7216f4 --json
      synq orders track 8bb7fd42 --watch
    """
    run = invocation(ctx)
    parts = {"fulfillments": ("Parcels", PARCELS), "returns": ("Returns", RETURNS)}
    if watch:
        run.output.timelines(run.api.tracking.watch(order_id), CHANGES, HEAD, parts)
    else:
        run.output.timeline(run.api.tracking.get(order_id), HEAD, parts)
