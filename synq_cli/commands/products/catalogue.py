"""`synq products stats/issues/export`: the catalogue as a whole."""

import typer

from synq_cli.api import catalogue
from synq_cli.lazy_group import Commands
from synq_cli.options import invocation
from synq_cli.output.columns import Column
from synq_cli.output.formats import age, identifier, money, quantity, whole

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


@group.command("stats", catalogue.STATS)
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


@group.command("issues", catalogue.ISSUES)
def list_issues(ctx: typer.Context) -> None:
    """List what is wrong with the data of products.

    The open issues that the server has found, by product.

    Examples:
      synq products issues
      synq products issues --fields product_id,field,message -o csv
    """
    run = invocation(ctx)
    run.output.rows(run.api.catalogue.issues(), ISSUES, empty="There are no open issues.")


@group.command("export", catalogue.EXPORT)
def export_catalogue(ctx: typer.Context) -> None:
    """Queue an export of the whole catalogue.

    The server writes the file to cloud storage and announces it to the user there: not here, and with nothing to
    follow. For a file on this machine see `synq products list` and `synq products variants list --all`.

    Examples:
      synq products export
    """
    run = invocation(ctx)
    run.output.record(run.api.catalogue.export(), QUEUED)
    run.output.note("The file is announced elsewhere once it is written; there is no job to follow.")
