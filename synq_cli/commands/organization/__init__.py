"""`synq organization`: its profile and its members."""

from synq_cli.commands.organization import members, organization

group = organization.group
group.add_typer(members.group, name="members")
