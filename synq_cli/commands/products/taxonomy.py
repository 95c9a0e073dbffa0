"""`synq products categories`, `brands`, `attributes`, `attribute-groups` and `templates`."""

from typing import Annotated, Any

from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.metavars import Metavar
from synq_cli.cli.options import DescriptionOption, NameArgument, SlugOption, option
from synq_cli.output.columns import Column
from synq_cli.output.formats import address, age, identifier
from synq_cli.resources.products import taxonomy

ID = Column("ID", "id", identifier)
NAME = Column("Name", "name")
SLUG = Column("Slug", "slug", drop=2)
DESCRIPTION = Column("Description", "description", drop=1)
TIMES = [Column("Created", "created_at", age, drop=3), Column("Changed", "updated_at", age, drop=4)]
COLUMNS = {
    taxonomy.CATEGORIES: [NAME, ID, Column("Parent", "parent_id", identifier), SLUG, DESCRIPTION, *TIMES],
    taxonomy.BRANDS: [ID, NAME, DESCRIPTION, Column("Logo", "logo_url", address, drop=2), *TIMES],
    taxonomy.ATTRIBUTES: [ID, NAME, Column("Type", "type"), SLUG, *TIMES],
    taxonomy.ATTRIBUTE_GROUPS: [ID, NAME, DESCRIPTION, *TIMES],
    taxonomy.TEMPLATES: [ID, NAME, DESCRIPTION, *TIMES],
}

categories = CommandGroup()
brands = CommandGroup()
attributes = CommandGroup()
attribute_groups = CommandGroup()
templates = CommandGroup()


def _add_list(group: CommandGroup, resource: taxonomy.TaxonomyKind, note: str = "") -> None:
    """Add the command `list` to a group whose objects are a flat list."""

    def list_all(run: RunContext) -> None:
        rows = run.api.taxonomy(resource).list()
        run.output.rows(rows, COLUMNS[resource], empty=f"This tenant has no {resource.many}.")

    line = f"synq products {resource.noun} list"
    list_all.__doc__ = (
        f"List {resource.many}.\n\nSorted by name. {note}\n\nExamples:\n  {line}\n  {line} --fields id,name -o csv"
    )
    group.command("list", resource.list)(list_all)


def _create(run: RunContext, resource: taxonomy.TaxonomyKind, name: str, **fields: Any) -> None:
    run.output.record(run.api.taxonomy(resource).create(name, **fields), COLUMNS[resource])


_add_list(brands, taxonomy.BRANDS)
_add_list(attributes, taxonomy.ATTRIBUTES)
_add_list(attribute_groups, taxonomy.ATTRIBUTE_GROUPS)
_add_list(templates, taxonomy.TEMPLATES, "The product_type_id of a product is the id of its template.")


@categories.command("list", taxonomy.CATEGORIES.list)
def list_categories(run: RunContext) -> None:
    """List categories.

    On a terminal, shows a tree; other formats, --fields and --columns give a list sorted by name, in which parent_id
    is the parent category.

    Examples:
      synq products categories list
      synq products categories list --columns name,slug,description
    """
    rows = run.api.taxonomy(taxonomy.CATEGORIES).list()
    run.output.tree(rows, COLUMNS[taxonomy.CATEGORIES], parent="parent_id", empty="This tenant has no categories.")


@categories.command("create", taxonomy.CATEGORIES.create, taxonomy.CATEGORIES.list, requests=(1, 2))
def create_category(
    run: RunContext,
    name: NameArgument,
    slug: SlugOption = None,
    description: DescriptionOption = None,
    parent: Annotated[
        str | None, option("--parent", Metavar("NAME|ID", "category"), "Parent category. [default: none]")
    ] = None,
) -> None:
    """Create a category.

    --parent takes the name, slug or id of a category, and costs one more request to look it up.

    Examples:
      synq products categories create Knitwear
      synq products categories create Cardigans --parent Knitwear --description "Button-through knits."
    """
    _create(run, taxonomy.CATEGORIES, name, slug=slug, description=description, parent=parent)


@brands.command("create", taxonomy.BRANDS.create)
def create_brand(
    run: RunContext,
    name: NameArgument,
    description: DescriptionOption = None,
    logo_url: Annotated[str | None, option("--logo-url", "URL", "URL of the logo; nothing is uploaded.")] = None,
) -> None:
    """Create a brand.

    Examples:
      synq products brands create "Fell & Fjord" --description "House label."
      synq products brands create "Fell & Fjord" --logo-url https://cdn.fellandfjord.example/brand/logo.svg
    """
    _create(run, taxonomy.BRANDS, name, description=description, logo_url=logo_url)


@attributes.command("create", taxonomy.ATTRIBUTES.create)
def create_attribute(
    run: RunContext,
    name: NameArgument,
    slug: SlugOption = None,
    kind: Annotated[
        str | None,
        option(
            "--type",
            Metavar("TYPE", "words", taxonomy.ATTRIBUTE_TYPES),  # no Literal: the server may know more
            "TEXT, NUMBER or another type that the server knows. [default: TEXT]",
        ),
    ] = None,
) -> None:
    """Create an attribute.

    The API does not document the types, so synq accepts any and sends it in capitals.

    Examples:
      synq products attributes create Colour
      synq products attributes create "Yarn weight" --type NUMBER --slug yarn-weight
    """
    _create(run, taxonomy.ATTRIBUTES, name, slug=slug, kind=kind)


@attribute_groups.command("create", taxonomy.ATTRIBUTE_GROUPS.create)
def create_attribute_group(run: RunContext, name: NameArgument, description: DescriptionOption = None) -> None:
    """Create an attribute group.

    Add attributes to it in the dashboard: the API documents no route for that.

    Examples:
      synq products attribute-groups create "Yarn facts" --description "What the garment is knitted from."
      synq products attribute-groups create Care --dry-run
    """
    _create(run, taxonomy.ATTRIBUTE_GROUPS, name, description=description)


@templates.command("create", taxonomy.TEMPLATES.create)
def create_template(run: RunContext, name: NameArgument, description: DescriptionOption = None) -> None:
    """Create a product template.

    Add attribute groups to it in the dashboard: the API documents no route for that.

    Examples:
      synq products templates create Jumper --description "Everything a jumper page needs."
      synq products templates create Scarf --dry-run
    """
    _create(run, taxonomy.TEMPLATES, name, description=description)
