"""Reservations: units set aside without taking them off hand."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from synq_cli.errors import ConflictError, SynqError
from synq_cli.http import operations
from synq_cli.resources.inventory.ledger import SkuLocation
from synq_cli.resources.inventory.locations import Locations
from synq_cli.resources.inventory.stock import Inventory
from synq_cli.resources.products.variants import Variants
from synq_cli.resources.shared import validation
from synq_cli.resources.shared.pagination import Row
from synq_cli.resources.shared.resource import Resource, find_row, has_values
from synq_cli.uuids import parse_uuid

Status = Literal["ACTIVE", "RELEASED", "CONSUMED"]
_SEE = "synq inventory reservations"


@dataclass(frozen=True)
class ReservationInput(SkuLocation):
    """Units to reserve; `available` is how many there are before it, None if that was not read."""

    quantity: int
    reference: str | None
    available: int | None

    @property
    def after(self) -> int | None:
        """The units available after it, None if those before are not known."""
        return None if self.available is None else self.available - self.quantity


class Reservations(Resource):
    """Reservations of stock."""

    def matching(self, *, sku: str | None, location: str | None, status: Status | None) -> list[Row]:
        """Reservations, newest first; None matches any. The API does not filter."""
        wanted = {
            "variant_id": Variants(self._api).id_of(sku) if sku else None,
            "location_id": Locations(self._api).id_of(location),
        }
        return [row for row in self.list() if has_values(row, wanted) and (status is None or _status(row) == status)]

    def prepare(
        self, sku: str, quantity: str, location: str | None, *, reference: str | None, with_level: bool
    ) -> ReservationInput:
        """Check a reservation and resolve its SKU and location, as Inventory.prepare does."""
        units = validation.count(quantity)
        reference = None if reference is None else validation.filled(reference, "reference")
        self._api.check(operations.CREATE_RESERVATION)
        inventory = Inventory(self._api)
        place = inventory.resolve(sku, location)
        available = inventory.units(place, "available") if with_level else None
        return ReservationInput(**vars(place), quantity=units, reference=reference, available=available)

    def create(self, wanted: ReservationInput) -> Row:
        """Reserve units, once; returns the reservation. POST /api/v1/inventory/reservations"""
        body = {**wanted.ids, "quantity": wanted.quantity}
        if wanted.reference:
            body["reference"] = wanted.reference
        return self._api.write(
            operations.CREATE_RESERVATION,
            body=body,
            before={"available": wanted.available},
            after={"available": wanted.after},
            if_unknown=f"Before you reserve again, look for {wanted.quantity} of {wanted.sku} at the top of "
            f"`{_SEE} --sku {wanted.sku} --status active`.",
        )

    def to_release(self, reservation: str) -> Row:
        """The active reservation with this id or prefix of an id. NotFoundError, ConflictError."""
        text = validation.filled(reservation, "reservation id")
        self._api.check(operations.RELEASE_RESERVATION)
        return _active(find_row(self.list(), text, "reservation", "id", see=_SEE))

    def many_to_release(self, texts: Iterable[str]) -> "dict[str, Row | SynqError]":
        """The same for many, in one request: each reservation by its text, or what is wrong with it."""
        self._api.check(operations.RELEASE_RESERVATION)
        rows = self.list()
        by_id = {str(row.get("id")).lower(): row for row in rows}
        found: dict[str, Row | SynqError] = {}
        for text in texts:
            try:
                row = by_id.get(parse_uuid(text) or "")
                found[text] = _active(row or find_row(rows, text, "reservation", "id", see=_SEE))
            except SynqError as error:
                found[text] = error
        return found

    def release(self, reservation: Row) -> None:
        """Release the units of a reservation. DELETE /api/v1/inventory/reservations/{reservationID}"""
        self._api.send(
            operations.RELEASE_RESERVATION,
            {"reservationID": reservation["id"]},
            before={"status": reservation.get("status"), "quantity": reservation.get("quantity")},
            after={"status": "RELEASED", "quantity": 0},
        )

    def list(self) -> list[Row]:
        """All reservations, newest first. GET /api/v1/inventory/reservations"""
        return self._api.read_list(operations.LIST_RESERVATIONS, "reservations")


def _active(row: Row) -> Row:
    """The reservation; ConflictError if it holds no units any more."""
    if _status(row) in {"RELEASED", "CONSUMED"}:
        raise ConflictError(
            f"Reservation {row['id']} is already {_status(row)}: it holds no units.",
            hint=f"`{_SEE} --status active` lists those that hold units.",
        )
    return row


def _status(row: Row) -> str:
    return str(row.get("status")).upper()
