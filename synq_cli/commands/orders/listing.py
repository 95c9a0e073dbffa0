"""`synq orders list`, `get` and `track`."""

from typing import Annotated

from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.metavars import ORDER, Metavar
from synq_cli.cli.options import (
    AllOption,
    CountOption,
    LimitOption,
    SinceOption,
    SortOption,
    UntilOption,
    argument,
    option,
    parse_since,
    since_words,
    switch,
)
from synq_cli.commands.lists import show
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import age, identifier, money, quantities, state, text, timestamp
from synq_cli.resources.orders.filters import order_filter
from synq_cli.resources.orders.states import ORDER_STATUSES, STATUS_GROUPS, parse_statuses

group = CommandGroup()

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

OrderArgument = Annotated[str, argument(ORDER, "Order id, or the first characters of one that synq has shown.")]


# Some names are both a group and a status.
_STATUSES = dict.fromkeys([*STATUS_GROUPS, *ORDER_STATUSES])
StatusOption = Annotated[
    str | None,
    option(
        "--status",
        Metavar("STATUS,...", "list", _STATUSES),  # no Literal: it is a list
        "Only these statuses or groups: open, closed, unpaid, to-ship, shipped, returning, refunded, "
        "fully-refunded, dead, cancellable or all.",
    ),
]


ChannelOption = Annotated[str | None, option("--channel", "CHANNEL", "Only orders of this channel (name or id).")]
TagOption = Annotated[str | None, option("--tag", "TAG", "Only orders with this tag.")]
PaymentStatusOption = Annotated[
    str | None, option("--payment-status", "STATUS", "Only orders with this payment status, such as authorized.")
]
ReferenceOption = Annotated[str | None, option("--reference", "TEXT", "Only orders with this payment reference.")]
MinTotalOption = Annotated[str | None, option("--min-total", "AMOUNT", "Only orders of this total or more.")]
MaxTotalOption = Annotated[str | None, option("--max-total", "AMOUNT", "Only orders of this total or less.")]


@group.command("list", operations.LIST_ORDERS, operations.LIST_CHANNELS, requests=(1, None))
def list_orders(
    run: RunContext,
    status: StatusOption = None,
    channel: ChannelOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    tag: TagOption = None,
    payment_status: PaymentStatusOption = None,
    reference: ReferenceOption = None,
    min_total: MinTotalOption = None,
    max_total: MaxTotalOption = None,
    key: Annotated[str | None, option("--key", "KEY", "Only the order placed with this idempotency key.")] = None,
    sort: SortOption = None,
    count: CountOption = False,
    limit: LimitOption = 50,
    read_all: AllOption = False,
) -> None:
    """List orders.

    The API returns pages of 100 orders and does not filter, so synq reads pages until --limit orders match, one
    request per page. --all reads every page and shows no order twice, even if orders move between pages. `-o ndjson`
    prints orders as pages arrive. --key stops reading once it finds the order. --sort and --count read every page.

    Status groups: closed (completed, cancelled, refunded, returned, failed), open (all others), unpaid (draft,
    pending_payment), to-ship (confirmed, processing, partially_fulfilled), shipped (fulfilled, delivered), returning
    (return_requested, partially_returned, returned), refunded (partially_refunded, refunded),
    fully-refunded (refunded), dead (cancelled, failed), cancellable (draft, pending_payment, payment_authorized,
    confirmed, processing).

    Examples:
      synq orders list --status open
      synq orders list --status to-ship,pending_payment --since 7d
      synq orders list --channel web-storefront --limit 10 --json
      synq orders list --min-total 100 --tag gift --sort total:desc
      synq orders list --status unpaid --count
      synq orders list --all -o ndjson
    """
    statuses, placed_since = parse_statuses(status), parse_since(since, run.system.now())
    where = order_filter(
        until=parse_since(until, run.system.now()),
        tag=tag,
        payment_status=payment_status,
        reference=reference,
        min_total=min_total,
        max_total=max_total,
    )
    orders = run.api.orders.matching(
        statuses, channel=run.api.channels.name_of(channel), since=placed_since, key=key, where=where
    )
    most = 1 if key is not None else None if read_all else limit  # idempotency keys are unique
    empty, nouns = f"No orders match{since_words(placed_since)}.", "orders" if key is None else None
    show(run, orders, COLUMNS, sort, count=count, empty=empty, most=most, nouns=nouns)
    if channel and not orders.taken and (doubt := run.api.channels.doubt(channel)):
        run.output.warn(doubt)


@group.command("get", operations.GET_ORDER)
def get_order(run: RunContext, order_id: OrderArgument) -> None:
    """Show an order.

    Shows the order's status, totals and payment. The first characters of an id are enough once synq has shown the
    order on this machine.

    Examples:
      synq orders get 8ed7df4a-1d3b-491d-9941-b147ea9d1f87
      synq orders get 8ed7df4a --json
    """
    run.output.record(run.api.orders.get(order_id), RECORD)


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
