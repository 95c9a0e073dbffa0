"""`synq products variants`: what customers buy, with SKUs and prices."""

from typing import Annotated

from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.metavars import PRODUCT, SKU, Metavar
from synq_cli.cli.options import AllOption, LimitOption, argument, option
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import age, identifier, money, timestamp

group = CommandGroup()

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
RECORD = [
    Column("ID", "id", identifier),
    Column("SKU", "sku"),
    Column("Price", "price", money("currency")),
    Column("Currency", "currency"),
    Column("Cost", "cost_price", money("currency")),
    Column("Barcode", "barcode"),
    Column("Options", "option_values"),
    Column("Product", "product_id", identifier),
    Column("Created", "created_at", timestamp),
    Column("Changed", "updated_at", timestamp),
]


@group.command("list", operations.LIST_VARIANTS, requests=(1, None))
def list_variants(
    run: RunContext,
    sku: Annotated[str | None, option("--sku", SKU, "Only the variant with this SKU or barcode.")] = None,
    product: Annotated[str | None, option("--product", PRODUCT, "Only variants of this product.")] = None,
    limit: LimitOption = 50,
    read_all: AllOption = False,
) -> None:
    """List variants with their SKUs and prices.

    synq caches the SKUs and barcodes it sees, so that adjusting the stock of one of them takes one request. A barcode
    that is not cached takes one request for every 100 variants, once.

    Examples:
      synq products variants list --sku HMC-NVY-M
      synq products variants list --all --fields sku,price,currency -o csv
    """
    found = run.api.variants.with_code(sku, product=product)
    run.output.rows(found.first(None if read_all else limit), COLUMNS, empty="No variants match.")
    run.output.note(found.left_out("variants"))
    if read_all and sku is None and product is None:
        run.index.remember_all_read()
    if sku and not found.taken:
        run.output.note(run.api.variants.suggestion(sku))


@group.command("create", operations.CREATE_VARIANT)
def create_variant(
    run: RunContext,
    product: Annotated[
        str, argument(Metavar("PRODUCT", "product"), "Product id, or the first characters of one that synq has shown.")
    ],
    sku: Annotated[str | None, option("--sku", "SKU", "SKU, unique within the tenant.")] = None,
    barcode: Annotated[str | None, option("--barcode", "GTIN", "Barcode: EAN-13, UPC-A or another GTIN.")] = None,
    price: Annotated[str | None, option("--price", "AMOUNT", "Price, such as 19.90.")] = None,
    currency: Annotated[str | None, option("--currency", "CODE", "Currency of the price, such as EUR.")] = None,
) -> None:
    """Add a variant to a product.

    The price is sent with exactly the digits that you type. synq refuses a barcode with a wrong check digit, and a SKU
    or barcode that belongs to another variant in the local cache.

    Examples:
      synq products variants create f1f1e283-6659-47ee-a41b-6b6ad352dac2 --sku HMC-NVY-XXL --price 89.50 --currency GBP
      synq products variants create f1f1e283 --sku HMC-NVY-3XL --barcode 5012345699998 --dry-run
    """
    created = run.api.variants.create(product, sku=sku, barcode=barcode, price=price, currency=currency)
    run.output.record(created, RECORD)
