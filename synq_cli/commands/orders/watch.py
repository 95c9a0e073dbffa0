"""`synq orders watch`: orders that appear, change and disappear."""

from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.options import SinceOption, UntilOption, parse_since
from synq_cli.commands.lists import EVENT, ExecOption, ResumeOption, known_watches, transition, watch
from synq_cli.commands.orders.listing import (
    ChannelOption,
    MaxTotalOption,
    MinTotalOption,
    PaymentStatusOption,
    ReferenceOption,
    StatusOption,
    TagOption,
)
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import identifier, money, state, text
from synq_cli.resources.orders.filters import order_filter
from synq_cli.resources.orders.orders import order_test
from synq_cli.resources.orders.states import parse_statuses

group = CommandGroup()

_EVENT = [
    *EVENT,
    Column("Order", "order_id", identifier, width=9),
    *transition("Status", "status", state, width=33),
    *transition("Total", "total", money("currency"), drop=1, width=14),
    *transition("Payment", "payment_status", text, drop=2, width=22),
    *transition("Channel", "channel", text, drop=3),
]


@group.command(
    "watch",
    operations.LIST_ORDERS,
    operations.LIST_AUDIT_EVENTS,
    operations.GET_ORDER,
    operations.LIST_CHANNELS,
    requests=(2, None),
)
def watch_orders(
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
    command: ExecOption = None,
    resume: ResumeOption = False,
) -> None:
    """Watch orders, and print each change as it happens.

    An event says that an order was added (it is new, or begins to match), changed, or is gone (it ceases to match),
    with the order before and after; `before` is null if synq has not seen the order before. Several changes between
    two looks are one event, and a new time of change alone is none. Watching ends with Ctrl-C. Off a terminal, events
    are NDJSON.

    synq looks every 20 seconds, more slowly as the rate limit is used up, and leaves the last 20 requests a minute to
    other commands. A look reads the audit log and the orders that it names. Since the audit log does not tell
    everything, all orders are read too, less often the more pages they take: synq says how often when it starts.
    Watches on the same machine share what they read.

    An event is recorded just before it is printed, so that it never comes twice. --resume begins with what has
    happened since the last run with the same options. If that run was killed between recording and printing an event,
    --resume does not repeat this event, but says which one it was.

    --exec runs a program without a shell, for one event at a time, for at most 30 seconds; a failure is a warning.
    docs/watching.md has scripts for ntfy, mail and Slack.

    Examples:
      synq orders watch
      synq orders watch --status to-ship --channel web-storefront
      synq orders watch --status unpaid --resume -o ndjson | tee -a unpaid.ndjson
      synq orders watch --min-total 500 --exec 'sh to-slack.sh'
    """
    now, channel_name = run.system.now(), run.api.channels.name_of(channel)
    amounts = {"tag": tag, "payment_status": payment_status, "reference": reference}
    amounts |= {"min_total": min_total, "max_total": max_total}
    statuses = parse_statuses(status)
    matches = order_test(
        statuses,
        channel=channel_name,
        since=parse_since(since, now),
        where=order_filter(until=parse_since(until, now), **amounts),
    )
    options = {**amounts, "channel": channel_name, "since": since, "until": until, "statuses": sorted(statuses or ())}
    watched = run.api.watching.orders(matches, options, **known_watches(run))
    watch(run, watched, _EVENT, command, resume=resume)
