"""`synq inventory report`: how much stock there is, and what it is worth."""

from typing import Annotated

from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.options import OnlyLocationOption, option
from synq_cli.commands.lists import PictureOption, write_picture
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import bars, money, quantity, whole
from synq_cli.resources.inventory.report import Group

group = CommandGroup()


@group.command(
    "report",
    operations.LIST_INVENTORY_LEVELS,
    operations.LIST_VARIANTS,
    operations.LIST_PRODUCTS,
    operations.LIST_LOCATIONS,
    requests=(2, None),
)
def report_stock(
    run: RunContext,
    by: Annotated[Group, option("--by", "GROUP", "What the stock is grouped by.")] = "location",
    location: OnlyLocationOption = None,
    svg: PictureOption = None,
) -> None:
    """Count and value the stock.

    Shows the number of SKUs and units, their value at the price of each variant and their cost, for each location or
    category. Amounts of several currencies are never added up. Variants without a price or a cost count with their
    units only.

    synq reads all levels and all variants, one request per 100 each, and for categories the products, of which the
    API lists at most 100.

    Examples:
      synq inventory report
      synq inventory report --by category
      synq inventory report -o csv
      synq inventory report --location "Leith warehouse" --by category --svg stock.svg
    """
    run.output.note("Reading all stock levels and variants: 1 request for each 100.")
    rows = run.api.stock_reports.rows(
        by, location=location, names=run.api.locations.names() if by == "location" else {}
    )
    columns = _columns(by)
    drawn = [*columns, Column("Bar", "value", bars(rows, "value", "currency"), drop=2)]
    run.output.rows(rows, drawn if run.output.format == "table" else columns, empty="There is no stock.")
    if unpriced := sum(row["unpriced"] for row in rows):
        run.output.note(f"{unpriced} levels are of variants without a price; their value is left out.")
    write_picture(run, svg, f"Stock by {by}", rows, drawn)


def _columns(by: Group) -> list[Column]:
    return [
        Column(by.capitalize(), "group", whole),
        Column("Currency", "currency", table=False),
        Column("SKUs", "skus", quantity),
        Column("Units", "units", quantity),
        Column("Value", "value", money("currency")),
        Column("Cost", "cost", money("currency"), drop=1),
    ]
