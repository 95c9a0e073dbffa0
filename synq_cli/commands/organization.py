"""`synq organization`: its profile and its members."""

from typing import Annotated

from synq_cli.cli.confirmation import confirm
from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.metavars import FILE
from synq_cli.cli.options import SearchOption, YesOption, argument, option
from synq_cli.commands.bulk import AgainOption, ReportOption, ShardOption, refuse_with_file, require_file, send_file
from synq_cli.errors import UsageError
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import identifier, state, timestamp, whole
from synq_cli.resources.organization import Role
from synq_cli.resources.shared.selection import search

group = CommandGroup(groups={"members": ("synq_cli.commands.organization:members", "Manage members and their roles.")})
members = CommandGroup()

RECORD = [
    Column("ID", "id", identifier),
    Column("Name", "name"),
    Column("Tenant", "tenant_id", identifier),
    Column("Created", "created_at", timestamp),
    Column("Changed", "updated_at", timestamp),
]
MEMBER = [
    Column("Email", "email"),
    Column("Role", "role"),
    Column("Status", "status", state),
    Column("UID", "uid", whole, drop=1),
]
INVITED = [Column("UID", "uid"), Column("Message", "message")]

MemberArgument = Annotated[str, argument("MEMBER", "Email address or uid of the member.")]


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


@members.command("list", operations.LIST_MEMBERS)
def list_members(run: RunContext, words: SearchOption = None) -> None:
    """List members and their roles.

    Sorted by email address, including people who were invited and have not joined yet.

    Examples:
      synq organization members list
      synq organization members list --search editor
      synq organization members list --fields email,role -o csv
    """
    rows = search(run.api.members.list(), words, "email", "role", "status")
    run.output.rows(rows, MEMBER, empty="No members match." if words else "This organization has no members.")


@members.command("invite", operations.INVITE_MEMBER, operations.LIST_MEMBERS, requests=(1, None), bulk=True)
def invite_member(
    run: RunContext,
    email: Annotated[str | None, argument("[EMAIL]", "Email address to invite.")] = None,
    role: Annotated[
        Role | None, option("--role", "ROLE", "Role of the new member, or of the rows that name none.")
    ] = None,
    file: Annotated[
        str | None,
        option("--file", FILE, "Invite everybody in a CSV, TSV, NDJSON or .xlsx file; - for standard input."),
    ] = None,
    report: ReportOption = None,
    shard: ShardOption = None,
    again: AgainOption = False,
    yes: YesOption = False,
) -> None:
    """Invite someone by email, or many people from a file.

    An ADMIN can do everything, an EDITOR can change products, orders and stock, a VIEWER can read. Each request sends
    an email, so synq never retries it: if no response arrives, it exits with 10 and says how to check.

    --file takes rows with the columns email and role. People who are members or were invited already are left out, for
    one more request. synq shows who is left out and asks before it sends the emails. A row that got no response is
    looked for in the list of members.

    Examples:
      synq organization members invite una@fellandfjord.example --role EDITOR
      synq organization members invite ola@fellandfjord.example --role VIEWER --dry-run
      synq organization members invite --file people.csv --role VIEWER --yes
    """
    if file is not None:
        refuse_with_file(**{"email address": email})
        from synq_cli.bulk.verbs.invite_members import InviteMembers

        text = run.system.read_rows(file)
        send_file(run, InviteMembers(run.api), text, file, role, report=report, shard=shard, yes=yes, again=again)
        return
    require_file(report, shard, again=again)
    if email is None or role is None:
        missing = "email address" if email is None else "role"
        raise UsageError(f"Missing {missing}.", hint="Give an email address and --role, or a file with --file.")
    run.output.record(run.api.members.invite(email, role), INVITED)


@members.command("set-role", operations.CHANGE_MEMBER_ROLE, operations.LIST_MEMBERS, requests=(1, 2))
def set_role(
    run: RunContext,
    member: MemberArgument,
    role: Annotated[Role, argument("ROLE", "New role.")],
    yes: YesOption = False,
) -> None:
    """Change a member's role.

    Keep at least two administrators: synq warns if the change leaves one, and asks for confirmation (in a script,
    --yes) if it leaves none. People who have not joined yet do not count.

    Examples:
      synq organization members set-role rory@fellandfjord.example VIEWER
      synq organization members set-role rory@fellandfjord.example ADMIN --dry-run
    """
    change = run.api.members.prepare(member, role)
    if change.risk:
        run.output.warn(change.risk)
        if not change.administrators:
            confirm(run, f"Change the role of {change.name} to {change.role}?", yes=yes)
    after = run.api.members.set_role(change)
    run.output.changed(change.name, change.member, after, MEMBER)


@members.command("remove", operations.REMOVE_MEMBER, operations.LIST_MEMBERS)
def remove_member(run: RunContext, member: MemberArgument, yes: YesOption = False) -> None:
    """Remove a member.

    The member loses access immediately. synq shows who it is and asks for confirmation; in a script, use --yes. It
    warns if fewer than two administrators remain.

    Examples:
      synq organization members remove rory@fellandfjord.example
      synq organization members remove SzjzUbycsvipkv10VhkKSVWiqRRp --yes
    """
    change = run.api.members.prepare(member, None)
    if change.risk:
        run.output.warn(change.risk)
    who = f"{change.name} ({change.member.get('role')})"
    confirm(run, f"Remove {who}? They lose access immediately.", yes=yes)
    run.api.members.remove(change)
    run.output.note(f"Removed {who}.")
