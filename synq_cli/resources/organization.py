"""The organization and its members."""

from dataclasses import dataclass
from typing import Literal

from synq_cli.http import operations
from synq_cli.resources.shared import validation
from synq_cli.resources.shared.pagination import Row
from synq_cli.resources.shared.resource import Resource, find_row, sorted_rows

Role = Literal["ADMIN", "EDITOR", "VIEWER"]
_SEE = "synq organization members list"


@dataclass(frozen=True)
class RoleChange:
    """A member's new role, None to remove the member; `administrators` is how many are left after it."""

    member: Row
    role: str | None
    administrators: int

    @property
    def name(self) -> str:
        """The member's email address, else the uid."""
        return str(self.member.get("email") or self.member["uid"])

    @property
    def risk(self) -> str | None:
        """A warning if the change leaves fewer than two administrators."""
        if not _is_administrator(self.member) or self.role == "ADMIN" or self.administrators > 1:
            return None
        left = "one administrator; keep at least two" if self.administrators else "no administrator"
        return f"This leaves the organization with {left}."


class Organization(Resource):
    """The organization itself."""

    def get(self) -> Row:
        """The profile: id, name, tenant. GET /api/v1/organization"""
        return self._api.read(operations.GET_ORGANIZATION)

    def rename(self, name: str) -> tuple[Row, Row]:
        """Rename the organization; returns it before and after. PUT /api/v1/organization"""
        name = validation.filled(name, "name")
        self._api.check(operations.UPDATE_ORGANIZATION)
        return self._api.replace(operations.UPDATE_ORGANIZATION, None, self.get(), {"name": name})


class Members(Resource):
    """The members of the organization."""

    def list(self) -> list[Row]:
        """All members, invited ones too, by email address. GET /api/v1/organization/members"""
        return sorted_rows(self._api.read_list(operations.LIST_MEMBERS, "members"), "email", "uid")

    def invite(self, email: str, role: Role) -> Row:
        """Send an invitation; returns the uid. POST /api/v1/organization/members"""
        body = {"email": validation.email(email), "role": role}
        unknown = f"Look for {body['email']} in `{_SEE}` first: a second invitation sends another email."
        return self._api.write(operations.INVITE_MEMBER, body=body, if_unknown=unknown)

    def prepare(self, member: str, role: Role | None) -> RoleChange:
        """The change for a member, given by uid or email address; no role removes. UsageError, NotFoundError."""
        text = validation.filled(member, "member")
        self._api.check(operations.CHANGE_MEMBER_ROLE if role else operations.REMOVE_MEMBER)
        rows = self.list()
        found = find_row(rows, text, "member", "uid", "email", see=_SEE)
        others = [row for row in rows if row is not found]
        return RoleChange(found, role, sum(map(_is_administrator, others)) + (role == "ADMIN"))

    def set_role(self, change: RoleChange) -> Row:
        """Change a member's role; returns the member. PUT /api/v1/organization/members/{uid}"""
        before, body = {"role": change.member.get("role")}, {"role": change.role}
        if str(before["role"]).upper() == change.role:
            return change.member
        path = {"uid": change.member["uid"]}
        return self._api.write(operations.CHANGE_MEMBER_ROLE, path, body=body, before=before, after=body)

    def remove(self, change: RoleChange) -> None:
        """Remove a member's access. DELETE /api/v1/organization/members/{uid}"""
        path, before = {"uid": change.member["uid"]}, {"role": change.member.get("role")}
        self._api.send(operations.REMOVE_MEMBER, path, before=before, after={"role": None})


def _is_administrator(member: Row) -> bool:
    """Whether a member is an administrator who has accepted the invitation."""
    return str(member.get("role")).upper() == "ADMIN" and str(member.get("status")).lower() != "invited"
