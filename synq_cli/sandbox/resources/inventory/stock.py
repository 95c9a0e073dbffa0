"""Stock: adjustments, levels, the ledger, locations."""

from synq_cli.sandbox.resources.inventory.units import add_entry, missing
from synq_cli.sandbox.server.fields import text, whole_number
from synq_cli.sandbox.server.request import Request, Response, http_error, uuid_or_400, without

FIELDS = {"variant_id": text, "location_id": text, "quantity_delta": whole_number}


class Adjustments:
    def on_post(self, req: Request, resp: Response) -> None:
        fields = req.fields(FIELDS, ("quantity_delta",), "Invalid request payload")
        delta = fields["quantity_delta"]
        ids = {name: uuid_or_400(fields.get(name), f"Invalid {name}") for name in ("variant_id", "location_id")}
        place = {**ids, "tenant_id": req.caller.tenant_id}
        with req.store.writing():
            if error := missing(req.store, place):
                raise http_error(404, error)
            user_id = req.caller.user_id
            entry = add_entry(req.store, place, delta, "adjustment", "API Adjustment", req.at, user_id)
            details = {"location_id": place["location_id"], "quantity_delta": delta}
            req.audit("INVENTORY_ADJUSTED", "INVENTORY", place["variant_id"], details)
        resp.media = without(entry, "sequence")


class Levels:
    def on_get(self, req: Request, resp: Response) -> None:
        limit, offset = req.page()
        rows = req.store.rows(
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
                "tenant": req.caller.tenant_id,
                "sku": req.sku_param(),
                "variant": req.uuid_param("variant_id"),
                "location": req.uuid_param("location_id"),
                "limit": limit,
                "offset": offset,
            },
        )
        resp.media = {"levels": rows, "limit": limit, "offset": offset}


class Ledger:
    def on_get(self, req: Request, resp: Response) -> None:
        limit, offset = page = req.page()
        variant_id, location_id = req.uuid_param("variant_id"), req.uuid_param("location_id")
        rows = req.rows("ledger", order="sequence DESC", page=page, variant_id=variant_id, location_id=location_id)
        resp.media = {"entries": [without(row, "sequence") for row in rows], "limit": limit, "offset": offset}


class Locations:
    def on_get(self, req: Request, resp: Response) -> None:
        resp.media = {"locations": req.rows("locations", "id, name, active, created_at", order="name, id")}


ROUTES = {
    "/api/v1/inventory/adjust": Adjustments(),
    "/api/v1/inventory/levels": Levels(),
    "/api/v1/inventory/ledger": Ledger(),
    "/api/v1/inventory/locations": Locations(),
}
