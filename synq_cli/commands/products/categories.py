"""`synq products categories`: the tree that products are filed in."""

from typing import Annotated

import typer

from synq_cli.cli.lazy_groups import Noun
from synq_cli.cli.options import DescriptionOption, NameArgument, SlugOption, invocation
from synq_cli.cli.values import Value
from synq_cli.commands.products.taxonomy import CHANGED, CREATED, DESCRIPTION, ID, NAME, SLUG
from synq_cli.output.columns import Column
from synq_cli.output.formats import identifier
from synq_cli.resources.products.taxonomy import CATEGORIES

group = Noun("List the categories and add to them.")

COLUMNS = [NAME, ID, Column("Parent", "parent_id", identifier), SLUG, DESCRIPTION, CREATED, CHANGED]


@group.command("list", CATEGORIES.list)
def list_categories(ctx: typer.Context) -> None:
    """List the categories.

    On a terminal as a tree; other formats, --fields and --columns give a list by name, in which parent_id says
    where each one hangs.

    Examples:
      synq products categories list
      synq products categories list --columns name,slug,description
    """
    run = invocation(ctx)
    rows = run.api.taxonomy(CATEGORIES).list()
    run.output.tree(rows, COLUMNS, parent="parent_id", empty="This tenant has no categories.")


@group.command("create", CATEGORIES.create, CATEGORIES.list, requests=(1, 2))
def create_category(
    ctx: typer.Context,
    name: NameArgument,
    slug: SlugOption = None,
    description: DescriptionOption = None,
    parent: Annotated[
        str | None,
        typer.Option(
            "--parent", metavar=Value("NAME|ID", "category"), help="Put it below this category. Default: at the top."
        ),
    ] = None,
) -> None:
    """Create a category.

    --parent takes the name, the slug or the id of another category, which is looked up first and costs one more
    request.

    Examples:
      synq products categories create Knitwear
      synq products categories create Cardigans --parent Knitwear --description "Button-through knits."
    """
    run = invocation(ctx)
    created = run.api.taxonomy(CATEGORIES).create(name, slug=slug, description=description, parent=parent)
    run.output.record(created, COLUMNS)
