"""`synq organization members`: who may do what."""

from typing import Annotated

import typer

from synq_cli.cli.lazy_groups import Noun
from synq_cli.cli.options import YesOption, invocation
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import state, whole
from synq_cli.resources.organization import Role

group = Noun("Manage the organization's members.")

COLUMNS = [
    Column("E-mail", "email"),
    Column("Role", "role"),
    Column("Status", "status", state),
    Column("UID", "uid", whole, drop=1),
]
INVITED = [Column("UID", "uid"), Column("Message", "message")]

MemberArgument = Annotated[str, typer.Argument(metavar="MEMBER", help="The member's e-mail address or uid.")]


@group.command("list", operations.LIST_MEMBERS)
def list_members(ctx: typer.Context) -> None:
    """List the members and their roles.

    By e-mail address; those who are invited and have not come yet are among them.

    Examples:
      synq organization members list
      synq organization members list --fields email,role -o csv
    """
    run = invocation(ctx)
    run.output.rows(run.api.members.list(), COLUMNS, empty="This organization has no members.")


@group.command("invite", operations.INVITE_MEMBER)
def invite_member(
    ctx: typer.Context,
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="Where the invitation goes.")],
    role: Annotated[
        Role,
        typer.Option("--role", metavar="ROLE", case_sensitive=False, help="Role of the new member. Required."),
    ],
) -> None:
    """Invite somebody by e-mail.

    An ADMIN may do everything, an EDITOR writes products, orders and stock, a VIEWER reads. The invitation is an
    e-mail, so synq sends it once: if no answer comes, it ends with exit 10 and says where to look.

    Examples:
      synq organization members invite una@fellandfjord.example --role EDITOR
      synq organization members invite ola@fellandfjord.example --role VIEWER --dry-run
    """
    run = invocation(ctx)
    run.output.record(run.api.members.invite(email, role), INVITED)


@group.command("set-role", operations.CHANGE_MEMBER_ROLE, operations.LIST_MEMBERS, requests=(1, 2))
def set_role(
    ctx: typer.Context,
    member: MemberArgument,
    role: Annotated[Role, typer.Argument(metavar="ROLE", case_sensitive=False, help="New role.")],
    yes: YesOption = False,
) -> None:
    """Change a member's role.

    Keep at least two administrators: synq warns when this leaves one, and asks when it leaves none; in a script
    --yes is needed then. Who is only invited does not count.

    Examples:
      synq organization members set-role rory@fellandfjord.example VIEWER
      synq organization members set-role rory@fellandfjord.example ADMIN --dry-run
    """
    run = invocation(ctx)
    change = run.api.members.to_change(member, role)
    if change.risk:
        run.output.warn(change.risk)
    if change.risk and not change.administrators and not run.confirmed(f"Make {change.name} {change.role}?", yes=yes):
        return
    after = run.api.members.set_role(change)
    run.output.changed(change.name, change.member, after, COLUMNS)


@group.command("remove", operations.REMOVE_MEMBER, operations.LIST_MEMBERS)
def remove_member(ctx: typer.Context, member: MemberArgument, yes: YesOption = False) -> None:
    """Remove a member.

    Takes the person's access away at once. On a terminal synq shows who it is and asks first; in a script --yes says
    so. It warns when fewer than two administrators are left.

    Examples:
      synq organization members remove rory@fellandfjord.example
      synq organization members remove SzjzUbycsvipkv10VhkKSVWiqRRp --yes
    """
    run = invocation(ctx)
    change = run.api.members.to_remove(member)
    if change.risk:
        run.output.warn(change.risk)
    who = f"{change.name} ({change.member.get('role')})"
    if run.confirmed(f"Remove {who}? The access ends at once.", yes=yes):
        run.api.members.remove(change)
        run.output.done(f"Removed {who}.")
