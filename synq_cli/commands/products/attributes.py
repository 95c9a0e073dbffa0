"""`synq products attributes`: what can be said of a product, such as its colour."""

from typing import Annotated

import typer

from synq_cli.api.taxonomy import ATTRIBUTE_TYPES, ATTRIBUTES, CREATE_ATTRIBUTE
from synq_cli.commands.products.columns import CHANGED, CREATED, ID, NAME, SLUG
from synq_cli.lazy_group import Noun
from synq_cli.options import NameArgument, SlugOption, invocation
from synq_cli.output.columns import Column
from synq_cli.values import suggestion

group = Noun("List the attributes and add to them.")

COLUMNS = [ID, NAME, Column("Type", "type"), SLUG, CREATED, CHANGED]


@group.command("list", ATTRIBUTES)
def list_attributes(ctx: typer.Context) -> None:
    """List the attributes.

    All of them, by name.

    Examples:
      synq products attributes list
      synq products attributes list --json
    """
    run = invocation(ctx)
    run.output.rows(run.api.attributes.list(), COLUMNS, empty="This tenant has no attributes.")


@group.command("create", CREATE_ATTRIBUTE)
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
    run.output.record(run.api.attributes.create(name, slug=slug, kind=kind), COLUMNS)
