"""`synq products list/get/create/update/delete/push`."""

from typing import Annotated

import typer

from synq_cli.cli.lazy_groups import Commands
from synq_cli.cli.options import DescriptionOption, YesOption, invocation
from synq_cli.cli.values import PRODUCT, PRODUCT_OR_SKU, Value
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import age, flag, identifier, state, timestamp
from synq_cli.resources.products import products

group = Commands()

COLUMNS = [
    Column("ID", "id", identifier),
    Column("Title", "title"),
    Column("Category", "category", drop=2),
    Column("Status", "status", state),
    Column("Changed", "updated_at", age, drop=1),
    Column("Deleted", "deleted_at", age),
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
QUEUED = [Column("Status", "status")]

ActionOption = Annotated[
    products.PushAction,
    typer.Option(
        "--action",
        metavar="ACTION",
        case_sensitive=False,
        help="upsert creates or changes it there, delete takes it away.",
    ),
]
ProductArgument = Annotated[
    str, typer.Argument(metavar=PRODUCT, help="The product's id, or its first letters once seen.")
]
CategoryOption = Annotated[
    str | None,
    typer.Option("--category", metavar="CATEGORY", help="What it is filed under: a category's name or slug."),
]


@group.command("list", operations.LIST_PRODUCTS)
def list_products(ctx: typer.Context) -> None:
    """List products, by title.

    The API gives at most 100 products, in an order that is not certain, so synq sorts them. It has no pages and no
    filter. `synq products get ID` shows the whole record of one.

    Examples:
      synq products list
      synq products list --fields id,title -o csv
    """
    run = invocation(ctx)
    rows = run.api.products.list()
    run.output.rows(rows, COLUMNS, empty="This tenant has no products.")
    run.output.note(products.perhaps_more(rows))


@group.command("get", operations.GET_PRODUCT, operations.LIST_VARIANTS, requests=(1, 2))
def get_product(
    ctx: typer.Context,
    product: Annotated[
        str,
        typer.Argument(
            metavar=PRODUCT_OR_SKU,
            help="The product's id, its first letters once seen, or the SKU of a variant.",
        ),
    ],
) -> None:
    """Show a product, by its id or by a SKU.

    The complete record with its texts, flags and times. With a SKU this costs one more request, which finds the
    product that the variant belongs to.

    Examples:
      synq products get f1f1e283-6659-47ee-a41b-6b6ad352dac2
      synq products get f1f1e283 --json
      synq products get HMC-NVY-M
    """
    run = invocation(ctx)
    run.output.record(run.api.products.with_id_or_sku(product), RECORD)


@group.command("create", operations.CREATE_PRODUCT)
def create_product(
    ctx: typer.Context,
    title: Annotated[str, typer.Argument(metavar="TITLE", help="What it is called in the shop.")],
    description: DescriptionOption = None,
    category: CategoryOption = None,
) -> None:
    """Create a product.

    It is ACTIVE from the start. What is sold are its variants: add one with `synq products variants create`.

    Examples:
      synq products create "Tarn Cable Cardigan" --category Knitwear
      synq products create "Tarn Cable Cardigan" --description "Chunky cable cardigan." --dry-run
    """
    run = invocation(ctx)
    run.output.record(run.api.products.create(title, description=description, category=category), RECORD)


@group.command("update", operations.UPDATE_PRODUCT, operations.GET_PRODUCT, requests=(2, 3))
def update_product(
    ctx: typer.Context,
    product_id: ProductArgument,
    title: Annotated[str | None, typer.Option("--title", metavar="TEXT", help="A new title.")] = None,
    description: DescriptionOption = None,
    category: CategoryOption = None,
    category_id: Annotated[
        str | None,
        typer.Option(
            "--category-id", metavar=Value("ID", "category"), help="A category by its id; a server may ignore it."
        ),
    ] = None,
    brand_id: Annotated[
        str | None,
        typer.Option("--brand-id", metavar=Value("ID", "brand"), help="A brand by its id; a server may ignore it."),
    ] = None,
) -> None:
    """Change a product.

    Only the fields that you name are sent. The product is read first, so that a table and --dry-run show what was
    there before. An empty text most likely counts as left out: synq tells you if the server kept a field.

    Examples:
      synq products update f1f1e283-6659-47ee-a41b-6b6ad352dac2 --title "Harbour Merino Crewneck II"
      synq products update f1f1e283 --category Jumpers --dry-run
    """
    run = invocation(ctx)
    changes = run.api.products.changes(
        title=title, description=description, category=category, category_id=category_id, brand_id=brand_id
    )
    before = run.api.products.get(product_id)
    after = run.api.products.update(before, changes)
    run.output.changed(str(before.get("title")), before, after, RECORD)
    run.output.note(products.not_taken(changes, before, after))


@group.command("delete", operations.DELETE_PRODUCT, operations.GET_PRODUCT)
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


@group.command("push", operations.PUSH_PRODUCT, operations.GET_PRODUCT, requests=(1, 2))
def push_product(
    ctx: typer.Context, product_id: ProductArgument, action: ActionOption = "upsert", yes: YesOption = False
) -> None:
    """Push a product to the connected platforms.

    It is queued for every active connection, and the command returns at once. With --action delete synq shows the
    product and asks first; in a script --yes says so.

    Examples:
      synq products push f1f1e283-6659-47ee-a41b-6b6ad352dac2
      synq products push f1f1e283-6659-47ee-a41b-6b6ad352dac2 --action delete --yes
    """
    run = invocation(ctx)
    if action == "delete":
        product = run.api.products.get(product_id)
        question = f"Delete {product.get('title')} ({product['id']}) from every connected platform?"
        if not run.confirmed(question, yes=yes):
            return
    run.output.record(run.api.products.push(product_id, action), QUEUED)
