"""`synq orders fulfill`, `return` and `cancel`."""

from typing import Annotated

from synq_cli.cli.confirmation import confirm
from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.metavars import LOCATION, Metavar
from synq_cli.cli.options import YesOption, option
from synq_cli.commands.orders.listing import RECORD, OrderArgument
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import identifier, money, quantities, state, timestamp
from synq_cli.resources.shared.pagination import Row

group = CommandGroup()

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
    option(
        "--item", Metavar("SKU=QTY", "item"), "Number of units of a SKU or barcode; repeat for more. [default: all]"
    ),
]
ReasonOption = Annotated[str | None, option("--reason", "TEXT", "Reason to record.")]


@group.command(
    "fulfill",
    operations.CREATE_FULFILLMENT,
    operations.GET_ORDER,
    operations.LIST_LOCATIONS,
    operations.LIST_VARIANTS,
    requests=(2, None),
)
def fulfill_order(
    run: RunContext,
    order_id: OrderArgument,
    item: ItemOption = None,
    carrier: Annotated[str | None, option("--carrier", "NAME", "Carrier name, such as DHL.")] = None,
    tracking_number: Annotated[
        str | None, option("--tracking-number", "NUMBER", "Tracking number of the carrier.")
    ] = None,
    location: Annotated[str | None, option("--location", LOCATION, "Stock location it ships from.")] = None,
) -> None:
    """Record a shipped parcel of an order.

    Without --item the parcel holds all units that are not shipped yet. synq reads the order first and refuses if its
    status does not allow this. The request is never retried: if no response arrives, synq exits with 10 and says how
    to check.

    In a table, synq also shows the order's status before and after, for one more request.

    Examples:
      synq orders fulfill 0de7290b --carrier "Royal Mail" --tracking-number RM482915307GB
      synq orders fulfill 225be7ae-8655-4577-b4cd-8cdf6c23d2bc --item FCP-MOS-L=1 --dry-run
    """
    parcel = run.api.fulfillments.prepare(
        item or [], carrier=carrier, tracking_number=tracking_number, location=location
    )
    order = run.api.orders.ready(order_id, "fulfill")
    run.output.record(run.api.fulfillments.create(order, parcel), PARCEL)
    _show_status(run, order)


@group.command("return", operations.CREATE_RETURN, operations.GET_ORDER, operations.LIST_VARIANTS, requests=(2, None))
def return_order(
    run: RunContext, order_id: OrderArgument, item: ItemOption = None, reason: ReasonOption = None
) -> None:
    """Open a return for an order.

    Without --item it covers all units that were shipped. synq reads the order first and refuses if its status does not
    allow this. The request is never retried: if no response arrives, synq exits with 10 and says how to check.

    In a table, synq also shows the order's status before and after, for one more request.

    Examples:
      synq orders return b29472f6 --item HMC-NVY-XL=1 --reason "Sleeves too long"
      synq orders return b29472f6-1ec6-485d-90b0-351241403cf5 --dry-run
    """
    request = run.api.returns.prepare(item or [], reason)
    order = run.api.orders.ready(order_id, "return")
    run.output.record(run.api.returns.create(order, request), RETURN)
    _show_status(run, order)


@group.command("cancel", operations.CANCEL_ORDER, operations.GET_ORDER, operations.LIST_FULFILLMENTS, requests=(2, 3))
def cancel_order(run: RunContext, order_id: OrderArgument, reason: ReasonOption = None, yes: YesOption = False) -> None:
    """Cancel an order.

    This releases its stock and can't be undone. An order can be cancelled until its first unit is shipped: synq reads
    the order, and its parcels if it is in processing, and refuses if it is too late. synq shows the order and asks for
    confirmation; in a script, use --yes.

    Examples:
      synq orders cancel 225be7ae --reason "Customer changed their mind"
      synq orders cancel 24ab2b21-3608-4d36-8a5b-5ab9aead148b --yes
    """
    given = run.api.orders.prepare_cancellation(reason)
    order = run.api.orders.ready(order_id, "cancel")
    total = money("currency").show(order.get("total"), order, run.system.now()).text
    confirm(run, f"Cancel order {order['id']} ({order.get('status')}, {total})? This can't be undone.", yes=yes)
    run.output.changed(f"Order {order['id']}", order, run.api.orders.cancel(order, given), RECORD)


def _show_status(run: RunContext, before: Row) -> None:
    """Show people the status before and after; reads the order again."""
    if run.output.format == "table":
        after = run.api.orders.get(before["id"])
        run.output.change(f"Order {before['id']}", before.get("status"), after.get("status"), "status")
