"""`synq orders list/get`."""

from typing import Annotated

import typer

from synq_cli.cli.lazy_groups import Commands
from synq_cli.cli.options import AllOption, LimitOption, invocation, moment
from synq_cli.cli.values import ORDER, suggestions
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import age, identifier, money, state, text, timestamp
from synq_cli.resources.orders.states import ORDER_STATUSES, STATUS_GROUPS, parse_statuses

group = Commands()

COLUMNS = [
    Column("ID", "id", identifier),
    Column("Status", "status", state),
    Column("Total", "total", money("currency")),
    Column("Currency", "currency", table=False),
    Column("Channel", "channel", text, drop=2),
    Column("Payment", "payment_status", text, drop=3),
    Column("Placed", "created_at", age, drop=1),
    Column("Changed", "updated_at", age, drop=4),
    Column("Tags", "tags", text, drop=5),
]
RECORD = [
    Column("ID", "id", identifier),
    Column("Status", "status", state),
    Column("Total", "total", money("currency")),
    Column("Subtotal", "subtotal", money("currency")),
    Column("Discount", "discount_total", money("currency")),
    Column("Shipping", "shipping_total", money("currency")),
    Column("Tax", "tax_total", money("currency")),
    Column("Currency", "currency"),
    Column("Payment", "payment_status"),
    Column("Payment provider", "payment_provider"),
    Column("Payment reference", "payment_reference"),
    Column("Channel", "channel"),
    Column("Source", "source_platform"),
    Column("Tags", "tags"),
    Column("Idempotency key", "idempotency_key"),
    Column("Placed", "created_at", timestamp),
    Column("Changed", "updated_at", timestamp),
]


OrderArgument = Annotated[str, typer.Argument(metavar=ORDER, help="The order's id, or its first letters once seen.")]


# Some names are both a group and a status.
_STATUSES = dict.fromkeys([*STATUS_GROUPS, *ORDER_STATUSES])
StatusOption = Annotated[
    str | None,
    typer.Option(
        "--status",
        metavar=suggestions("STATUS,...", _STATUSES),  # no Literal: it is a list
        help="Statuses and groups: open, closed, unpaid, to-ship, shipped, returning, refunded, dead, "
        "cancellable; or all.",
    ),
]


@group.command("list", operations.LIST_ORDERS, operations.LIST_CHANNELS, requests=(1, None))
def list_orders(
    ctx: typer.Context,
    status: StatusOption = None,
    channel: Annotated[
        str | None, typer.Option("--channel", metavar="CHANNEL", help="Only orders of this channel, by name or id.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="WHEN", help="Placed since: 30m, 12h, 7d, 2w, a date or a time."),
    ] = None,
    key: Annotated[
        str | None, typer.Option("--key", metavar="KEY", help="Only the order placed with this idempotency key.")
    ] = None,
    limit: LimitOption = 50,
    read_all: AllOption = False,
) -> None:
    """List orders.

    The API gives orders in pages of 100 and does not filter, so synq reads pages only until --limit orders
    match, one request a page. --all reads to the end and shows no order twice, even while orders move between
    pages. `-o ndjson` prints orders while pages arrive. --key stops at the one order with that key.

    Groups of statuses: open is all but completed, cancelled, refunded, returned and failed; closed is those;
    unpaid is draft and pending_payment; to-ship is confirmed, processing and partially_fulfilled.

    Examples:
      synq orders list --status open
      synq orders list --status to-ship,pending_payment --since 7d
      synq orders list --channel web-storefront --limit 10 --json
      synq orders list --all -o ndjson
    """
    run = invocation(ctx)
    statuses, placed_since = parse_statuses(status), moment(since, run.system.now())
    orders = run.api.orders.matching(statuses, channel=run.api.channels.name_of(channel), since=placed_since, key=key)
    most = 1 if key is not None else None if read_all else limit  # no two orders have one key
    run.output.rows(orders.first(most), COLUMNS, empty="No orders match.")
    run.output.note(orders.left_out("order") if key is None else None)
    if channel and not orders.taken and (doubt := run.api.channels.doubt(channel)):
        run.output.warn(doubt)


@group.command("get", operations.GET_ORDER)
def get_order(ctx: typer.Context, order_id: OrderArgument) -> None:
    """Show an order.

    The header with its status, totals and payment. The first letters of an id are enough for an order that
    synq has shown on this machine before.

    Examples:
      synq orders get 8ed7df4a-1d3b-491d-9941-b147ea9d1f87
      synq orders get 8ed7df4a --json
    """
    run = invocation(ctx)
    run.output.record(run.api.orders.get(order_id), RECORD)
