"""`synq inventory adjust/levels/locations`: stock."""

from collections.abc import Mapping
from typing import Annotated

import typer

from synq_cli.cli.lazy_groups import Commands
from synq_cli.cli.options import (
    AllOption,
    LimitOption,
    LocationOption,
    OnlyLocationOption,
    OnlySkuOption,
    YesOption,
    invocation,
)
from synq_cli.cli.values import FILE, Value
from synq_cli.commands.bulk import ReportOption, carry_out
from synq_cli.errors import UsageError
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import age, delta, flag, identifier, named, quantity, timestamp, whole

group = Commands()


def levels_columns(names: Mapping[str, str]) -> list[Column]:
    """Stock levels, with locations by their names."""
    return [
        Column("SKU", "sku", whole),
        Column("On hand", "on_hand", quantity),
        Column("Reserved", "reserved", quantity),
        Column("Available", "available", quantity),
        Column("Location", "location_id", named(names)),
        Column("Variant", "variant_id", identifier, drop=2),
        Column("Changed", "updated_at", age, drop=1),
    ]


ENTRY = [
    Column("Entry", "id", identifier),
    Column("Variant", "variant_id", identifier),
    Column("Location", "location_id", identifier),
    Column("Quantity", "quantity_delta", delta),
    Column("Type", "transaction_type"),
    Column("Notes", "notes"),
    Column("Unit cost", "unit_cost"),
    Column("Posted", "created_at", timestamp),
    Column("Posted by", "created_by"),
]
LOCATION = [
    Column("ID", "id", identifier),
    Column("Name", "name"),
    Column("Active", "active", flag),
    Column("Created", "created_at", age, drop=1),
]

SkuArgument = Annotated[
    str | None, typer.Argument(metavar=Value("[SKU]", "sku"), help="The SKU, or the variant's UUID.")
]
QuantityArgument = Annotated[
    str | None, typer.Argument(metavar="[QUANTITY]", help="-5 takes five away, +5 or 5 adds five.")
]


@group.command(
    "adjust",
    operations.ADJUST_INVENTORY,
    operations.LIST_VARIANTS,
    operations.LIST_LOCATIONS,
    operations.LIST_INVENTORY_LEVELS,
    operations.LIST_INVENTORY_LEDGER,
    requests=(1, None),
    bulk=True,
)
def adjust_stock(
    ctx: typer.Context,
    sku: SkuArgument = None,
    change: QuantityArgument = None,
    location: LocationOption = None,
    file: Annotated[
        str | None,
        typer.Option("--file", metavar=FILE, help="Many rows: CSV, TSV or NDJSON; - is standard input."),
    ] = None,
    report: ReportOption = None,
    yes: YesOption = False,
) -> None:
    """Adjust the stock of one SKU, or of many from a file.

    Appends one entry to the stock ledger and prints it. The ledger is never rewritten: a mistake is undone by
    the opposite quantity. The change is relative, so synq never sends it twice: if no answer comes, it reads
    the ledger once, says what is there and ends with exit 10.

    As a table, and with --dry-run, the stock before and after is shown too, which costs one more request.
    In a script a known SKU costs one request.

    --file takes rows with the columns sku or variant_id, delta, and if need be location; other columns are left
    alone. All rows are checked before the first is sent, then synq says what will move and how long it takes, and
    asks. It keeps to the rate limit, however long that takes, and leaves 10 requests a minute to other commands.

    A run keeps a journal, so it can be interrupted at any time: `synq runs resume` goes on, and sends no row twice.
    Rows that the API refused end up in FILE.failed.csv, ready to be mended and fed in again (exit 9). `synq runs
    undo` takes a whole run back.

    Examples:
      synq inventory adjust HMC-NVY-M -5
      synq inventory adjust HMC-NVY-M +12 --location "Leith warehouse"
      synq inventory adjust HMC-NVY-M -5 --dry-run
      synq inventory adjust --file counts.csv --dry-run
      synq inventory adjust --file counts.csv --location "Leith warehouse" --yes --report result.csv
    """
    run = invocation(ctx)
    place = location or run.settings.location
    if file is not None:
        if sku is not None:
            raise UsageError("A SKU and --file ask for two things; give one of them.")
        adjust_many(ctx, file, place, report, yes=yes)
        return
    if sku is None or change is None:
        raise UsageError("Give a SKU and a quantity, or --file.", hint="See `synq inventory adjust --help`.")
    if report is not None:
        raise UsageError("--report is for the rows of a --file.")
    movement = run.api.inventory.prepare(sku, change, place, with_level=run.dry_run or run.output.format == "table")
    if movement.after is not None and movement.after < 0:
        run.output.warn(f"This takes {sku} at {movement.location} below zero.")
    entry = run.api.inventory.adjust(movement)
    if movement.after is not None:
        run.output.change(f"{sku} at {movement.location}", movement.on_hand, movement.after)
    run.output.record(entry, ENTRY)


def adjust_many(ctx: typer.Context, file: str, place: str | None, report: str | None, *, yes: bool) -> None:
    """Plan the rows of a file, ask, and send them."""
    from functools import partial
    from pathlib import Path

    from synq_cli.bulk.verbs.adjust_stock import AdjustStock
    from synq_cli.documents import shown_name

    run = invocation(ctx)
    verb = AdjustStock(run.api)
    read = partial(verb.read, run.read_text(file), shown_name(file), place)
    plan = run.bulk.plan(verb, read, file, None if file == "-" else Path(file), with_levels=run.dry_run)
    carry_out(ctx, plan, lambda: run.bulk.start(plan), report, yes=yes)


@group.command(
    "levels",
    operations.LIST_INVENTORY_LEVELS,
    operations.LIST_LOCATIONS,
    operations.GET_TENANT_SETTINGS,
    requests=(1, None),
)
def list_levels(
    ctx: typer.Context,
    skus: Annotated[
        list[str] | None,
        typer.Argument(
            metavar=Value("[SKU]...", "sku"), help="Only these SKUs, or variants with these UUIDs. Default: all stock."
        ),
    ] = None,
    sku: OnlySkuOption = None,
    location: OnlyLocationOption = None,
    low: Annotated[
        bool, typer.Option("--low", help="Only what is low: at or below the threshold of the tenant's settings.")
    ] = False,
    threshold: Annotated[
        int | None, typer.Option("--threshold", min=0, metavar="N", help="Only what has N on hand or fewer.")
    ] = None,
    limit: LimitOption = 50,
    read_all: AllOption = False,
) -> None:
    """List stock levels.

    What is on hand, reserved and available for each SKU at each location. A table shows locations by name; other
    formats give their ids, as the API does.

    --low lists what has as many units on hand as the tenant's low-stock threshold says, or fewer; it costs one more
    request. --threshold N is the same with a number of your own. The API does not filter by stock, so synq reads
    pages of 100 until --limit rows match.

    The API takes one SKU at a time, so each costs one request. --sku SKU adds one to the arguments.

    Examples:
      synq inventory levels HMC-NVY-M
      synq inventory levels HMC-NVY-M HMC-NVY-L --location "Leith warehouse"
      synq inventory levels --low
      synq inventory levels --threshold 0 --location "Leith warehouse"
      synq inventory levels --all -o csv
    """
    run = invocation(ctx)
    if low and threshold is None:
        threshold = run.api.settings.low_stock_threshold()
        run.output.note(f"Low is {threshold} on hand or fewer, by the tenant's settings.")
    levels = run.api.inventory.levels([*(skus or []), *([sku] if sku else [])], location=location, most=threshold)
    names = run.api.locations.names() if run.output.format == "table" else {}
    columns = levels_columns(names)
    run.output.rows(levels.first(None if read_all else limit), columns, empty="No stock levels match.")
    run.output.note(levels.left_out("level"))
    for name in levels.without_rows():
        missing = f"No stock levels match {name}. " if levels.taken else ""
        run.output.note((missing + run.api.variants.suggestion(name)).rstrip())


@group.command("locations", operations.LIST_LOCATIONS)
def list_locations(ctx: typer.Context) -> None:
    """List the stock locations.

    Their names and ids are what --location takes. `synq config set location NAME` makes one the default.

    Examples:
      synq inventory locations
      synq inventory locations --fields id,name --json
    """
    run = invocation(ctx)
    run.output.rows(run.api.locations.list(), LOCATION, empty="This tenant has no stock locations.")
