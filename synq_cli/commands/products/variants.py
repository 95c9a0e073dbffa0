"""`synq products variants`: what is sold, with SKUs and prices."""

from typing import Annotated

import typer

from synq_cli.api import variants
from synq_cli.lazy_group import Noun
from synq_cli.options import AllOption, LimitOption, invocation
from synq_cli.output.columns import Column
from synq_cli.output.formats import age, identifier, money

group = Noun("List the variants of products.")

COLUMNS = [
    Column("SKU", "sku"),
    Column("ID", "id", identifier),
    Column("Price", "price", money("currency")),
    Column("Currency", "currency", table=False),
    Column("Cost", "cost_price", money("currency"), drop=3),
    Column("Options", "option_values", drop=1),
    Column("Barcode", "barcode", drop=2),
    Column("Product", "product_id", identifier, drop=4),
    Column("Changed", "updated_at", age, drop=5),
]


@group.command("list", variants.LIST, requests=(1, None))
def list_variants(
    ctx: typer.Context,
    sku: Annotated[str | None, typer.Option("--sku", metavar="SKU", help="Only the variant with this SKU.")] = None,
    product: Annotated[
        str | None, typer.Option("--product", metavar="ID", help="Only variants of this product.")
    ] = None,
    limit: LimitOption = 50,
    read_all: AllOption = False,
) -> None:
    """List variants with their SKUs and prices.

    synq remembers the SKUs it sees, so that adjusting the stock of a known SKU costs one request.

    Examples:
      synq products variants list --sku HMC-NVY-M
      synq products variants list --all --fields sku,price,currency -o csv
    """
    run = invocation(ctx)
    found = run.api.variants.matching(sku=sku, product=product)
    run.output.rows(found.first(None if read_all else limit), COLUMNS, empty="No variants match.")
    run.output.note(found.left_out("variant"))
