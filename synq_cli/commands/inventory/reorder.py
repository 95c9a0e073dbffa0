"""`synq inventory reorder`: what to buy."""

from typing import Annotated

from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.metavars import FILE
from synq_cli.cli.options import OnlyLocationOption, option, switch
from synq_cli.errors import UsageError
from synq_cli.http import operations
from synq_cli.output.columns import Column, Row
from synq_cli.output.formats import quantity, whole

group = CommandGroup()

_NEEDED = [
    Column("SKU", "sku", whole),
    Column("Available", "available", quantity),
    Column("Sold", "sold", quantity, drop=2),
    Column("Days in stock", "days_in_stock", quantity, drop=3),
    Column("Per day", "per_day", quantity),
    Column("Days left", "days_left", quantity),
    Column("Suggested", "suggested", quantity),
    Column("Variant", "variant_id", table=False),
]
_LOW = [
    Column("SKU", "sku", whole),
    Column("On hand", "on_hand", quantity),
    Column("Product", "title"),
    Column("Variant", "variant_id", table=False),
]
_SUPPLY = [
    Column("Lead days", "lead_days", quantity, drop=1),
    Column("Pack", "pack_size", quantity, drop=4),
]


@group.command(
    "reorder",
    operations.LIST_INVENTORY_LEDGER,
    operations.LIST_INVENTORY_LEVELS,
    operations.LIST_LOCATIONS,
    operations.LIST_VARIANTS,
    operations.GET_STATS,
    requests=(1, None),
)
def list_needed(
    run: RunContext,
    days: Annotated[int, option("--days", "N", "Days of sales to look at.", min=1, max=365)] = 30,
    cover: Annotated[int, option("--cover", "N", "Days that stock must last after a delivery.", min=0, max=365)] = 14,
    location: OnlyLocationOption = None,
    suppliers: Annotated[
        str | None, option("--suppliers", FILE, "File of suppliers, lead times and pack sizes; - for standard input.")
    ] = None,
    types: Annotated[
        str | None, option("--types", "A,B", "Only these types of ledger entries are demand, such as sale,return.")
    ] = None,
    fresh: Annotated[bool, switch("--fresh", "Read the whole ledger again instead of using the cache.")] = False,
    everything: Annotated[bool, switch("--all", "Also list SKUs that need no order.")] = False,
) -> None:
    """Suggest what to buy, most urgent first.

    Per day is what was sold in the last --days, less returns, divided by the days on which the SKU had stock or was
    sold: one that was out of stock half of the time sells twice as fast as it seems. Days left is available / per day.
    Suggested is per day * (cover + lead days) - available, rounded up to whole packs and never negative. Available are
    the units on hand that are not reserved. Everything is summed over all locations; --location looks at one.

    The API does not publish the types of its ledger entries. By default everything that left the stock was sold, except
    under types that contain adjust, correct, count, damage, loss, receipt, supplier, transfer or write; and what came
    back under types that contain cancel, refund, return or sale was returned. synq prints which types it has counted.
    With --types it counts those that you name, and no others.

    --suppliers takes rows with the columns sku, barcode or variant_id, and optionally supplier, lead_days and
    pack_size. The list is then grouped by supplier, and a workbook (-o xlsx > order.xlsx) has a sheet for each.

    Each 100 stock levels and each 100 ledger entries take a request. Entries never change, so that synq caches them
    and reads only newer ones the next time. On a server without a ledger, synq lists the variants that are closest to
    running out, as `synq products stats` does.

    Examples:
      synq inventory reorder
      synq inventory reorder --days 60 --cover 30 --location "Leith warehouse"
      synq inventory reorder --suppliers suppliers.csv --cover 28
      synq inventory reorder --all -o csv
    """
    from synq_cli.resources.inventory.demand import Period
    from synq_cli.resources.inventory.suppliers import SupplierFile

    counted = None if types is None else [name.strip().lower() for name in types.split(",")]
    if counted is not None and not all(counted):
        raise UsageError(f'Invalid --types "{types}": a name is empty.', hint="Use commas: --types sale,return")
    period = Period(int(run.system.now()), days, counted)
    file = None if suppliers is None else SupplierFile(run.system.read_rows(suppliers), suppliers)
    with run.output.progress("Reading the ledger, in days") as bar:
        plan = run.api.reorder.plan(
            period, cover=cover, location=location, suppliers=file, cache=run.ledger_cache, fresh=fresh,
            tell=run.output.note, watch=bar.update,
        )  # fmt: skip
    for remark in [*(file.remarks if file else []), *plan.remarks]:
        run.output.note(remark)
    shown = plan.rows if everything or not plan.rates else [row for row in plan.rows if row["suggested"]]
    if len(shown) < len(plan.rows):
        run.output.note(f"{len(shown)} of {len(plan.rows)} SKUs need an order; --all lists the others, too.")
    columns = _NEEDED if plan.rates else _LOW
    if file:
        columns = [Column("Supplier", "supplier"), *columns[:-1], *_SUPPLY, columns[-1]]
    run.output.rows(shown, columns, empty="Nothing needs an order.", sheet_of=_sheet_of if file else None)


def _sheet_of(row: Row) -> str:
    return str(row["supplier"]) or "No supplier"
