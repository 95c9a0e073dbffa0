"""Many invitations: `synq organization members invite --file`."""

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from synq_cli.bulk.journal import Content, Receipt, Row
from synq_cli.bulk.plan import Plan, Problem, prepare
from synq_cli.bulk.verbs.verb import Claims, Verb
from synq_cli.errors import UsageError
from synq_cli.http import operations
from synq_cli.resources.organization import Role
from synq_cli.resources.shared import validation
from synq_cli.rows import Columns

COLUMNS = Columns((("email",),), ("role",), guess=True)


class InviteMembers(Verb):
    """POST /api/v1/organization/members for each row; a lost answer is looked for in the list of members."""

    name = "organization members invite"
    noun = "invitation"
    operation = operations.INVITE_MEMBER
    ids = ("uid",)
    undo_hint = "Remove the members one by one: synq organization members remove EMAIL."

    def read(self, text: str, name: str, role: str | None) -> Plan:
        """The people of a file, with a role for those that have none; members are left out."""

        def check(fields: Mapping[str, str]) -> Content:
            if not fields.get("email"):
                raise UsageError("No email.")
            given = fields.get("role") or role
            if not given:
                raise UsageError("No role.", hint="Add one, or give --role for all rows without one")
            address = validation.email(fields["email"])
            return {"email": address, "role": validation.one_of(given, get_args(Role), "role")}

        return prepare(
            self, text, name, COLUMNS, check=check, resolve=self._resolve,
            identity=lambda content: f"{content['email'].lower()} {content['role']}", duplicate="remove one",
        )  # fmt: skip

    def subject(self, content: Content) -> str:
        return str(content["email"])

    def reconcile(self, unclear: Sequence[Row], *, done: Sequence[Row], claims: Claims) -> dict[int, Receipt]:  # noqa: ARG002
        """Rows whose people are members by now: they were not when the run was planned, and no email is sent twice.

        Somebody with another role was invited by somebody else; whether our invitation was sent too stays unknown.
        """
        members, found = self._members(), {}
        for row in unclear:
            member = members.get(row.content["email"].lower(), {})
            if isinstance(member.get("uid"), str) and str(member.get("role")).upper() == row.content["role"]:
                found[row.line] = Receipt(member["uid"])
        return found

    def _resolve(self, rows: Sequence[Row]) -> tuple[list[Row], list[Problem]]:
        members = self._members()
        first: dict[str, Row] = {}
        resolved, problems = [], []
        for row in rows:
            email, role = row.content["email"], row.content["role"]
            if (before := first.setdefault(email.lower(), row)) is not row and before.content["role"] != role:
                problems.append(
                    Problem(row.line, f"{email} is also on line {before.line}, with another role: remove one")
                )
            if member := members.get(email.lower()):
                problems.append(Problem(row.line, _why_left_out(email, role, member), is_left_out=True))
            else:
                resolved.append(row)
        return resolved, problems

    def _members(self) -> dict[str, dict[str, Any]]:
        """The members by email address, in lower case."""
        return {str(member.get("email")).lower(): member for member in self._api.members.list()}


def _why_left_out(email: str, role: str, member: Mapping[str, Any]) -> str:
    present = str(member.get("role")).upper()
    is_invited = str(member.get("status")).lower() == "invited"
    what = f"{email} is {'already invited' if is_invited else 'a member already'}"
    if present == role:
        return what
    return f"{what}, as {present}: to change the role, use `synq organization members set-role {email} {role}`"
