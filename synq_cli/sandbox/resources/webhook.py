"""Webhook: receives signed events of the integration provider."""

import hashlib
import hmac
import uuid

from synq_cli import exact_json
from synq_cli.sandbox.server.fields import filled_text, mapping
from synq_cli.sandbox.server.request import Request, Response, checked, http_error

ENVELOPE = {"connection_id": filled_text, "event": filled_text, "data": mapping}


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
            event = checked(mapping(exact_json.loads(body.decode())), ENVELOPE, ENVELOPE)
        except (ValueError, RecursionError):
            raise http_error(400, "invalid json payload") from None
        with req.store.writing():
            connection = req.store.row(
                "SELECT * FROM connections WHERE unified_connection_id = ? AND status = 'ACTIVE'",
                (event["connection_id"],),
            )
            if connection is None:
                raise http_error(403, "unauthorized webhook connection")
            req.store.insert(
                "webhook_events",
                {
                    "id": str(uuid.uuid4()),
                    "tenant_id": connection["tenant_id"],
                    "connection_id": connection["id"],
                    "event": event["event"],
                    "payload": body.decode(),
                    "received_at": req.now,
                },
            )


ROUTES = {"/unified/webhook": Webhook()}
