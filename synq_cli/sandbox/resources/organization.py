"""Organization: its name, members, settings, and the audit log."""

import secrets
import string
from typing import ClassVar

import falcon

from synq_cli.sandbox.server import checks
from synq_cli.sandbox.server.request import Request, Response, http_error
from synq_cli.sandbox.store.schema import Row

INVALID_BODY = "Invalid request payload"
ROLES = ("ADMIN", "EDITOR", "VIEWER")
UID_ALPHABET = string.ascii_letters + string.digits
SHOWN = ("uid", "email", "role", "status")
SETTINGS = {
    "inventory_allocation_model": checks.text,
    "auto_po_enabled": checks.flag,
    "default_low_stock_threshold": checks.whole_number,
    "costing_method": checks.text,
}
NEWEST = (50, 0)
NEWEST_FIRST = "created_at DESC, rowid DESC"
CATALOGUE = """entity_type IN (
    'PRODUCT', 'VARIANT', 'CATEGORY', 'BRAND', 'ATTRIBUTE', 'ATTRIBUTE_GROUP', 'TEMPLATE', 'MEDIA', 'BULK_JOB',
    'CATALOG')"""


class Organization:
    ADMINS_ONLY: ClassVar = {"PUT": "rename the organization"}

    def on_get(self, req: Request, resp: Response) -> None:
        resp.media = _organization(req)

    def on_put(self, req: Request, resp: Response) -> None:
        fields = req.fields({"name": checks.filled_text}, ("name",), INVALID_BODY)
        with req.store.writing():
            organization = _organization(req)
            req.store.run("UPDATE tenant SET name = ?, updated_at = ?", (fields["name"], req.now))
            req.audit("ORGANIZATION_UPDATED", "ORGANIZATION", organization["id"], fields)
        resp.media = {**organization, **fields, "updated_at": req.now}


class Members:
    ADMINS_ONLY: ClassVar = {"POST": "invite members", "PUT": "change roles", "DELETE": "remove members"}

    def on_get(self, req: Request, resp: Response) -> None:
        resp.media = req.rows("members", ", ".join(SHOWN), order="rowid")

    def on_post(self, req: Request, resp: Response) -> None:
        fields = req.fields({"email": checks.email, "role": checks.text}, ("email",), INVALID_BODY)
        role = fields["role"] = _role(fields.get("role"))
        with req.store.writing():
            member = next((row for row in req.rows("members") if row["email"].lower() == fields["email"].lower()), None)
            if member is None:
                uid = "".join(secrets.choice(UID_ALPHABET) for _ in range(28))
                member = req.store.add("members", uid=uid, tenant_id=req.caller.tenant_id, **fields, status="invited")
            elif member["status"] == "invited":
                req.store.update("members", member, role=role)
            else:
                raise http_error(400, "User is already a member")
            req.audit("USER_INVITED", "USER", member["uid"], fields)
        resp.status = falcon.HTTP_201
        resp.media = {"message": "User successfully invited", "uid": member["uid"]}

    def on_put_one(self, req: Request, resp: Response, uid: str) -> None:
        role = _role(req.fields({"role": checks.text}, (), INVALID_BODY).get("role"))
        with req.store.writing():
            member = _member(req, uid)
            if role != "ADMIN":
                _check_other_administrator(req, member)
            req.store.update("members", member, role=role)
            details = {"email": member["email"], "from": member["role"], "role": role}
            req.audit("USER_ROLE_CHANGED", "USER", uid, details)
        resp.media = {**{name: member[name] for name in SHOWN}, "role": role}

    def on_delete_one(self, req: Request, resp: Response, uid: str) -> None:
        with req.store.writing():
            member = _member(req, uid)
            if member["id"] == req.caller.user_id:
                raise http_error(400, "You cannot remove yourself")
            _check_other_administrator(req, member)
            req.store.run("DELETE FROM members WHERE id = ?", (member["id"],))
            req.audit("USER_REMOVED", "USER", uid, {"email": member["email"], "role": member["role"]})
        resp.status = falcon.HTTP_204


class TenantSettings:
    ADMINS_ONLY: ClassVar = {"PUT": "update tenant settings"}

    def on_get(self, req: Request, resp: Response) -> None:
        rows = req.rows("settings")
        if not rows:
            raise http_error(404, "tenant settings not found")
        resp.media = rows[0]

    def on_put(self, req: Request, resp: Response) -> None:
        fields = req.fields(SETTINGS, SETTINGS, "Invalid request body")
        if fields["inventory_allocation_model"] not in ("HARD", "SOFT"):
            raise http_error(400, "inventory_allocation_model must be HARD or SOFT")
        if fields["costing_method"] not in ("WAC", "FIFO"):
            raise http_error(400, "costing_method must be WAC or FIFO")
        if fields["default_low_stock_threshold"] < 0:
            raise http_error(400, "default_low_stock_threshold cannot be negative")
        changes = {**fields, "updated_by": req.caller.user_id, "updated_at": req.now}
        with req.store.writing():
            saved = req.rows("settings") or [req.insert("settings", org_id=req.caller.org_id)]
            resp.media = req.store.update("settings", saved[0], **changes)
            req.audit("TENANT_SETTINGS_UPDATED", "TENANT_SETTINGS", saved[0]["id"], fields)


class AuditLog:
    def on_get(self, req: Request, resp: Response) -> None:
        columns = "id, actor_email, action, entity_type, entity_id, details, ip_address, created_at"
        resp.media = req.rows("audit", columns, order=NEWEST_FIRST, page=NEWEST)


class CatalogueLog:
    def on_get(self, req: Request, resp: Response) -> None:
        columns = "id, action, entity_type, entity_id, created_at"
        resp.media = req.rows("audit", columns, order=NEWEST_FIRST, page=NEWEST, where=CATALOGUE)


def _organization(req: Request) -> Row:
    columns = "org_id AS id, id AS tenant_id, name, founded_at AS created_at, updated_at"
    organization = req.store.row(f"SELECT {columns} FROM tenant WHERE id = ?", (req.caller.tenant_id,))  # noqa: S608
    if organization is None:
        raise http_error(403, "Forbidden: unknown organization")
    return organization


def _member(req: Request, uid: str) -> Row:
    rows = req.rows("members", uid=uid)
    if not rows:
        raise http_error(404, "Member not found")
    return rows[0]


def _role(role: str | None) -> str:
    if not role:
        raise http_error(400, "Role cannot be empty")
    if role not in ROLES:
        raise http_error(400, INVALID_BODY)
    return role


def _check_other_administrator(req: Request, leaving: Row) -> None:
    """400 if nobody else could administer the tenant."""
    administrators = {row["id"] for row in req.rows("members", role="ADMIN", status="active")}
    if not administrators - {leaving["id"]}:
        raise http_error(400, "At least one administrator must remain")


ROUTES = {
    "/api/v1/organization": Organization(),
    "/api/v1/organization/members": Members(),
    "/api/v1/organization/members/{uid}": Members(),
    "/api/v1/settings/tenant": TenantSettings(),
    "/api/v1/audit": AuditLog(),
    "/api/v1/pim/audit": CatalogueLog(),
}
