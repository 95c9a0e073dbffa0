"""The organization: its name, and its members with their roles."""

import secrets
import string
import uuid
from typing import ClassVar

import falcon

from synq_cli.sandbox.server.fields import email, fields_in, filled_text, text
from synq_cli.sandbox.server.gates import caller_of
from synq_cli.sandbox.server.reading import refusal, store_of
from synq_cli.sandbox.store.schema import Row
from synq_cli.sandbox.store.trail import record
from synq_cli.times import timestamp

BAD_BODY = "Invalid request payload"
ROLES = ("ADMIN", "EDITOR", "VIEWER")


class Organization:
    ADMINS_ONLY: ClassVar = {"PUT": "rename the organization"}

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.media = _organization(req)

    def on_put(self, req: falcon.Request, resp: falcon.Response) -> None:
        wanted = fields_in(req, {"name": filled_text}, ("name",), BAD_BODY)
        store = store_of(req)
        with store.writing():
            organization = _organization(req)
            store.run("UPDATE tenant SET name = ?, updated_at = ?", (wanted["name"], timestamp(req.context.at)))
            record(req, "ORGANIZATION_UPDATED", "ORGANIZATION", organization["id"], wanted)
            resp.media = _organization(req)


class Members:
    ADMINS_ONLY: ClassVar = {"POST": "invite members", "PUT": "change roles", "DELETE": "remove members"}

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        rows = store_of(req).rows(
            "SELECT * FROM members WHERE tenant_id = ? ORDER BY rowid", (caller_of(req).tenant_id,)
        )
        resp.media = [_shown(row) for row in rows]

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        wanted = fields_in(req, {"email": email, "role": text}, ("email",), BAD_BODY)
        wanted["role"] = _role(wanted.get("role"))
        store, tenant_id = store_of(req), caller_of(req).tenant_id
        with store.writing():
            member = store.row(
                "SELECT * FROM members WHERE tenant_id = ? AND email = ? COLLATE NOCASE", (tenant_id, wanted["email"])
            )
            if member is None:
                member = {"id": str(uuid.uuid4()), "uid": _uid(), "tenant_id": tenant_id, **wanted}
                store.insert("members", {**member, "status": "invited"})
            elif member["status"] == "invited":
                store.run("UPDATE members SET role = ? WHERE id = ?", (wanted["role"], member["id"]))
            else:
                raise refusal(400, "User is already a member")
            record(req, "USER_INVITED", "USER", member["uid"], wanted)
        resp.status = falcon.HTTP_201
        resp.media = {"message": "User successfully invited", "uid": member["uid"]}

    def on_put_one(self, req: falcon.Request, resp: falcon.Response, uid: str) -> None:
        role = _role(fields_in(req, {"role": text}, (), BAD_BODY).get("role"))
        store = store_of(req)
        with store.writing():
            member = _find(req, uid)
            if role != "ADMIN":
                _keep_an_administrator(req, member)
            store.run("UPDATE members SET role = ? WHERE id = ?", (role, member["id"]))
            details = {"email": member["email"], "from": member["role"], "role": role}
            record(req, "USER_ROLE_CHANGED", "USER", uid, details)
        resp.media = _shown({**member, "role": role})

    def on_delete_one(self, req: falcon.Request, resp: falcon.Response, uid: str) -> None:
        store = store_of(req)
        with store.writing():
            member = _find(req, uid)
            if member["id"] == caller_of(req).user_id:
                raise refusal(400, "You cannot remove yourself")
            _keep_an_administrator(req, member)
            store.run("DELETE FROM members WHERE id = ?", (member["id"],))
            record(req, "USER_REMOVED", "USER", uid, {"email": member["email"], "role": member["role"]})
        resp.status = falcon.HTTP_204


def _organization(req: falcon.Request) -> Row:
    organization = store_of(req).row(
        """SELECT org_id AS id, id AS tenant_id, name, founded_at AS created_at, updated_at
           FROM tenant WHERE id = ?""",
        (caller_of(req).tenant_id,),
    )
    if organization is None:
        raise refusal(403, "Forbidden: unknown organization")
    return organization


def _find(req: falcon.Request, uid: str) -> Row:
    member = store_of(req).row("SELECT * FROM members WHERE tenant_id = ? AND uid = ?", (caller_of(req).tenant_id, uid))
    if member is None:
        raise refusal(404, "Member not found")
    return member


def _role(role: str | None) -> str:
    if not role:
        raise refusal(400, "Role cannot be empty")
    if role not in ROLES:
        raise refusal(400, BAD_BODY)
    return role


def _keep_an_administrator(req: falcon.Request, leaving: Row) -> None:
    """400 if nobody else could administer the tenant."""
    if not store_of(req).row(
        "SELECT id FROM members WHERE tenant_id = ? AND role = 'ADMIN' AND status = 'active' AND id <> ?",
        (caller_of(req).tenant_id, leaving["id"]),
    ):
        raise refusal(400, "At least one administrator must remain")


def _uid() -> str:
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(28))


def _shown(row: Row) -> Row:
    return {name: row[name] for name in ("uid", "email", "role", "status")}
