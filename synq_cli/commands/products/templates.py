"""`synq products templates`: what each type of product needs."""

import typer

from synq_cli.api.taxonomy import CREATE_TEMPLATE, TEMPLATES
from synq_cli.commands.products.columns import CHANGED, CREATED, DESCRIPTION, ID, NAME
from synq_cli.lazy_group import Noun
from synq_cli.options import DescriptionOption, NameArgument, invocation

group = Noun("List the product templates and add to them.")

COLUMNS = [ID, NAME, DESCRIPTION, CREATED, CHANGED]


@group.command("list", TEMPLATES)
def list_templates(ctx: typer.Context) -> None:
    """List the product templates.

    All of them, by name. A product names the template it follows in product_type_id.

    Examples:
      synq products templates list
      synq products templates list --fields id,name -o csv
    """
    run = invocation(ctx)
    run.output.rows(run.api.templates.list(), COLUMNS, empty="This tenant has no product templates.")


@group.command("create", CREATE_TEMPLATE)
def create_template(ctx: typer.Context, name: NameArgument, description: DescriptionOption = None) -> None:
    """Create a product template.

    Attribute groups are put into it in the dashboard: the API publishes no route for that.

    Examples:
      synq products templates create Jumper --description "Everything a jumper page needs."
      synq products templates create Scarf --dry-run
    """
    run = invocation(ctx)
    run.output.record(run.api.templates.create(name, description=description), COLUMNS)
