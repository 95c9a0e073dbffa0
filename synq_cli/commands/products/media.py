"""`synq products media`: images and videos, by URL."""

from typing import Annotated

from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.metavars import PRODUCT, Metavar
from synq_cli.cli.options import argument, option
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import address, age, identifier, quantity
from synq_cli.resources.shared.validation import LARGEST

group = CommandGroup()

COLUMNS = [
    Column("ID", "id", identifier, drop=3),
    Column("URL", "url", address),
    Column("Alt text", "alt_text", drop=2),
    Column("Order", "sort_order", quantity),
    Column("Product", "product_id", identifier),
    Column("Variant", "variant_id", identifier),
    Column("Created", "created_at", age, drop=1),
    Column("Changed", "updated_at", age, drop=4),
]

ProductOption = Annotated[
    str | None, option("--product", PRODUCT, "Product id, or the first characters of one that synq has shown.")
]
VariantOption = Annotated[
    str | None, option("--variant", Metavar("SKU|ID", "sku"), "SKU, barcode, or UUID of the variant.")
]


@group.command("list", operations.LIST_MEDIA, operations.LIST_VARIANTS, requests=(1, None))
def list_media(run: RunContext, product: ProductOption = None, variant: VariantOption = None) -> None:
    """List images and videos.

    Sorted by product and variant, then in display order.

    Examples:
      synq products media list
      synq products media list --product f1f1e283-6659-47ee-a41b-6b6ad352dac2
      synq products media list --variant HMC-NVY-M --fields url
    """
    run.output.rows(run.api.media.list(product=product, variant=variant), COLUMNS, empty="No media match.")


@group.command("add", operations.CREATE_MEDIA, operations.LIST_VARIANTS, requests=(1, None))
def add_media(
    run: RunContext,
    url: Annotated[str, argument("URL", "URL of the file; nothing is uploaded.")],
    product: ProductOption = None,
    variant: VariantOption = None,
    alt_text: Annotated[str | None, option("--alt-text", "TEXT", "Description for people who can't see it.")] = None,
    sort_order: Annotated[
        int | None, option("--sort-order", "N", "Position in the display order, from 0.", min=0, max=LARGEST)
    ] = None,
) -> None:
    """Add an image or a video by its URL.

    The catalogue stores only the URL. A SKU that is not in the local cache takes one more request.

    Examples:
      synq products media add https://cdn.fellandfjord.example/p/navy.jpg --product f1f1e283-6659-47ee-a41b-6b6ad352dac2
      synq products media add https://cdn.fellandfjord.example/p/navy.jpg --variant HMC-NVY-M --alt-text "Navy crewneck"
    """
    added = run.api.media.add(url, product=product, variant=variant, alt_text=alt_text, sort_order=sort_order)
    run.output.record(added, COLUMNS)
