"""`synq products list`, `get`, `create`, `update`, `delete` and `push`."""

from typing import Annotated

from synq_cli.cli.confirmation import confirm
from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.metavars import FILE, PRODUCT, PRODUCT_OR_SKU, Metavar
from synq_cli.cli.options import CountOption, DescriptionOption, SearchOption, SortOption, YesOption, argument, option
from synq_cli.commands.bulk import AgainOption, ReportOption, ShardOption, refuse_with_file, require_file, send_file
from synq_cli.commands.lists import show
from synq_cli.errors import UsageError
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import age, flag, identifier, state, timestamp
from synq_cli.resources.products import products
from synq_cli.resources.shared.selection import equals, search

group = CommandGroup()

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
    products.PushAction, option("--action", "ACTION", "upsert creates or updates the product there, delete deletes it.")
]
ProductArgument = Annotated[str, argument(PRODUCT, "Product id, or the first characters of one that synq has shown.")]
CategoryOption = Annotated[str | None, option("--category", "CATEGORY", "Name or slug of its category.")]


@group.command("list", operations.LIST_PRODUCTS, operations.GET_PRODUCT, requests=(1, None))
def list_products(
    run: RunContext,
    words: SearchOption = None,
    category: Annotated[str | None, option("--category", "CATEGORY", "Only products of this category.")] = None,
    brand: Annotated[str | None, option("--brand", "BRAND", "Only products of this brand.")] = None,
    status: Annotated[str | None, option("--status", "STATUS", "Only products with this status.")] = None,
    sort: SortOption = None,
    count: CountOption = False,
) -> None:
    """List products, sorted by title.

    The API returns at most 100 products, without pages or filters, so synq filters them. The list has no brands:
    --brand takes one request for each product that the other filters leave. To show all fields of a product, use
    `synq products get ID`.

    Examples:
      synq products list
      synq products list --search beanie --status active
      synq products list --category knitwear --sort updated_at:desc
      synq products list --fields id,title -o csv
    """
    rows = run.api.products.list()
    run.output.note(products.perhaps_more(rows))
    tests = (equals("category", category), equals("status", status))
    found = [row for row in search(rows, words, "title", "category") if all(test(row) for test in tests)]
    if brand is not None and found:
        run.output.note(f"Reading {len(found)} products, 1 request each, for their brands.")
        found = [*run.api.products.of_brand(found, brand)]
    show(run, found, COLUMNS, sort, count=count, empty="No products match." if rows else "This tenant has no products.")


@group.command("get", operations.GET_PRODUCT, operations.LIST_VARIANTS, requests=(1, None))
def get_product(
    run: RunContext,
    product: Annotated[
        str,
        argument(
            PRODUCT_OR_SKU, "Product id (or its first characters, once shown), or the SKU or barcode of a variant."
        ),
    ],
) -> None:
    """Show a product, by its id, a SKU or a barcode.

    Shows all fields. A SKU takes one more request, to find the product of the variant. So does a barcode in the local
    cache; another one takes a request for every 100 variants, once.

    Examples:
      synq products get f1f1e283-6659-47ee-a41b-6b6ad352dac2
      synq products get f1f1e283 --json
      synq products get HMC-NVY-M
    """
    run.output.record(run.api.products.with_id_or_sku(product), RECORD)


@group.command("create", operations.CREATE_PRODUCT)
def create_product(
    run: RunContext,
    title: Annotated[str, argument("TITLE", "Title, as shown in the shop.")],
    description: DescriptionOption = None,
    category: CategoryOption = None,
) -> None:
    """Create a product.

    The product is ACTIVE immediately. Customers buy its variants: add one with `synq products variants create`.

    Examples:
      synq products create "Tarn Cable Cardigan" --category Knitwear
      synq products create "Tarn Cable Cardigan" --description "Chunky cable cardigan." --dry-run
    """
    run.output.record(run.api.products.create(title, description=description, category=category), RECORD)


@group.command(
    "update",
    operations.UPDATE_PRODUCT,
    operations.GET_PRODUCT,
    operations.LIST_VARIANTS,
    requests=(1, None),
    bulk=True,
)
def update_product(
    run: RunContext,
    product_id: Annotated[
        str | None,
        argument(Metavar("[ID]", "product"), "Product id, or the first characters of one that synq has shown."),
    ] = None,
    title: Annotated[str | None, option("--title", "TEXT", "New title.")] = None,
    description: DescriptionOption = None,
    category: CategoryOption = None,
    category_id: Annotated[
        str | None, option("--category-id", Metavar("ID", "category"), "Id of its category; some servers ignore it.")
    ] = None,
    brand_id: Annotated[
        str | None, option("--brand-id", Metavar("ID", "brand"), "Id of its brand; some servers ignore it.")
    ] = None,
    file: Annotated[
        str | None,
        option("--file", FILE, "Change every product of a CSV, TSV, NDJSON or .xlsx file; - for standard input."),
    ] = None,
    report: ReportOption = None,
    shard: ShardOption = None,
    again: AgainOption = False,
    yes: YesOption = False,
) -> None:
    """Change a product, or many from a file.

    Only the fields you give are sent. synq reads the product first, to show the values before and after. The API
    ignores empty values in most cases; synq tells you which fields did not change.

    --file takes rows with the column id, or the sku or barcode of a variant, and the fields title, description,
    category, category_id and brand_id. Empty cells are left as they are. SKUs take one request each, or for more than
    two one per 100 variants. With --dry-run, synq reads the values before, for one request per product; without it, it
    does not. A row that got no response is sent again, since it sets the same values.

    Examples:
      synq products update f1f1e283-6659-47ee-a41b-6b6ad352dac2 --title "Harbour Merino Crewneck II"
      synq products update f1f1e283 --category Jumpers --dry-run
      synq products update --file titles.csv --dry-run
      synq products update --file titles.csv --yes
    """
    given = {
        "title": title, "description": description, "category": category, "category_id": category_id,
        "brand_id": brand_id,
    }  # fmt: skip
    if file is not None:
        refuse_with_file(**{"product id": product_id} | {name.replace("_", " "): text for name, text in given.items()})
        from synq_cli.bulk.verbs.update_products import UpdateProducts

        rows = run.system.read_rows(file)
        send_file(run, UpdateProducts(run.api), rows, file, report=report, shard=shard, yes=yes, again=again)
        return
    require_file(report, shard, again=again)
    if product_id is None:
        raise UsageError("Missing product id.", hint="Give a product id, or a file with --file.")
    changes = run.api.products.changes(**given)
    before = run.api.products.get(product_id)
    after = run.api.products.update(before, changes)
    run.output.changed(str(before.get("title")), before, after, RECORD)
    run.output.note(products.not_taken(changes, before, after))


@group.command("delete", operations.DELETE_PRODUCT, operations.GET_PRODUCT)
def delete_product(run: RunContext, product_id: ProductArgument, yes: YesOption = False) -> None:
    """Delete a product.

    This can't be undone. synq shows the product and asks for confirmation; in a script, use --yes.

    Examples:
      synq products delete f1f1e283-6659-47ee-a41b-6b6ad352dac2 --dry-run
      synq products delete f1f1e283-6659-47ee-a41b-6b6ad352dac2 --yes
    """
    product = run.api.products.get(product_id)
    name = f"{product.get('title')} ({product['id']})"
    confirm(run, f"Delete {name}? This can't be undone.", yes=yes)
    run.api.products.delete(product)
    run.output.note(f"Deleted {name}.")


@group.command("push", operations.PUSH_PRODUCT, operations.GET_PRODUCT, requests=(1, 2))
def push_product(
    run: RunContext, product_id: ProductArgument, action: ActionOption = "upsert", yes: YesOption = False
) -> None:
    """Push a product to the connected platforms.

    The product is queued for every active connection; the command does not wait. With --action delete, synq shows the
    product and asks for confirmation; in a script, use --yes.

    Examples:
      synq products push f1f1e283-6659-47ee-a41b-6b6ad352dac2
      synq products push f1f1e283-6659-47ee-a41b-6b6ad352dac2 --action delete --yes
    """
    if action == "delete":
        product = run.api.products.get(product_id)
        confirm(run, f"Delete {product.get('title')} ({product['id']}) from every connected platform?", yes=yes)
    run.output.record(run.api.products.push(product_id, action), QUEUED)
