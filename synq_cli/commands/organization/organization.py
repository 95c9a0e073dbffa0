"""`synq organization show/update`."""

from typing import Annotated

import typer

from synq_cli.cli.lazy_groups import Commands
from synq_cli.cli.options import invocation
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import identifier, timestamp

group = Commands()

RECORD = [
    Column("ID", "id", identifier),
    Column("Name", "name"),
    Column("Tenant", "tenant_id", identifier),
    Column("Created", "created_at", timestamp),
    Column("Changed", "updated_at", timestamp),
]


@group.command("show", operations.GET_ORGANIZATION)
def show_organization(ctx: typer.Context) -> None:
    """Show the organization's profile.

    The organization that your token belongs to.

    Examples:
      synq organization show
      synq organization show --json
    """
    run = invocation(ctx)
    run.output.record(run.api.organization.get(), RECORD)


@group.command("update", operations.UPDATE_ORGANIZATION, operations.GET_ORGANIZATION, requests=(1, 2))
def update_organization(
    ctx: typer.Context,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="The new name. Required.")],
) -> None:
    """Rename the organization.

    Shows the name before and after.

    Examples:
      synq organization update --name "Fell & Fjord Ltd"
      synq organization update --name "Fell & Fjord Ltd" --dry-run
    """
    run = invocation(ctx)
    before, after = run.api.organization.rename(name)
    run.output.changed("Organization", before, after, RECORD)
