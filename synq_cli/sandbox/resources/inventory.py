"""Inventory: adjustments, levels, ledger, locations, reservations; and the stock that orders need."""

import falcon

from synq_cli.sandbox.server import checks
from synq_cli.sandbox.server.request import Request, Response, http_error, uuid_or_400, without
from synq_cli.sandbox.store.schema import Row
from synq_cli.sandbox.store.store import Store
from synq_cli.times import timestamp

INVALID_BODY = "Invalid request payload"
ADJUSTMENT = {"variant_id": checks.text, "location_id": checks.text, "quantity_delta": checks.whole_number}
RESERVATION = {
    "variant_id": checks.identifier,
    "location_id": checks.identifier,
    "quantity": checks.positive,
    "reference": checks.text,
}
HIDDEN = ("tenant_id", "order_id")


class Adjustments:
    def on_post(self, req: Request, resp: Response) -> None:
        fields = req.fields(ADJUSTMENT, ("quantity_delta",), INVALID_BODY)
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


class Reservations:
    def on_get(self, req: Request, resp: Response) -> None:
        rows = req.rows("reservations", order="created_at DESC, rowid DESC")
        resp.media = {"reservations": [without(row, *HIDDEN) for row in rows]}

    def on_post(self, req: Request, resp: Response) -> None:
        fields = req.fields(RESERVATION, ("variant_id", "location_id", "quantity"), INVALID_BODY)
        place = {**fields, "tenant_id": req.caller.tenant_id}
        with req.store.writing():
            if error := missing(req.store, place):
                raise http_error(404, error)
            units = available(req.store, place)
            if fields["quantity"] > units:
                raise http_error(400, f"Not enough stock: {units} available")
            reservation = reserve(req.store, place, fields["quantity"], fields.get("reference"), req.at)
            req.audit("INVENTORY_RESERVED", "RESERVATION", reservation["id"], fields)
        resp.status = falcon.HTTP_201
        resp.media = without(reservation, *HIDDEN)

    def on_delete_one(self, req: Request, resp: Response, reservation_id: str) -> None:
        with req.store.writing():
            reservation = req.find(
                "reservations", reservation_id, "Invalid reservation ID", "Reservation not found", status="ACTIVE"
            )
            req.store.update("reservations", reservation, status="RELEASED")
            details = {name: reservation[name] for name in RESERVATION}
            req.audit("INVENTORY_RELEASED", "RESERVATION", reservation["id"], details)
        resp.status = falcon.HTTP_204


# A place below is a row with tenant_id, variant_id and location_id.
PLACE = ("tenant_id", "variant_id", "location_id")


def missing(store: Store, place: Row) -> str | None:
    """An error message if the tenant does not have the variant or the location."""
    for name, table in (("variant", "live_variants"), ("location", "locations")):
        if not store.row(f"SELECT id FROM {table} WHERE id = :{name}_id AND tenant_id = :tenant_id", place):  # noqa: S608
            return f"{name.capitalize()} not found"
    return None


def available(store: Store, place: Row) -> int:
    """Units on hand that are not reserved."""
    return store.count(
        """SELECT
               (SELECT IFNULL(SUM(quantity_delta), 0) FROM ledger
                WHERE variant_id = :variant_id AND location_id = :location_id)
             - (SELECT IFNULL(SUM(quantity), 0) FROM reservations
                WHERE variant_id = :variant_id AND location_id = :location_id AND status = 'ACTIVE')""",
        place,
    )


def add_entry(
    store: Store, place: Row, delta: int, kind: str, notes: str, at: float, created_by: str | None = None
) -> Row:
    """Append an entry to the ledger."""
    ids = {"org_id": store.tenant()["org_id"], **{name: place[name] for name in PLACE}}
    entry = {"quantity_delta": delta, "transaction_type": kind, "notes": notes, "created_by": created_by}
    return store.add("ledger", **ids, **entry, created_at=timestamp(at))


def reserve(
    store: Store, place: Row, quantity: int, reference: str | None, at: float, order_id: str | None = None
) -> Row:
    """Add an active reservation."""
    reservation = {"quantity": quantity, "reference": reference, "status": "ACTIVE", "created_at": timestamp(at)}
    return store.add("reservations", order_id=order_id, **{name: place[name] for name in PLACE}, **reservation)


ROUTES = {
    "/api/v1/inventory/adjust": Adjustments(),
    "/api/v1/inventory/levels": Levels(),
    "/api/v1/inventory/ledger": Ledger(),
    "/api/v1/inventory/locations": Locations(),
    "/api/v1/inventory/reservations": Reservations(),
    "/api/v1/inventory/reservations/{reservation_id}": Reservations(),
}
