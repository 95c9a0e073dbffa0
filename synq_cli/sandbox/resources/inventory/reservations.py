"""Reservations: list, reserve, release."""

import falcon

from synq_cli.sandbox.resources.inventory.stock import free, hold, missing
from synq_cli.sandbox.server.fields import at_least, fields_in, identifier, text
from synq_cli.sandbox.server.gates import caller_of
from synq_cli.sandbox.server.reading import refusal, store_of, uuid_in
from synq_cli.sandbox.store.schema import Row
from synq_cli.sandbox.store.trail import record

FIELDS = {"variant_id": identifier, "location_id": identifier, "quantity": at_least(1), "reference": text}


class Reservations:
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        rows = store_of(req).rows(
            "SELECT * FROM reservations WHERE tenant_id = ? ORDER BY created_at DESC, rowid DESC",
            (caller_of(req).tenant_id,),
        )
        resp.media = {"reservations": [_shown(row) for row in rows]}

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        wanted = fields_in(req, FIELDS, ("variant_id", "location_id", "quantity"), "Invalid request payload")
        store = store_of(req)
        place = {**wanted, "tenant_id": caller_of(req).tenant_id}
        with store.writing():
            complaint = missing(store, place)
            if complaint:
                raise refusal(404, complaint)
            available = free(store, place)
            if wanted["quantity"] > available:
                raise refusal(400, f"Not enough stock: {available} available")
            reservation = hold(store, place, wanted["quantity"], wanted.get("reference"), req.context.at)
            record(req, "INVENTORY_RESERVED", "RESERVATION", reservation["id"], wanted)
        resp.status = falcon.HTTP_201
        resp.media = _shown(reservation)

    def on_delete_one(self, req: falcon.Request, resp: falcon.Response, reservation_id: str) -> None:
        store = store_of(req)
        with store.writing():
            reservation = store.row(
                "SELECT * FROM reservations WHERE id = ? AND tenant_id = ? AND status = 'ACTIVE'",
                (uuid_in(reservation_id, "Invalid reservation ID"), caller_of(req).tenant_id),
            )
            if reservation is None:
                raise refusal(404, "Reservation not found")
            store.run("UPDATE reservations SET status = 'RELEASED' WHERE id = ?", (reservation["id"],))
            details = {name: reservation[name] for name in FIELDS}
            record(req, "INVENTORY_RELEASED", "RESERVATION", reservation["id"], details)
        resp.status = falcon.HTTP_204


def _shown(row: Row) -> Row:
    return {name: value for name, value in row.items() if name not in ("tenant_id", "order_id")}
