"""`synq orders report`: how many orders, and for how much."""

from typing import Annotated

from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.options import SinceOption, option, parse_since, since_words
from synq_cli.commands.lists import PictureOption, write_picture
from synq_cli.commands.orders.listing import ChannelOption, StatusOption
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import bars, money, quantity, whole
from synq_cli.resources.orders.report import Group, totals
from synq_cli.resources.orders.states import parse_statuses

group = CommandGroup()


@group.command("report", operations.LIST_ORDERS, operations.LIST_CHANNELS, requests=(1, None))
def report_orders(
    run: RunContext,
    since: SinceOption = "30d",
    by: Annotated[Group, option("--by", "GROUP", "What the orders are grouped by.")] = "day",
    status: StatusOption = None,
    channel: ChannelOption = None,
    svg: PictureOption = None,
) -> None:
    """Count and sum up orders.

    Shows the number of orders, their total and their average, for each day, week, channel, status or currency, with a
    bar. Cancelled and failed orders are left out unless --status asks for them. Amounts of several currencies are
    never added up. Days and weeks are those of the local time zone, and those without orders are shown too.

    The API does not filter, so synq reads all orders, one request per 100.

    Examples:
      synq orders report
      synq orders report --by channel --since 90d
      synq orders report --by week --since 90d -o csv
      synq orders report --by day --since 7d --svg week.svg
    """
    placed_since = parse_since(since, run.system.now())
    run.output.note("Reading all orders: 1 request for each 100.")
    rows = run.api.order_reports.rows(
        by, statuses=parse_statuses(status), channel=run.api.channels.name_of(channel), since=placed_since
    )
    columns = _columns(by)
    drawn = [*columns, Column("Bar", "total", bars(rows, "total", "currency"), drop=2)]
    run.output.rows(
        rows, drawn if run.output.format == "table" else columns, empty=f"No orders match{since_words(placed_since)}."
    )
    if rows:
        run.output.note(f"{'; '.join(totals(rows))}{since_words(placed_since)}.")
    write_picture(run, svg, f"Orders by {by}{since_words(placed_since)}", rows, drawn)


def _columns(by: Group) -> list[Column]:
    return [
        Column(by.capitalize(), "group", whole),
        Column("Currency", "currency", table=False),
        Column("Orders", "orders", quantity),
        Column("Total", "total", money("currency")),
        Column("Average", "average", money("currency"), drop=1),
    ]
