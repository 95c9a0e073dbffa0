"""Stock: adjustments, levels, the ledger, locations."""

import falcon

from synq_cli.sandbox.resources.inventory.stock import enter, missing
from synq_cli.sandbox.server.gates import caller_of
from synq_cli.sandbox.server.reading import json_object, page, refusal, sku_filter, store_of, uuid_filter, uuid_in
from synq_cli.sandbox.store.trail import record

INT32 = range(-(2**31), 2**31)
BAD_BODY = "Invalid request payload"
KEYS = ("variant_id", "location_id", "quantity_delta")


class Adjustments:
    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        variant_id, location_id, delta = _adjustment(req)
        store, caller = store_of(req), caller_of(req)
        place = {"tenant_id": caller.tenant_id, "variant_id": variant_id, "location_id": location_id}
        with store.writing():
            complaint = missing(store, place)
            if complaint:
                raise refusal(404, complaint)
            entry = enter(store, place, delta, "adjustment", "API Adjustment", req.context.at, caller.user_id)
            details = {"location_id": location_id, "quantity_delta": delta}
            record(req, "INVENTORY_ADJUSTED", "INVENTORY", variant_id, details)
        resp.media = entry


def _adjustment(req: falcon.Request) -> tuple[str, str, int]:
    body = json_object(req, set(KEYS), BAD_BODY)
    delta = body.get("quantity_delta")
    # JSON's true is a number to Python.
    if isinstance(delta, bool) or not isinstance(delta, int) or delta not in INT32:
        raise refusal(400, BAD_BODY)
    ids = []
    for name in ("variant_id", "location_id"):
        if not isinstance(body.get(name, ""), str):
            raise refusal(400, BAD_BODY)
        ids.append(uuid_in(body.get(name), f"Invalid {name}"))
    return ids[0], ids[1], delta


class Levels:
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        limit, offset = page(req)
        rows = store_of(req).rows(
            """WITH held AS (
                   SELECT variant_id, location_id, SUM(quantity) AS quantity, MAX(created_at) AS at
                   FROM reservations WHERE status = 'ACTIVE' GROUP BY variant_id, location_id)
               SELECT ledger.variant_id, live_variants.sku, ledger.location_id,
                   SUM(quantity_delta) AS on_hand, IFNULL(held.quantity, 0) AS reserved,
                   SUM(quantity_delta) - IFNULL(held.quantity, 0) AS available,
                   MAX(MAX(ledger.created_at), IFNULL(held.at, '')) AS updated_at
               FROM ledger
               JOIN live_variants ON live_variants.id = ledger.variant_id
               JOIN locations ON locations.id = ledger.location_id
               LEFT JOIN held USING (variant_id, location_id)
               WHERE ledger.tenant_id = :tenant AND (:sku IS NULL OR live_variants.sku = :sku)
                 AND (:variant IS NULL OR ledger.variant_id = :variant)
                 AND (:location IS NULL OR ledger.location_id = :location)
               GROUP BY ledger.variant_id, ledger.location_id
               ORDER BY live_variants.sku, locations.name, ledger.variant_id, ledger.location_id
               LIMIT :limit OFFSET :offset""",
            {
                "tenant": caller_of(req).tenant_id,
                "sku": sku_filter(req),
                "variant": uuid_filter(req, "variant_id"),
                "location": uuid_filter(req, "location_id"),
                "limit": limit,
                "offset": offset,
            },
        )
        resp.media = {"levels": rows, "limit": limit, "offset": offset}


class Ledger:
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        limit, offset = page(req)
        rows = store_of(req).rows(
            """SELECT id, org_id, tenant_id, variant_id, location_id, quantity_delta, transaction_type, notes,
                   unit_cost, created_by, created_at
               FROM ledger
               WHERE tenant_id = :tenant AND (:variant IS NULL OR variant_id = :variant)
                 AND (:location IS NULL OR location_id = :location)
               ORDER BY sequence DESC LIMIT :limit OFFSET :offset""",
            {
                "tenant": caller_of(req).tenant_id,
                "variant": uuid_filter(req, "variant_id"),
                "location": uuid_filter(req, "location_id"),
                "limit": limit,
                "offset": offset,
            },
        )
        resp.media = {"entries": rows, "limit": limit, "offset": offset}


class Locations:
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        rows = store_of(req).rows(
            "SELECT id, name, active, created_at FROM locations WHERE tenant_id = ? ORDER BY name, id",
            (caller_of(req).tenant_id,),
        )
        resp.media = {"locations": [{**row, "active": bool(row["active"])} for row in rows]}
