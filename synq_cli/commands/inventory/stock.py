"""`synq inventory adjust`, `levels`, `ledger` and `locations`."""

from typing import Annotated

from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.metavars import FILE, Metavar
from synq_cli.cli.options import (
    AllOption,
    LimitOption,
    LocationOption,
    OnlyLocationOption,
    OnlySkuOption,
    SearchOption,
    SinceOption,
    YesOption,
    argument,
    option,
    parse_since,
    since_words,
    switch,
)
from synq_cli.commands.bulk import AgainOption, ReportOption, ShardOption, refuse_with_file, require_file, send_file
from synq_cli.errors import UsageError
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import age, delta, flag, identifier, named, quantity, timestamp, whole
from synq_cli.resources.shared.selection import search

group = CommandGroup()


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

SkuArgument = Annotated[str | None, argument(Metavar("[SKU]", "sku"), "SKU, barcode, or UUID of the variant.")]
QuantityArgument = Annotated[str | None, argument("[QUANTITY]", "Change in units: -5 removes five, +5 or 5 adds five.")]


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
    run: RunContext,
    sku: SkuArgument = None,
    change: QuantityArgument = None,
    location: LocationOption = None,
    file: Annotated[
        str | None,
        option("--file", FILE, "Adjust every row of a CSV, TSV, NDJSON or .xlsx file; - for standard input."),
    ] = None,
    report: ReportOption = None,
    shard: ShardOption = None,
    again: AgainOption = False,
    yes: YesOption = False,
) -> None:
    """Adjust the stock of one SKU, or of many from a file.

    Adds an entry to the stock ledger and prints it. Entries can't be changed or deleted: to correct a mistake, post
    the opposite quantity. The change is relative, so synq never sends it twice: if no response arrives, it reads the
    ledger once, shows what it finds and exits with 10.

    In a table, and with --dry-run, synq also shows the stock before and after, for one more request. In a script,
    adjusting a SKU that is in the local cache takes one request.

    A barcode that is not in the local cache takes a request for every 100 variants, once; synq says so first.

    --file takes rows with the columns sku, barcode or variant_id, delta, and optionally location; other columns are
    ignored.
    Several rows may move the same SKU: each is posted, but two that are written alike are an error.
    All rows are checked before the first is sent. Then synq shows what will change and how long it takes, and asks
    for confirmation. It keeps to the rate limit and leaves 10 requests a minute to other commands.

    A bulk run has a journal, so you can interrupt it at any time: `synq runs resume` continues it and sends no row
    twice. Rows that the API refused are written to FILE.failed.csv, to be fixed and sent again (exit status 9).
    `synq runs undo` reverses a whole run. If a run of the last 30 days has posted the same rows, synq refuses to post
    them twice, unless you add --again or, on a terminal, confirm it.

    Examples:
      synq inventory adjust HMC-NVY-M -5
      synq inventory adjust HMC-NVY-M +12 --location "Leith warehouse"
      synq inventory adjust 5012345678917 +12 --location "Leith warehouse"
      synq inventory adjust HMC-NVY-M -5 --dry-run
      synq inventory adjust --file corrections.csv --dry-run
      synq inventory adjust --file corrections.csv --location "Leith warehouse" --yes --report result.csv
    """
    place = location or run.settings.location
    if file is not None:
        refuse_with_file(SKU=sku)
        from synq_cli.bulk.verbs.adjust_stock import AdjustStock

        text = run.system.read_rows(file)
        send_file(run, AdjustStock(run.api), text, file, place, report=report, shard=shard, yes=yes, again=again)
        return
    if sku is None or change is None:
        missing = "SKU and quantity" if sku is None else "quantity"
        raise UsageError(f"Missing {missing}.", hint="Give a SKU and a quantity, or a file with --file.")
    require_file(report, shard, again=again)
    movement = run.api.inventory.prepare(sku, change, place, with_level=run.dry_run or run.output.format == "table")
    if movement.after is not None and movement.after < 0:
        run.output.warn(f"This makes the stock of {movement.sku} at {movement.location} negative.")
    entry = run.api.inventory.adjust(movement)
    if movement.after is not None:
        run.output.change(f"{movement.sku} at {movement.location}", movement.on_hand, movement.after)
    run.output.record(entry, ENTRY)


@group.command(
    "levels",
    operations.LIST_INVENTORY_LEVELS,
    operations.LIST_VARIANTS,
    operations.LIST_LOCATIONS,
    operations.GET_TENANT_SETTINGS,
    requests=(1, None),
)
def list_levels(
    run: RunContext,
    skus: Annotated[
        list[str] | None,
        argument(Metavar("[SKU]...", "sku"), "SKUs, barcodes, or UUIDs of variants. [default: all stock]"),
    ] = None,
    sku: OnlySkuOption = None,
    location: OnlyLocationOption = None,
    low: Annotated[bool, switch("--low", "Only levels at or below the tenant's low-stock threshold.")] = False,
    threshold: Annotated[
        int | None, option("--threshold", "N", "Only levels with N units on hand or fewer.", min=0)
    ] = None,
    limit: LimitOption = 50,
    read_all: AllOption = False,
) -> None:
    """List stock levels.

    Shows the units on hand, reserved and available for each SKU at each location. A table shows the names of
    locations; other formats show ids, as the API does.

    --low reads the low-stock threshold from the tenant's settings, for one more request; --threshold N uses your own.
    The API does not filter by stock, so synq reads pages of 100 until --limit rows match.

    Each SKU takes one request. So does a barcode in the local cache; another one takes a request for every 100
    variants, once. `--sku SKU` means the same as the argument.

    Examples:
      synq inventory levels HMC-NVY-M
      synq inventory levels HMC-NVY-M HMC-NVY-L --location "Leith warehouse"
      synq inventory levels --low
      synq inventory levels --threshold 0 --location "Leith warehouse"
      synq inventory levels --all -o csv
    """
    if low and threshold is None:
        threshold = run.api.settings.low_stock_threshold()
        run.output.note(f"The tenant's low-stock threshold is {threshold}.")
    levels = run.api.inventory.levels([*(skus or []), *([sku] if sku else [])], location=location, most=threshold)
    columns = [
        Column("SKU", "sku", whole),
        Column("On hand", "on_hand", quantity),
        Column("Reserved", "reserved", quantity),
        Column("Available", "available", quantity),
        Column("Location", "location_id", named(run.api.locations.names() if run.output.format == "table" else {})),
        Column("Variant", "variant_id", identifier, drop=2),
        Column("Changed", "updated_at", age, drop=1),
    ]
    run.output.rows(levels.first(None if read_all else limit), columns, empty="No stock levels match.")
    run.output.note(levels.left_out("levels"))
    for name in levels.without_rows():
        missing = f"No stock levels match {name}. " if levels.taken else ""
        run.output.note((missing + run.api.variants.suggestion(name)).rstrip())


@group.command(
    "ledger", operations.LIST_INVENTORY_LEDGER, operations.LIST_VARIANTS, operations.LIST_LOCATIONS, requests=(1, None)
)
def list_entries(
    run: RunContext,
    sku: OnlySkuOption = None,
    location: OnlyLocationOption = None,
    kind: Annotated[str | None, option("--type", "TYPE", "Only entries of this type, such as adjustment.")] = None,
    since: SinceOption = None,
    limit: LimitOption = 50,
    read_all: AllOption = False,
) -> None:
    """List stock ledger entries, newest first.

    Every adjustment, order and return adds an entry, and entries never change. `synq inventory adjust` adds entries
    of type adjustment; orders and returns have their own types. With --since, synq stops reading at the first older
    entry.

    A table shows the names of locations, and SKUs that are in the local cache; other formats show ids, as the API
    does.

    Examples:
      synq inventory ledger --sku HMC-NVY-M
      synq inventory ledger --since 7d --type adjustment --all
      synq inventory ledger --location "Leith warehouse" -o csv
    """
    posted_since = parse_since(since, run.system.now())
    entries = run.api.ledger.entries(sku=sku, location=location, kind=kind, since=posted_since)
    table = run.output.format == "table"
    columns = [
        Column("Posted", "created_at", age),
        Column("Variant", "variant_id", named(run.index.names("sku") if table else {})),
        Column("Quantity", "quantity_delta", delta),
        Column("Location", "location_id", named(run.api.locations.names() if table else {})),
        Column("Type", "transaction_type"),
        Column("Notes", "notes", drop=1),
        Column("Unit cost", "unit_cost", quantity, drop=2),
        Column("Entry", "id", identifier, drop=3),
        Column("Posted by", "created_by", identifier, drop=4),
    ]
    run.output.rows(
        entries.first(None if read_all else limit), columns, empty=f"No entries match{since_words(posted_since)}."
    )
    run.output.note(entries.left_out("ledger entries"))


@group.command("locations", operations.LIST_LOCATIONS)
def list_locations(run: RunContext, words: SearchOption = None) -> None:
    """List stock locations.

    Use their names or ids with --location. To set a default, use `synq config set location NAME`.

    Examples:
      synq inventory locations
      synq inventory locations --search leith
      synq inventory locations --fields id,name --json
    """
    rows = search(run.api.locations.list(), words, "name")
    run.output.rows(rows, LOCATION, empty="No locations match." if words else "This tenant has no stock locations.")
