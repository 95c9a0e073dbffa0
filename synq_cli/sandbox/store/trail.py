"""The audit trail: what changes the tenant is written down here, and the catalogue's part of it is shown."""

import json
import uuid

import falcon

from synq_cli.sandbox.server.gates import caller_of
from synq_cli.sandbox.server.reading import store_of
from synq_cli.sandbox.store.schema import Row
from synq_cli.sandbox.store.store import Store
from synq_cli.times import timestamp

NEWEST = 50


class CatalogueEvents:
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.media = store_of(req).rows(
            """SELECT id, action, entity_type, entity_id, created_at FROM audit
               WHERE tenant_id = ? AND entity_type IN (
                   'PRODUCT', 'VARIANT', 'CATEGORY', 'BRAND', 'ATTRIBUTE', 'ATTRIBUTE_GROUP', 'TEMPLATE', 'MEDIA',
                   'BULK_JOB', 'CATALOG')
               ORDER BY created_at DESC, rowid DESC LIMIT ?""",
            (caller_of(req).tenant_id, NEWEST),
        )


def record(req: falcon.Request, action: str, entity_type: str, entity_id: str | None, details: Row | None) -> None:
    """Append what this request did; within the transaction that does it."""
    caller = caller_of(req)
    store_of(req).insert(
        "audit",
        {
            **_event(action, entity_type, entity_id, details),
            "tenant_id": caller.tenant_id,
            "actor_email": caller.email,
            "ip_address": req.remote_addr,
            "created_at": timestamp(req.context.at),
        },
    )


def record_unasked(
    store: Store, tenant_id: str, at: str, action: str, entity_type: str, entity_id: str, details: Row
) -> None:
    """Append what the tenant did by itself at that time; within the transaction that does it."""
    store.insert(
        "audit",
        {
            **_event(action, entity_type, entity_id, details),
            "tenant_id": tenant_id,
            "actor_email": "system",
            "ip_address": None,
            "created_at": at,
        },
    )


def _event(action: str, entity_type: str, entity_id: str | None, details: Row | None) -> Row:
    return {
        "id": str(uuid.uuid4()),
        "action": action,
        "entity_type": entity_type,
        "entity_id": entity_id,
        "details": None if details is None else json.dumps(details),
    }
