"""`synq products attribute-groups`: attributes that belong together."""

import typer

from synq_cli.api.taxonomy import CREATE_GROUP, GROUPS
from synq_cli.commands.products.columns import CHANGED, CREATED, DESCRIPTION, ID, NAME
from synq_cli.lazy_group import Noun
from synq_cli.options import DescriptionOption, NameArgument, invocation

group = Noun("List the attribute groups and add to them.")

COLUMNS = [ID, NAME, DESCRIPTION, CREATED, CHANGED]


@group.command("list", GROUPS)
def list_attribute_groups(ctx: typer.Context) -> None:
    """List the attribute groups.

    All of them, by name.

    Examples:
      synq products attribute-groups list
      synq products attribute-groups list --fields id,name -o csv
    """
    run = invocation(ctx)
    run.output.rows(run.api.attribute_groups.list(), COLUMNS, empty="This tenant has no attribute groups.")


@group.command("create", CREATE_GROUP)
def create_attribute_group(ctx: typer.Context, name: NameArgument, description: DescriptionOption = None) -> None:
    """Create an attribute group.

    Attributes are put into it in the dashboard: the API publishes no route for that.

    Examples:
      synq products attribute-groups create "Yarn facts" --description "What the garment is knitted from."
      synq products attribute-groups create Care --dry-run
    """
    run = invocation(ctx)
    run.output.record(run.api.attribute_groups.create(name, description=description), COLUMNS)
