"""`synq products stats`, `issues` and `export`: the catalogue as a whole."""

from pathlib import Path
from typing import Annotated

from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.metavars import FILE
from synq_cli.cli.options import option, switch
from synq_cli.errors import UsageError
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import age, bars, identifier, money, quantity, whole
from synq_cli.resources.products import products

group = CommandGroup()

STATS = [
    Column("Products", "totalProducts", quantity),
    Column("Low stock", "lowStockVariants", quantity),
    Column("Out of stock", "outOfStockVariants", quantity),
    Column("Stock value", "totalInventoryValue", money("currency")),
    Column("Closest to running out", "topLowStock"),
]
LOWEST = [
    Column("SKU", "sku", whole),
    Column("On hand", "on_hand", quantity),
    Column("Product", "title"),
    Column("Variant", "variant_id", identifier, drop=1),
]
ISSUES = [
    Column("Product", "product_id", identifier),
    Column("Field", "field"),
    Column("Issue", "message"),
    Column("Found", "created_at", age, drop=1),
    Column("ID", "id", identifier, drop=2),
]
QUEUED = [Column("Status", "status"), Column("Message", "message")]


@group.command("stats", operations.GET_STATS)
def show_stats(run: RunContext) -> None:
    """Show statistics of the catalogue and its stock.

    Shows the numbers of the dashboard, and the variants that are closest to running out. For low stock at single
    locations, use `synq inventory levels --low`.

    Examples:
      synq products stats
      synq products stats --jq '.topLowStock[].sku'
    """
    stats = run.api.catalogue.stats()
    lowest = stats["topLowStock"] if isinstance(stats.get("topLowStock"), list) else []
    bar = Column("Bar", "on_hand", bars([row for row in lowest if isinstance(row, dict)], "on_hand"), drop=2)
    lists = {"topLowStock": ("Closest to running out", [*LOWEST, bar])}
    run.output.panel("Catalogue and stock", stats, STATS, lists)


@group.command("issues", operations.LIST_VALIDATION_ISSUES)
def list_issues(run: RunContext) -> None:
    """List data quality issues of products.

    Shows the open issues that the server has found, sorted by product.

    Examples:
      synq products issues
      synq products issues --fields product_id,field,message -o csv
    """
    run.output.rows(run.api.catalogue.issues(), ISSUES, empty="There are no open issues.")


@group.command(
    "export", operations.EXPORT_CATALOG, operations.LIST_PRODUCTS, operations.GET_PRODUCT, requests=(1, None)
)
def export_catalogue(
    run: RunContext,
    to: Annotated[
        str | None, option("--to", FILE, "Write products to FILE (.csv, .ndjson or .xlsx); - for standard output.")
    ] = None,
    whole: Annotated[bool, switch("--whole", "Add description and brand, for one request per product.")] = False,
) -> None:
    """Queue an export of the catalogue, or write a file.

    Without --to, the server writes the whole catalogue to cloud storage and notifies you when it is ready. synq can't
    follow the export.

    --to writes title and category to a file on this machine that `synq products import` can read. The API lists at
    most 100 products; others are missing. In CSV, a cell that a spreadsheet would read as a formula gets a leading
    apostrophe, which the import removes; a workbook (.xlsx) needs none. Standard output gets NDJSON, or the format of
    -o. For ids, statuses and times, use `synq products list`; for variants, `synq products variants list --all`.

    Examples:
      synq products export
      synq products export --to catalog.csv
      synq products export --to catalog.xlsx
      synq products export --to - --whole
    """
    if to is not None:
        _write_catalogue(run, to, whole=whole)
        return
    if whole:
        raise UsageError("--whole requires --to.")
    run.output.record(run.api.catalogue.export(), QUEUED)
    run.output.note("The server notifies you when the file is ready. There is no job to follow.")


def _write_catalogue(run: RunContext, to: str, *, whole: bool) -> None:
    """Write the products that the API lists to a file or standard output."""
    from synq_cli.bulk import exports
    from synq_cli.state.folders import replace_file

    kind = None if to == "-" else exports.kind_of(to)
    given = [name for name in ("fields", "columns", "jq") if run.options.get(name) is not None]
    if kind and given:
        raise UsageError(f"--{given[0]} requires --to -.", hint="A file has the columns of an import.")
    listed = run.api.products.list()
    found = [run.api.products.get(row["id"]) for row in listed] if whole and not run.dry_run else listed
    keys = exports.WHOLE if whole else exports.LISTED
    rows = exports.import_rows(found, keys)
    count = f"{len(rows)} product{'s' * (len(rows) != 1)}"
    if run.dry_run:
        run.output.note(f"Would write {count} to {to}.")
        return
    if kind:
        replace_file(Path(to), exports.catalogue(rows, kind, keys), mode=None, hint=None)
        run.output.note(f"Wrote {count} to {to}.")
    else:
        shown = exports.guarded_rows(rows) if run.output.format == "csv" else rows
        run.output.rows(shown, [Column(key, key) for key in keys], default="ndjson")
    if len(found) > len(rows):
        run.output.note(f"Skipped {len(found) - len(rows)} without a title.")
    run.output.note(products.perhaps_more(listed))
