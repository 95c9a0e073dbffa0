"""`synq organization members`: people and their roles."""

from typing import Annotated

import typer

from synq_cli.cli.confirmation import confirm
from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.options import YesOption
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import state, whole
from synq_cli.resources.organization import Role

group = CommandGroup()

COLUMNS = [
    Column("E-mail", "email"),
    Column("Role", "role"),
    Column("Status", "status", state),
    Column("UID", "uid", whole, drop=1),
]
INVITED = [Column("UID", "uid"), Column("Message", "message")]

MemberArgument = Annotated[str, typer.Argument(metavar="MEMBER", help="E-mail address or uid of the member.")]


@group.command("list", operations.LIST_MEMBERS)
def list_members(run: RunContext) -> None:
    """List members and their roles.

    Sorted by e-mail address, including people who were invited and have not joined yet.

    Examples:
      synq organization members list
      synq organization members list --fields email,role -o csv
    """
    run.output.rows(run.api.members.list(), COLUMNS, empty="This organization has no members.")


@group.command("invite", operations.INVITE_MEMBER)
def invite_member(
    run: RunContext,
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="E-mail address to invite.")],
    role: Annotated[
        Role, typer.Option("--role", metavar="ROLE", case_sensitive=False, help="Role of the new member. Required.")
    ],
) -> None:
    """Invite someone by e-mail.

    An ADMIN can do everything, an EDITOR can change products, orders and stock, a VIEWER can read. Each request sends
    an e-mail, so synq sends it only once: if no response arrives, it exits with 10 and says how to check.

    Examples:
      synq organization members invite una@fellandfjord.example --role EDITOR
      synq organization members invite ola@fellandfjord.example --role VIEWER --dry-run
    """
    run.output.record(run.api.members.invite(email, role), INVITED)


@group.command("set-role", operations.CHANGE_MEMBER_ROLE, operations.LIST_MEMBERS, requests=(1, 2))
def set_role(
    run: RunContext,
    member: MemberArgument,
    role: Annotated[Role, typer.Argument(metavar="ROLE", case_sensitive=False, help="New role.")],
    yes: YesOption = False,
) -> None:
    """Change a member's role.

    Keep at least two administrators: synq warns if the change leaves one, and asks for confirmation (in a script,
    --yes) if it leaves none. People who have not joined yet do not count.

    Examples:
      synq organization members set-role rory@fellandfjord.example VIEWER
      synq organization members set-role rory@fellandfjord.example ADMIN --dry-run
    """
    change = run.api.members.to_change(member, role)
    if change.risk:
        run.output.warn(change.risk)
        if not change.administrators:
            confirm(run, f"Change the role of {change.name} to {change.role}?", yes=yes)
    after = run.api.members.set_role(change)
    run.output.changed(change.name, change.member, after, COLUMNS)


@group.command("remove", operations.REMOVE_MEMBER, operations.LIST_MEMBERS)
def remove_member(run: RunContext, member: MemberArgument, yes: YesOption = False) -> None:
    """Remove a member.

    Access ends at once. synq shows who it is and asks for confirmation; in a script, use --yes. It warns if fewer
    than two administrators remain.

    Examples:
      synq organization members remove rory@fellandfjord.example
      synq organization members remove SzjzUbycsvipkv10VhkKSVWiqRRp --yes
    """
    change = run.api.members.to_remove(member)
    if change.risk:
        run.output.warn(change.risk)
    who = f"{change.name} ({change.member.get('role')})"
    confirm(run, f"Remove {who}? Access ends at once.", yes=yes)
    run.api.members.remove(change)
    run.output.note(f"Removed {who}.")
