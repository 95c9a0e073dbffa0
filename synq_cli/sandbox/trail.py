"""The audit trail: who changed what, and when."""

import json
import uuid

import falcon

from synq_cli.sandbox.gates import caller_of
from synq_cli.sandbox.reading import store_of
from synq_cli.sandbox.store import Row, timestamp


def record(req: falcon.Request, action: str, entity_type: str, entity_id: str | None, details: Row | None) -> None:
    """Append what this request did; within the transaction that does it."""
    caller = caller_of(req)
    store_of(req).insert(
        "audit",
        {
            "id": str(uuid.uuid4()),
            "tenant_id": caller.tenant_id,
            "actor_email": caller.email,
            "action": action,
            "entity_type": entity_type,
            "entity_id": entity_id,
            "details": None if details is None else json.dumps(details),
            "ip_address": req.remote_addr,
            "created_at": timestamp(req.context.at),
        },
    )
