"""Reservations: units held for somebody without taking them off hand."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from synq_cli.errors import ConflictError
from synq_cli.http import operations
from synq_cli.http.replies import if_unclear, one_object
from synq_cli.resources.inventory.ledger import Place
from synq_cli.resources.shared import validation
from synq_cli.resources.shared.reader import has_values, row_named

if TYPE_CHECKING:
    from synq_cli.http.sender import Transport
    from synq_cli.resources.inventory.locations import Locations
    from synq_cli.resources.inventory.stock import Inventory
    from synq_cli.resources.products.variants import Variants
    from synq_cli.resources.shared.pagination import Row
    from synq_cli.resources.shared.reader import Reader

Status = Literal["ACTIVE", "RELEASED", "CONSUMED"]
_SEE = "synq inventory reservations"


@dataclass(frozen=True)
class Hold(Place):
    """Units to be held there; `available` is how many there are before, where that was asked for."""

    quantity: int
    reference: str | None
    available: int | None

    @property
    def after(self) -> int | None:
        """How many are available after it, where that before it is known."""
        return None if self.available is None else self.available - self.quantity


class Reservations:
    """The operations on reservations."""

    def __init__(
        self,
        transport: "Transport",
        reader: "Reader",
        inventory: "Inventory",
        variants: "Variants",
        locations: "Locations",
    ) -> None:
        self._transport = transport
        self._reader = reader
        self._inventory = inventory
        self._variants = variants
        self._locations = locations

    def matching(self, *, sku: str | None, location: str | None, status: Status | None) -> "list[Row]":
        """Reservations, newest first; None means any. The API does not filter. GET /api/v1/inventory/reservations"""
        wanted = {
            "variant_id": self._variants.id_of(sku) if sku else None,
            "location_id": self._locations.id_of(location),
        }
        return [
            row
            for row in self._reader.all(operations.LIST_RESERVATIONS, "reservations")
            if has_values(row, wanted) and (status is None or _status(row) == status)
        ]

    def hold(self, sku: str, quantity: str, location: str | None, *, reference: str | None, with_level: bool) -> Hold:
        """Settle a reservation down to its ids; a known SKU and a location given by its id need no request."""
        units = validation.count(quantity)
        reference = None if reference is None else validation.filled(reference, "reference")
        self._transport.check(operations.CREATE_RESERVATION)
        place = self._inventory.place(sku, location)
        available = self._inventory.units(place, "available") if with_level else None
        return Hold(**vars(place), quantity=units, reference=reference, available=available)

    def create(self, hold: Hold) -> "Row":
        """Hold the units, once; gives the reservation. POST /api/v1/inventory/reservations"""
        body = {**hold.ids, "quantity": hold.quantity}
        if hold.reference:
            body["reference"] = hold.reference
        with if_unclear(
            f"Before reserving again look for {hold.quantity} of {hold.sku} at the top of "
            f"`{_SEE} --sku {hold.sku} --status active`."
        ):
            answer = self._transport.send(
                operations.CREATE_RESERVATION,
                body=body,
                before={"available": hold.available},
                after={"available": hold.after},
            )
            return one_object(answer, operations.CREATE_RESERVATION)

    def to_release(self, reservation: str) -> "Row":
        """The active reservation with this id or these first letters of it. NotFoundError, ConflictError."""
        text = validation.filled(reservation, "reservation's id")
        self._transport.check(operations.RELEASE_RESERVATION)
        row = row_named(
            self._reader.all(operations.LIST_RESERVATIONS, "reservations"), text, "reservation", "id", see=_SEE
        )
        if _status(row) in {"RELEASED", "CONSUMED"}:
            raise ConflictError(
                f"Reservation {row['id']} is {_status(row)} already; it holds nothing that could be given back.",
                hint=f"`{_SEE} --status active` lists those that hold units.",
            )
        return row

    def release(self, reservation: "Row") -> None:
        """Give its units back. DELETE /api/v1/inventory/reservations/{reservationID}"""
        before = {"status": reservation.get("status"), "quantity": reservation.get("quantity")}
        path = {"reservationID": reservation["id"]}
        self._transport.send(
            operations.RELEASE_RESERVATION, path, before=before, after={"status": "RELEASED", "quantity": 0}
        )


def _status(row: "Row") -> str:
    return str(row.get("status")).upper()
