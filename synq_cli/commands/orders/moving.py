"""`synq orders fulfill`, `return` and `cancel`."""

from typing import Annotated, Any

from synq_cli.cli.confirmation import confirm
from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.metavars import FILE, LOCATION, Metavar
from synq_cli.cli.options import YesOption, argument, option
from synq_cli.commands.bulk import AgainOption, ReportOption, ShardOption, refuse_with_file, require_file, send_file
from synq_cli.commands.orders.listing import RECORD
from synq_cli.errors import UsageError
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

OptionalOrderArgument = Annotated[
    str | None, argument(Metavar("[ID]", "order"), "Order id, or the first characters of one that synq has shown.")
]
ItemOption = Annotated[
    list[str] | None,
    option(
        "--item", Metavar("SKU=QTY", "item"), "Number of units of a SKU or barcode; repeat for more. [default: all]"
    ),
]
ReasonOption = Annotated[str | None, option("--reason", "TEXT", "Reason to record.")]


def _file_option(what: str) -> Any:
    return option("--file", FILE, f"{what} every row of a CSV, TSV, NDJSON or .xlsx file; - for standard input.")


@group.command(
    "fulfill",
    operations.CREATE_FULFILLMENT,
    operations.GET_ORDER,
    operations.LIST_LOCATIONS,
    operations.LIST_VARIANTS,
    operations.LIST_FULFILLMENTS,
    requests=(1, None),
    bulk=True,
)
def fulfill_order(
    run: RunContext,
    order_id: OptionalOrderArgument = None,
    item: ItemOption = None,
    carrier: Annotated[str | None, option("--carrier", "NAME", "Carrier name, such as DHL.")] = None,
    tracking_number: Annotated[
        str | None, option("--tracking-number", "NUMBER", "Tracking number of the carrier.")
    ] = None,
    location: Annotated[str | None, option("--location", LOCATION, "Stock location it ships from.")] = None,
    file: Annotated[str | None, _file_option("Record the parcels of")] = None,
    report: ReportOption = None,
    shard: ShardOption = None,
    again: AgainOption = False,
    yes: YesOption = False,
) -> None:
    """Record a shipped parcel of an order, or many from a file.

    Without --item the parcel holds all units that are not shipped yet. synq reads the order first and refuses if its
    status does not allow this. The request is never retried: if no response arrives, synq exits with 10 and says how
    to check.

    In a table, synq also shows the order's status before and after, for one more request.

    --file takes the carrier's tracking file: rows with the columns order_id and tracking_number, and optionally
    carrier, sku (or barcode, or variant_id) and quantity. Usual names such as "Tracking no." or "Courier" are
    understood, and synq shows how it reads them before it sends anything. Other columns are ignored. --carrier is for
    rows that name none. Rows of an order with the same tracking number are one parcel. Without SKUs, a parcel holds
    all units that are not shipped yet; if an order has several parcels, give the SKUs of each.

    All rows are checked before the first is sent, but orders are not read: a parcel takes one request, 500 take about
    5 minutes. synq shows the plan and asks for confirmation. `synq runs resume` continues an interrupted run, looks
    for parcels without a response by their tracking numbers, and records none twice. Rows that the API refused are
    written to FILE.failed.csv (exit status 9). `synq help bulk` explains all this.

    Examples:
      synq orders fulfill 0de7290b --carrier "Royal Mail" --tracking-number RM482915307GB
      synq orders fulfill 225be7ae-8655-4577-b4cd-8cdf6c23d2bc --item FCP-MOS-L=1 --dry-run
      synq orders fulfill --file tracking.csv --dry-run
      synq orders fulfill --file tracking.csv --carrier "Royal Mail" --yes --report parcels.csv
    """
    if file is not None:
        refuse_with_file(order=order_id, **{"--item": item, "--tracking-number": tracking_number})
        from synq_cli.bulk.verbs.move_orders import FulfillOrders

        settings = (run.system.read_rows(file), file, carrier, location)
        send_file(run, FulfillOrders(run.api), *settings, report=report, shard=shard, yes=yes, again=again)
        return
    order_id = _single(order_id, report, shard, again=again)
    parcel = run.api.fulfillments.prepare(
        item or [], carrier=carrier, tracking_number=tracking_number, location=location
    )
    order = run.api.orders.ready(order_id, "fulfill")
    run.output.record(run.api.fulfillments.create(order, parcel), PARCEL)
    _show_status(run, order)


@group.command(
    "return",
    operations.CREATE_RETURN,
    operations.GET_ORDER,
    operations.LIST_VARIANTS,
    operations.LIST_RETURNS,
    requests=(1, None),
    bulk=True,
)
def return_order(
    run: RunContext,
    order_id: OptionalOrderArgument = None,
    item: ItemOption = None,
    reason: ReasonOption = None,
    file: Annotated[str | None, _file_option("Open the returns of")] = None,
    report: ReportOption = None,
    shard: ShardOption = None,
    again: AgainOption = False,
    yes: YesOption = False,
) -> None:
    """Open a return for an order, or many from a file.

    Without --item it covers all units that were shipped. synq reads the order first and refuses if its status does not
    allow this. The request is never retried: if no response arrives, synq exits with 10 and says how to check.

    In a table, synq also shows the order's status before and after, for one more request.

    --file takes rows with the column order_id, and optionally sku (or barcode, or variant_id), quantity and reason.
    Usual names such as "Order no." or "Qty" are understood, and synq shows how it reads them before it sends anything.
    Other columns are ignored. --reason is for rows that give none. Rows of an order with the same reason are one
    return. Without SKUs, a return is of all units that were shipped; if an order has several returns, give the SKUs of
    each.

    All rows are checked before the first is sent, but orders are not read: a return takes one request. synq shows the
    plan and asks for confirmation. `synq runs resume` continues an interrupted run, looks for returns without a
    response in the lists of their orders, and opens none twice. Rows that the API refused are written to
    FILE.failed.csv (exit status 9). `synq help bulk` explains all this.

    Examples:
      synq orders return b29472f6 --item HMC-NVY-XL=1 --reason "Sleeves too long"
      synq orders return b29472f6-1ec6-485d-90b0-351241403cf5 --dry-run
      synq orders return --file returns.csv --reason "Sleeves too long" --yes
    """
    if file is not None:
        refuse_with_file(order=order_id, **{"--item": item})
        from synq_cli.bulk.verbs.move_orders import ReturnOrders

        text = run.system.read_rows(file)
        send_file(run, ReturnOrders(run.api), text, file, reason, report=report, shard=shard, yes=yes, again=again)
        return
    order_id = _single(order_id, report, shard, again=again)
    request = run.api.returns.prepare(item or [], reason)
    order = run.api.orders.ready(order_id, "return")
    run.output.record(run.api.returns.create(order, request), RETURN)
    _show_status(run, order)


@group.command(
    "cancel",
    operations.CANCEL_ORDER,
    operations.GET_ORDER,
    operations.LIST_FULFILLMENTS,
    requests=(1, None),
    bulk=True,
)
def cancel_order(
    run: RunContext,
    order_id: OptionalOrderArgument = None,
    reason: ReasonOption = None,
    file: Annotated[str | None, _file_option("Cancel the orders of")] = None,
    report: ReportOption = None,
    shard: ShardOption = None,
    again: AgainOption = False,
    yes: YesOption = False,
) -> None:
    """Cancel an order, or many from a file.

    This releases its stock and can't be undone. An order can be cancelled until its first unit is shipped: synq reads
    the order, and its parcels if it is in processing, and refuses if it is too late. synq shows the order and asks for
    confirmation; in a script, use --yes.

    --file takes rows with the column order_id, and optionally reason. Usual names such as "Order no." are understood,
    and synq shows how it reads them before it sends anything. Other columns are ignored. --reason is for rows that give
    none. An order that is given twice is an error.

    All rows are checked before the first is sent, but orders are not read: a row takes one request, and the API
    refuses orders that can't be cancelled any more. synq shows the plan and asks for confirmation. `synq runs resume`
    continues an interrupted run; rows without a response are done if their orders are cancelled. Rows that the API
    refused are written to FILE.failed.csv (exit status 9). `synq help bulk` explains all this.

    Examples:
      synq orders cancel 225be7ae --reason "Customer changed their mind"
      synq orders cancel 24ab2b21-3608-4d36-8a5b-5ab9aead148b --yes
      synq orders cancel --file unpaid.csv --reason "Not paid" --yes
    """
    if file is not None:
        refuse_with_file(order=order_id)
        from synq_cli.bulk.verbs.move_orders import CancelOrders

        text = run.system.read_rows(file)
        send_file(run, CancelOrders(run.api), text, file, reason, report=report, shard=shard, yes=yes, again=again)
        return
    order_id = _single(order_id, report, shard, again=again)
    given = run.api.orders.prepare_cancellation(reason)
    order = run.api.orders.ready(order_id, "cancel")
    total = money("currency").show(order.get("total"), order, run.system.now()).text
    confirm(run, f"Cancel order {order['id']} ({order.get('status')}, {total})? This can't be undone.", yes=yes)
    run.output.changed(f"Order {order['id']}", order, run.api.orders.cancel(order, given), RECORD)


def _single(order_id: str | None, report: str | None, shard: str | None, *, again: bool) -> str:
    """The order of a line without --file; UsageError if it is missing, or for options that need a file."""
    if order_id is None:
        raise UsageError("Missing order.", hint="Give the id of an order, or a file with --file.")
    require_file(report, shard, again=again)
    return order_id


def _show_status(run: RunContext, before: Row) -> None:
    """Show people the status before and after; reads the order again."""
    if run.output.format == "table":
        after = run.api.orders.get(before["id"])
        run.output.change(f"Order {before['id']}", before.get("status"), after.get("status"), "status")
