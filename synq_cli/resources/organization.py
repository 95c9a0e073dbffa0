"""The organization and its members."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from synq_cli.http import operations
from synq_cli.http.operation import Operation
from synq_cli.http.replies import if_unclear, one_object
from synq_cli.resources.shared import validation
from synq_cli.resources.shared.reader import in_order, row_named

if TYPE_CHECKING:
    from synq_cli.http.sender import Transport
    from synq_cli.resources.shared.pagination import Row
    from synq_cli.resources.shared.reader import Reader

Role = Literal["ADMIN", "EDITOR", "VIEWER"]
_SEE = "synq organization members list"


@dataclass(frozen=True)
class Change:
    """What is to become of a member: another role or, where that is None, none.

    `administrators` are left after it.
    """

    member: "Row"
    role: str | None
    administrators: int

    @property
    def name(self) -> str:
        """The member's e-mail address, else the uid."""
        return str(self.member.get("email") or self.member["uid"])

    @property
    def risk(self) -> str | None:
        """What to warn of, if it leaves fewer than two administrators."""
        if not _administers(self.member) or self.role == "ADMIN" or self.administrators > 1:
            return None
        left = "one administrator; keep at least two" if self.administrators else "no administrator"
        return f"This leaves the organization with {left}."


class Organization:
    """The operations on the organization itself."""

    def __init__(self, transport: "Transport", reader: "Reader") -> None:
        self._transport = transport
        self._reader = reader

    def get(self) -> "Row":
        """Its profile: id, name, tenant. GET /api/v1/organization"""
        return self._reader.one(operations.GET_ORGANIZATION)

    def rename(self, name: str) -> "tuple[Row, Row]":
        """Give it another name; gives it before and after, the same if that is its name. PUT /api/v1/organization"""
        name = validation.filled(name, "name")
        self._transport.check(operations.UPDATE_ORGANIZATION)
        present = self.get()
        before, body = {"name": present.get("name")}, {"name": name}
        if body == before:
            return present, present
        return present, one_object(
            self._transport.send(operations.UPDATE_ORGANIZATION, body=body, before=before, after=body),
            operations.UPDATE_ORGANIZATION,
        )


class Members:
    """The operations on the members of the organization."""

    def __init__(self, transport: "Transport", reader: "Reader") -> None:
        self._transport = transport
        self._reader = reader

    def list(self) -> "list[Row]":
        """Every member by e-mail address, invited ones too. GET /api/v1/organization/members"""
        return in_order(self._reader.all(operations.LIST_MEMBERS, "members"), "email", "uid")

    def invite(self, email: str, role: Role) -> "Row":
        """Send an invitation; gives the uid. POST /api/v1/organization/members"""
        body = {"email": validation.email(email), "role": role}
        with if_unclear(f"Look for {body['email']} in `{_SEE}` first: a second invitation sends another e-mail."):
            return one_object(self._transport.send(operations.INVITE_MEMBER, body=body), operations.INVITE_MEMBER)

    def to_change(self, member: str, role: Role) -> Change:
        """Another role for the member with this uid or e-mail address. UsageError, NotFoundError."""
        return self._change(operations.CHANGE_MEMBER_ROLE, member, role)

    def to_remove(self, member: str) -> Change:
        """No role any more for the member with this uid or e-mail address. UsageError, NotFoundError."""
        return self._change(operations.REMOVE_MEMBER, member, None)

    def set_role(self, change: Change) -> "Row":
        """Give the member the role; gives the member, the same if it is the present one.

        PUT /api/v1/organization/members/{uid}
        """
        before, body = {"role": change.member.get("role")}, {"role": change.role}
        if str(before["role"]).upper() == change.role:
            return change.member
        path = {"uid": change.member["uid"]}
        return one_object(
            self._transport.send(operations.CHANGE_MEMBER_ROLE, path, body=body, before=before, after=body),
            operations.CHANGE_MEMBER_ROLE,
        )

    def remove(self, change: Change) -> None:
        """Take the member's access away. DELETE /api/v1/organization/members/{uid}"""
        before = {"role": change.member.get("role")}
        self._transport.send(
            operations.REMOVE_MEMBER, {"uid": change.member["uid"]}, before=before, after={"role": None}
        )

    def _change(self, operation: Operation, member: str, role: str | None) -> Change:
        text = validation.filled(member, "member")
        self._transport.check(operation)
        rows = self.list()
        found = row_named(rows, text, "member", "uid", "email", see=_SEE)
        others = [row for row in rows if row is not found]
        return Change(found, role, sum(map(_administers, others)) + (role == "ADMIN"))


def _administers(member: "Row") -> bool:
    """Whether a member is an administrator; one who is only invited is none yet."""
    return str(member.get("role")).upper() == "ADMIN" and str(member.get("status")).lower() != "invited"
