"""`synq channels`: list the sales channels."""

import typer

from synq_cli.api.channels import LIST
from synq_cli.lazy_group import Noun
from synq_cli.options import invocation
from synq_cli.output.columns import Column
from synq_cli.output.formats import age, flag, identifier

group = Noun("List the sales channels.")

COLUMNS = [
    Column("ID", "id", identifier),
    Column("Name", "name"),
    Column("Currency", "currency"),
    Column("Takes orders", "active", flag),
    Column("Created", "created_at", age, drop=1),
    Column("Changed", "updated_at", age, drop=2),
]


@group.command("list", LIST)
def list_channels(ctx: typer.Context) -> None:
    """List the sales channels.

    Every channel that brings in orders, with its currency. `synq orders list --channel NAME` shows the orders
    of one.

    Examples:
      synq channels list
      synq channels list --fields name,currency -o csv
    """
    run = invocation(ctx)
    run.output.rows(run.api.channels.list(), COLUMNS, empty="This tenant has no channels.")
