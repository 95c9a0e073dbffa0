"""Integrations: the address to grant access at, connections to other platforms, and the webhook for their events."""

import hashlib
import hmac
from typing import ClassVar
from urllib.parse import urlencode

import falcon

from synq_cli import exact_json
from synq_cli.sandbox.server import checks
from synq_cli.sandbox.server.request import Request, Response, http_error, without

INVALID_BODY = "Invalid request body"
CATEGORIES = ("commerce", "accounting")
MANAGE = "manage connections"
ENVELOPE = {"connection_id": checks.filled_text, "event": checks.filled_text, "data": checks.mapping}


class AuthUrl:
    ADMINS_ONLY: ClassVar = {"POST": MANAGE}

    def on_post(self, req: Request, resp: Response) -> None:
        query = urlencode({"category": "commerce", "state": req.caller.tenant_id})
        resp.media = {"auth_url": f"https://unified.example/integration/auth?{query}"}


class Callback:
    ADMINS_ONLY: ClassVar = {"POST": MANAGE}

    def on_post(self, req: Request, resp: Response) -> None:
        fields = req.fields(
            {"connection_id": checks.text, "category": checks.text, "provider": checks.text}, (), INVALID_BODY
        )
        if not fields.get("connection_id"):
            raise http_error(400, "connection_id is required")
        category = fields.get("category", "commerce").lower()
        if category not in CATEGORIES:
            raise http_error(400, INVALID_BODY)
        details = {
            "unified_connection_id": fields["connection_id"],
            "category": category,
            "provider": fields.get("provider", "").lower() or None,
        }
        with req.store.writing():
            saved = req.rows("connections", unified_connection_id=fields["connection_id"])
            if saved:
                connection = req.store.update("connections", saved[0], status="ACTIVE", updated_at=req.now)
            else:
                connection = req.insert("connections", **details, status="ACTIVE")
            req.audit("INTEGRATION_CONNECTED", "COMMERCE_CONNECTION", connection["id"], details)
        resp.status = falcon.HTTP_201
        resp.media = {"status": "success", "message": "Integration secured"}


class Connections:
    ADMINS_ONLY: ClassVar = {"DELETE": MANAGE}

    def on_get(self, req: Request, resp: Response) -> None:
        rows = req.rows("connections", order="created_at, rowid", status="ACTIVE")
        resp.media = {"connections": [without(row, "tenant_id") for row in rows]}

    def on_delete_one(self, req: Request, resp: Response, connection_id: str) -> None:
        # The row is kept, so that saving the same connection again restores its id.
        with req.store.writing():
            connection = req.find(
                "connections", connection_id, "Invalid connection ID", "Connection not found", status="ACTIVE"
            )
            req.store.update("connections", connection, status="DISCONNECTED", updated_at=req.now)
            details = {"provider": connection["provider"]}
            req.audit("INTEGRATION_DISCONNECTED", "COMMERCE_CONNECTION", connection["id"], details)
        resp.status = falcon.HTTP_204


class Webhook:
    def on_post(self, req: Request, _resp: Response) -> None:
        body = req.bounded_stream.read()
        if len(body) < (req.content_length or 0):
            raise http_error(400, "cannot read body")
        secret = req.store.tenant()["webhook_secret"]
        signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(signature.encode(), req.get_header("X-Unified-Signature", default="").encode()):
            raise http_error(401, "invalid signature")
        try:
            event = checks.fields(checks.mapping(exact_json.loads(body.decode())), ENVELOPE, ENVELOPE)
        except (ValueError, RecursionError):
            raise http_error(400, "invalid json payload") from None
        with req.store.writing():
            connection = req.store.row(
                "SELECT * FROM connections WHERE unified_connection_id = ? AND status = 'ACTIVE'",
                (event["connection_id"],),
            )
            if connection is None:
                raise http_error(403, "unauthorized webhook connection")
            owner = {"tenant_id": connection["tenant_id"], "connection_id": connection["id"]}
            received = {"event": event["event"], "payload": body.decode(), "received_at": req.now}
            req.store.add("webhook_events", **owner, **received)


ROUTES = {
    "/api/v1/integrations/auth-url": AuthUrl(),
    "/api/v1/integrations/callback": Callback(),
    "/api/v1/integrations/connections": Connections(),
    "/api/v1/integrations/connections/{connection_id}": Connections(),
    "/unified/webhook": Webhook(),
}
