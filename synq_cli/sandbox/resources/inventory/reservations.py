"""Reservations: list, reserve, release."""

import falcon

from synq_cli.sandbox.resources.inventory.units import available, missing, reserve
from synq_cli.sandbox.server.fields import at_least, identifier, text
from synq_cli.sandbox.server.request import Request, Response, http_error, without

FIELDS = {"variant_id": identifier, "location_id": identifier, "quantity": at_least(1), "reference": text}
HIDDEN = ("tenant_id", "order_id")


class Reservations:
    def on_get(self, req: Request, resp: Response) -> None:
        rows = req.rows("reservations", order="created_at DESC, rowid DESC")
        resp.media = {"reservations": [without(row, *HIDDEN) for row in rows]}

    def on_post(self, req: Request, resp: Response) -> None:
        fields = req.fields(FIELDS, ("variant_id", "location_id", "quantity"), "Invalid request payload")
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
                "reservations",
                reservation_id,
                invalid="Invalid reservation ID",
                missing="Reservation not found",
                where="status = 'ACTIVE'",
            )
            req.store.update("reservations", reservation, status="RELEASED")
            details = {name: reservation[name] for name in FIELDS}
            req.audit("INVENTORY_RELEASED", "RESERVATION", reservation["id"], details)
        resp.status = falcon.HTTP_204


ROUTES = {
    "/api/v1/inventory/reservations": Reservations(),
    "/api/v1/inventory/reservations/{reservation_id}": Reservations(),
}
