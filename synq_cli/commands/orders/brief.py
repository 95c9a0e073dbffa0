"""`synq orders brief`: one order on one screen."""

from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.commands.orders.listing import PARCELS, RETURNS, OrderArgument
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import age, money, named, quantity, state, timestamp, whole

group = CommandGroup()

BRIEF = [
    Column("Status", "status", state),
    Column("Total", "total", money("currency")),
    Column("Payment", "payment_status", state),
    Column("Payment reference", "payment_reference"),
    Column("Channel", "channel"),
    Column("Tags", "tags"),
    Column("Placed", "created_at", timestamp),
    Column("Changed", "updated_at", timestamp),
    Column("Next", "next", whole),
]


@group.command(
    "brief",
    operations.GET_ORDER,
    operations.LIST_FULFILLMENTS,
    operations.LIST_RETURNS,
    operations.LIST_RESERVATIONS,
    operations.LIST_INVENTORY_LEVELS,
    operations.LIST_LOCATIONS,
    requests=(4, 6),
)
def brief_order(run: RunContext, order_id: OrderArgument) -> None:
    """Show all that belongs to an order on one screen.

    Shows the order's status and payment, its parcels with their tracking numbers, its returns, the stock reserved for
    it with what is on hand there, and the command that usually comes next. What can't be read is left out,
    with a note.

    This takes four requests, which are sent together, one more for the stock while units are reserved, and one more
    for the names of locations that are not in the local cache. With --json it is one object.

    Examples:
      synq orders brief 8ed7df4a
      synq orders brief 8ed7df4a --json
    """
    brief = run.api.briefs.get(order_id)
    drawn = run.output.format == "table"
    skus, places = (run.index.names("sku"), run.api.locations.names()) if drawn and brief["reservations"] else ({}, {})
    reserved = [
        Column("SKU", "variant_id", named(skus)),
        Column("Quantity", "quantity", quantity),
        Column("Location", "location_id", named(places)),
        Column("Status", "status", state),
        Column("On hand", "on_hand", quantity),
        Column("Available", "available", quantity),
        Column("Created", "created_at", age, drop=1),
    ]
    parts = {
        "fulfillments": ("Parcels", PARCELS),
        "returns": ("Returns", RETURNS),
        "reservations": ("Reservations", reserved),
    }
    run.output.panel(f"Order {brief['id']}", brief, BRIEF, parts, leftovers=False)
    for key, why in brief["left_out"].items():
        run.output.note(f"{parts[key][0]} are left out. {why}")
