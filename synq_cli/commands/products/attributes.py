"""`synq products attributes`: what can be said of a product, such as its colour."""

from typing import Annotated

import typer

from synq_cli.cli.options import NameArgument, SlugOption, invocation
from synq_cli.cli.values import suggestion
from synq_cli.commands.products.taxonomy import CHANGED, CREATED, ID, NAME, SLUG, with_list
from synq_cli.output.columns import Column
from synq_cli.resources.products.taxonomy import ATTRIBUTE_TYPES, ATTRIBUTES

COLUMNS = [ID, NAME, Column("Type", "type"), SLUG, CREATED, CHANGED]
group = with_list(ATTRIBUTES, COLUMNS, example="--json")


@group.command("create", ATTRIBUTES.create)
def create_attribute(
    ctx: typer.Context,
    name: NameArgument,
    slug: SlugOption = None,
    kind: Annotated[
        str | None,
        typer.Option(
            "--type",
            metavar=suggestion("TYPE", ATTRIBUTE_TYPES),  # no Literal: the server may know more
            help="TEXT, NUMBER or another type that the server knows. Default: TEXT.",
        ),
    ] = None,
) -> None:
    """Create an attribute.

    The API does not publish which types there are, so synq sends any, in capitals.

    Examples:
      synq products attributes create Colour
      synq products attributes create "Yarn weight" --type NUMBER --slug yarn-weight
    """
    run = invocation(ctx)
    run.output.record(run.api.taxonomy(ATTRIBUTES).create(name, slug=slug, kind=kind), COLUMNS)
