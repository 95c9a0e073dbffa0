"""`synq products stats/issues/export`: the catalogue as a whole."""

from pathlib import Path
from typing import Annotated

import typer

from synq_cli.cli.lazy_groups import Commands
from synq_cli.cli.options import invocation
from synq_cli.cli.values import FILE
from synq_cli.errors import UsageError
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import age, identifier, money, quantity, whole
from synq_cli.resources.products import products

group = Commands()

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
def show_stats(ctx: typer.Context) -> None:
    """Show the counters of catalogue and stock.

    The dashboard's numbers, and the variants that are closest to running out. The server counts as it does there; a
    low place at one location is what `synq inventory levels --low` lists. synq remembers the SKUs, so that adjusting
    one of them costs one request.

    Examples:
      synq products stats
      synq products stats --jq '.topLowStock[].sku'
    """
    run = invocation(ctx)
    lists = {"topLowStock": ("Closest to running out", LOWEST)}
    run.output.panel("Catalogue and stock", run.api.catalogue.stats(), STATS, lists)


@group.command("issues", operations.LIST_VALIDATION_ISSUES)
def list_issues(ctx: typer.Context) -> None:
    """List what is wrong with the data of products.

    The open issues that the server has found, by product.

    Examples:
      synq products issues
      synq products issues --fields product_id,field,message -o csv
    """
    run = invocation(ctx)
    run.output.rows(run.api.catalogue.issues(), ISSUES, empty="There are no open issues.")


@group.command(
    "export", operations.EXPORT_CATALOG, operations.LIST_PRODUCTS, operations.GET_PRODUCT, requests=(1, None)
)
def export_catalogue(
    ctx: typer.Context,
    to: Annotated[
        str | None,
        typer.Option("--to", metavar=FILE, help="Write products there, as .csv or .ndjson; - is standard output."),
    ] = None,
    whole: Annotated[
        bool, typer.Option("--whole", help="With description and brand: one request more for each product.")
    ] = False,
) -> None:
    """Queue an export of the catalogue, or write one here.

    Without --to the server writes the whole catalogue to cloud storage and announces it to the user there: not here,
    and with nothing to follow.

    --to writes a file on this machine that `synq products import` takes back, with title and category. The API lists
    at most 100 products and has no pages; if there are more, these are the ones it gives. In CSV a cell that a
    spreadsheet would take for a formula gets an apostrophe in front, which the import takes away again. Standard
    output gets NDJSON, with -o csv CSV. Ids, states and times are in `synq products list`, variants in `synq products
    variants list --all`.

    Examples:
      synq products export
      synq products export --to catalog.csv
      synq products export --to - --whole
    """
    run = invocation(ctx)
    if to is not None:
        _write_catalogue(ctx, to, whole=whole)
        return
    if whole:
        raise UsageError("--whole is for a file: give --to as well.")
    run.output.record(run.api.catalogue.export(), QUEUED)
    run.output.note("The file is announced elsewhere once it is written; there is no job to follow.")


def _write_catalogue(ctx: typer.Context, to: str, *, whole: bool) -> None:
    """Write the products that the API lists to a file, or to standard output."""
    from synq_cli.bulk.files import exports
    from synq_cli.state.folders import replace_file

    run = invocation(ctx)
    kind = ("csv" if run.output.format == "csv" else "ndjson") if to == "-" else exports.kind_of(to)
    listed = run.api.products.list()
    found = [run.api.products.get(row["id"]) for row in listed] if whole and not run.dry_run else listed
    keys = exports.WHOLE if whole else exports.LISTED
    rows = exports.import_rows(found, keys)
    count = f"{len(rows)} product{'s' * (len(rows) != 1)}"
    if run.dry_run:
        run.output.done(f"Would write {count} to {to}.")
        return
    text = exports.catalogue_text(rows, kind, keys)
    if to == "-":
        run.output.text(text)
    else:
        replace_file(Path(to), text, mode=None, hint=None)
        run.output.done(f"Wrote {count} to {to}.")
    if len(found) > len(rows):
        run.output.note(f"Left out, having no title: {len(found) - len(rows)}.")
    run.output.note(products.perhaps_more(listed))
