"""`synq orders fulfill/return/cancel`."""

from typing import Annotated

import typer

from synq_cli.cli.lazy_groups import Commands
from synq_cli.cli.options import YesOption, invocation
from synq_cli.cli.values import LOCATION, Value
from synq_cli.commands.orders.listing import RECORD, OrderArgument
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import identifier, money, quantities, state, timestamp
from synq_cli.resources.orders.states import Order

group = Commands()

PARCEL = [
    Column("Fulfilment", "id", identifier),
    Column("Order", "order_id", identifier),
    Column("Status", "status", state),
    Column("Items", "items", quantities),
    Column("Carrier", "carrier"),
    Column("Tracking number", "tracking_number"),
    Column("Location", "location_id", identifier),
    Column("Sent", "created_at", timestamp),
    Column("Changed", "updated_at", timestamp),
]
RETURN = [
    Column("Return", "id", identifier),
    Column("Order", "order_id", identifier),
    Column("Status", "status", state),
    Column("Items", "items", quantities),
    Column("Reason", "reason"),
    Column("Opened", "created_at", timestamp),
    Column("Changed", "updated_at", timestamp),
]

ItemOption = Annotated[
    list[str] | None,
    typer.Option("--item", metavar=Value("SKU=QTY", "item"), help="So many units of a SKU; again for more."),
]
ReasonOption = Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why.")]


@group.command(
    "fulfill", operations.CREATE_FULFILLMENT, operations.GET_ORDER, operations.LIST_LOCATIONS, requests=(2, 4)
)
def fulfill_order(
    ctx: typer.Context,
    order_id: OrderArgument,
    item: ItemOption = None,
    carrier: Annotated[str | None, typer.Option("--carrier", metavar="NAME", help="Who carries the parcel.")] = None,
    tracking_number: Annotated[
        str | None, typer.Option("--tracking-number", metavar="NUMBER", help="The carrier's number of it.")
    ] = None,
    location: Annotated[
        str | None, typer.Option("--location", metavar=LOCATION, help="The stock location that it leaves from.")
    ] = None,
) -> None:
    """Record a parcel of an order as sent.

    Without --item it holds everything that is still outstanding. synq reads the order first and refuses what its
    status does not allow. If no answer comes, nothing is sent again: synq ends with exit 10 and says where to look.

    As a table the order's status before and after is shown too, which costs one more request.

    Examples:
      synq orders fulfill 0de7290b --carrier "Royal Mail" --tracking-number RM482915307GB
      synq orders fulfill 225be7ae-8655-4577-b4cd-8cdf6c23d2bc --item FCP-MOS-L=1 --dry-run
    """
    run = invocation(ctx)
    parcel = run.api.fulfillments.prepare(
        item or [], carrier=carrier, tracking_number=tracking_number, location=location
    )
    order = run.api.orders.ready(order_id, "fulfill")
    run.output.record(run.api.fulfillments.create(order, parcel), PARCEL)
    _show_move(ctx, order)


@group.command("return", operations.CREATE_RETURN, operations.GET_ORDER, requests=(2, 3))
def return_order(
    ctx: typer.Context, order_id: OrderArgument, item: ItemOption = None, reason: ReasonOption = None
) -> None:
    """Open a return for an order.

    Without --item it covers everything that was shipped. synq reads the order first and refuses what its status does
    not allow. If no answer comes, nothing is sent again: synq ends with exit 10 and says where to look.

    As a table the order's status before and after is shown too, which costs one more request.

    Examples:
      synq orders return b29472f6 --item HMC-NVY-XL=1 --reason "Sleeves too long"
      synq orders return b29472f6-1ec6-485d-90b0-351241403cf5 --dry-run
    """
    run = invocation(ctx)
    request = run.api.returns.prepare(item or [], reason)
    order = run.api.orders.ready(order_id, "return")
    run.output.record(run.api.returns.create(order, request), RETURN)
    _show_move(ctx, order)


@group.command("cancel", operations.CANCEL_ORDER, operations.GET_ORDER, operations.LIST_FULFILLMENTS, requests=(2, 3))
def cancel_order(
    ctx: typer.Context, order_id: OrderArgument, reason: ReasonOption = None, yes: YesOption = False
) -> None:
    """Cancel an order.

    Its stock becomes free again; there is no undo. It can be cancelled until the first unit is shipped: synq reads
    the order first, its parcels too if it is in processing, and refuses what is too late. On a terminal it shows the
    order and asks; in a script --yes says so.

    Examples:
      synq orders cancel 225be7ae --reason "Customer changed their mind"
      synq orders cancel 24ab2b21-3608-4d36-8a5b-5ab9aead148b --yes
    """
    run = invocation(ctx)
    given = run.api.orders.prepare_cancellation(reason)
    order = run.api.orders.ready(order_id, "cancel")
    total = money("currency").show(order.get("total"), order, run.system.now()).text
    if run.confirmed(f"Cancel order {order['id']} ({order.get('status')}, {total})? There is no undo.", yes=yes):
        cancelled = run.api.orders.cancel(order, given)
        run.output.changed(f"Order {order['id']}", order, cancelled, RECORD)


def _show_move(ctx: typer.Context, before: Order) -> None:
    """How a step has changed the status, for people; it takes another look at the order."""
    run = invocation(ctx)
    if run.output.format == "table":
        after = run.api.orders.get(before["id"])
        run.output.change(f"Order {before['id']}", before.get("status"), after.get("status"), "status")
