"""The webhook: events from the integration provider, proven by their signature."""

import hashlib
import hmac
import uuid
from typing import Any

import falcon

from synq_cli import exact_json
from synq_cli.sandbox.server.fields import filled_text, fitted, mapping
from synq_cli.sandbox.server.reading import refusal, store_of
from synq_cli.times import timestamp

ENVELOPE = {"connection_id": filled_text, "event": filled_text, "data": mapping}


class Webhook:
    def on_post(self, req: falcon.Request, _resp: falcon.Response) -> None:
        store, body = store_of(req), req.bounded_stream.read()
        if len(body) < (req.content_length or 0):
            raise refusal(400, "cannot read body")
        secret = store.rows("SELECT webhook_secret FROM tenant")[0]["webhook_secret"]
        signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(signature.encode(), req.get_header("X-Unified-Signature", default="").encode()):
            raise refusal(401, "invalid signature")
        event = _event(body)
        with store.writing():
            connection = store.row(
                "SELECT * FROM connections WHERE unified_connection_id = ? AND status = 'ACTIVE'",
                (event["connection_id"],),
            )
            if connection is None:
                raise refusal(403, "unauthorized webhook connection")
            store.insert(
                "webhook_events",
                {
                    "id": str(uuid.uuid4()),
                    "tenant_id": connection["tenant_id"],
                    "connection_id": connection["id"],
                    "event": event["event"],
                    "payload": body.decode(),
                    "received_at": timestamp(req.context.at),
                },
            )


def _event(body: bytes) -> dict[str, Any]:
    try:
        return fitted(mapping(exact_json.loads(body.decode())), ENVELOPE, ENVELOPE)
    except (ValueError, RecursionError):
        raise refusal(400, "invalid json payload") from None
