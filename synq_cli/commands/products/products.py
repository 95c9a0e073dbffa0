"""`synq products list/get/delete`."""

from typing import Annotated

import typer

from synq_cli.api import products
from synq_cli.lazy_group import Noun
from synq_cli.options import YesOption, invocation
from synq_cli.output.columns import Column
from synq_cli.output.formats import age, flag, identifier, state, timestamp

group = Noun("Look at the catalogue and its variants.")

COLUMNS = [
    Column("ID", "id", identifier),
    Column("Title", "title"),
    Column("Category", "category", drop=2),
    Column("Status", "status", state),
    Column("Changed", "updated_at", age, drop=1),
]
RECORD = [
    Column("ID", "id", identifier),
    Column("Title", "title"),
    Column("Status", "status", state),
    Column("Category", "category"),
    Column("Brand", "brand"),
    Column("Tags", "tags"),
    Column("Description", "description"),
    Column("Taxable", "is_taxable", flag),
    Column("Returnable", "is_returnable", flag),
    Column("Quality", "data_quality_score"),
    Column("Created", "created_at", timestamp),
    Column("Changed", "updated_at", timestamp),
    Column("Deleted", "deleted_at", timestamp),
]

ProductArgument = Annotated[str, typer.Argument(metavar="ID", help="The product's id, or its first letters once seen.")]


@group.command("list", products.LIST)
def list_products(ctx: typer.Context) -> None:
    """List products.

    The API gives at most 100 products, has no pages and no filter. `synq products get ID` shows the whole
    record of one.

    Examples:
      synq products list
      synq products list --fields id,title -o csv
    """
    run = invocation(ctx)
    rows = run.api.products.list()
    run.output.rows(rows, COLUMNS, empty="This tenant has no products.")
    if len(rows) >= 100:
        run.output.note("The API lists at most 100 products; there may be more.")


@group.command("get", products.GET)
def get_product(ctx: typer.Context, product_id: ProductArgument) -> None:
    """Show a product.

    The complete record with its texts, flags and times.

    Examples:
      synq products get f1f1e283-6659-47ee-a41b-6b6ad352dac2
      synq products get f1f1e283 --json
    """
    run = invocation(ctx)
    run.output.record(run.api.products.get(product_id), RECORD)


@group.command("delete", products.DELETE, products.GET)
def delete_product(ctx: typer.Context, product_id: ProductArgument, yes: YesOption = False) -> None:
    """Delete a product.

    There is no undo. On a terminal synq shows the product and asks first; in a script --yes says so.
    --dry-run shows what would go.

    Examples:
      synq products delete f1f1e283-6659-47ee-a41b-6b6ad352dac2 --dry-run
      synq products delete f1f1e283-6659-47ee-a41b-6b6ad352dac2 --yes
    """
    run = invocation(ctx)
    product = run.api.products.get(product_id)
    name = f"{product.get('title')} ({product['id']})"
    if run.confirmed(f"Delete {name}? There is no undo.", yes=yes):
        run.api.products.delete(product)
        run.output.done(f"Deleted {name}.")
