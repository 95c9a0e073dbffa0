"""Webhook: receives signed events of the integration provider."""

import hashlib
import hmac
import uuid

from synq_cli import exact_json
from synq_cli.sandbox.server import checks
from synq_cli.sandbox.server.request import Request, Response, http_error

ENVELOPE = {"connection_id": checks.filled_text, "event": checks.filled_text, "data": checks.mapping}


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
            req.store.insert("webhook_events", {"id": str(uuid.uuid4()), **owner, **received})


ROUTES = {"/unified/webhook": Webhook()}
