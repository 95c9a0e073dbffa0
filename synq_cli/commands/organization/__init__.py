"""`synq organization`: its profile and its members."""

from typing import Annotated

from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.options import option
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import identifier, timestamp

group = CommandGroup(groups={"members": ("synq_cli.commands.organization.members", "Manage members and their roles.")})

RECORD = [
    Column("ID", "id", identifier),
    Column("Name", "name"),
    Column("Tenant", "tenant_id", identifier),
    Column("Created", "created_at", timestamp),
    Column("Changed", "updated_at", timestamp),
]


@group.command("show", operations.GET_ORGANIZATION)
def show_organization(run: RunContext) -> None:
    """Show the organization's profile.

    This is the organization that your token belongs to.

    Examples:
      synq organization show
      synq organization show --json
    """
    run.output.record(run.api.organization.get(), RECORD)


@group.command("update", operations.UPDATE_ORGANIZATION, operations.GET_ORGANIZATION, requests=(1, 2))
def update_organization(run: RunContext, name: Annotated[str, option("--name", "NAME", "New name. Required.")]) -> None:
    """Rename the organization.

    Prints the name before and after.

    Examples:
      synq organization update --name "Fell & Fjord Ltd"
      synq organization update --name "Fell & Fjord Ltd" --dry-run
    """
    before, after = run.api.organization.rename(name)
    run.output.changed("Organization", before, after, RECORD)
