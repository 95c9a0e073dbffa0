"""`synq products media`: pictures and films, by their addresses."""

from typing import Annotated

import typer

from synq_cli.cli.lazy_groups import Noun
from synq_cli.cli.options import invocation
from synq_cli.cli.values import PRODUCT, Value
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import address, age, identifier, quantity
from synq_cli.resources.shared.validation import LARGEST

group = Noun("List the media and add to them.")

COLUMNS = [
    Column("ID", "id", identifier, drop=3),
    Column("Address", "url", address),
    Column("Alt text", "alt_text", drop=2),
    Column("Order", "sort_order", quantity),
    Column("Product", "product_id", identifier),
    Column("Variant", "variant_id", identifier),
    Column("Created", "created_at", age, drop=1),
    Column("Changed", "updated_at", age, drop=4),
]

ProductOption = Annotated[
    str | None,
    typer.Option("--product", metavar=PRODUCT, help="The product, by its id or its first letters once seen."),
]
VariantOption = Annotated[
    str | None, typer.Option("--variant", metavar=Value("SKU|ID", "sku"), help="The variant, by its SKU or its UUID.")
]


@group.command("list", operations.LIST_MEDIA, operations.LIST_VARIANTS, requests=(1, 2))
def list_media(ctx: typer.Context, product: ProductOption = None, variant: VariantOption = None) -> None:
    """List the media.

    By product and variant, in the order in which they are to be shown.

    Examples:
      synq products media list
      synq products media list --product f1f1e283-6659-47ee-a41b-6b6ad352dac2
      synq products media list --variant HMC-NVY-M --fields url
    """
    run = invocation(ctx)
    run.output.rows(run.api.media.list(product=product, variant=variant), COLUMNS, empty="No media match.")


@group.command("add", operations.CREATE_MEDIA, operations.LIST_VARIANTS, requests=(1, 2))
def add_media(
    ctx: typer.Context,
    url: Annotated[str, typer.Argument(metavar="URL", help="Where the file lies; nothing is uploaded.")],
    product: ProductOption = None,
    variant: VariantOption = None,
    alt_text: Annotated[
        str | None, typer.Option("--alt-text", metavar="TEXT", help="What it shows, for those who can't see it.")
    ] = None,
    sort_order: Annotated[
        int | None, typer.Option("--sort-order", min=0, max=LARGEST, metavar="N", help="Its place, 0 being the first.")
    ] = None,
) -> None:
    """Add the address of a picture or a film.

    The file stays where it is; the catalogue keeps its address. A SKU that synq has not seen before is looked up
    and costs one more request.

    Examples:
      synq products media add https://cdn.fellandfjord.example/p/navy.jpg --product f1f1e283-6659-47ee-a41b-6b6ad352dac2
      synq products media add https://cdn.fellandfjord.example/p/navy.jpg --variant HMC-NVY-M --alt-text "Navy crewneck"
    """
    run = invocation(ctx)
    added = run.api.media.add(url, product=product, variant=variant, alt_text=alt_text, sort_order=sort_order)
    run.output.record(added, COLUMNS)
