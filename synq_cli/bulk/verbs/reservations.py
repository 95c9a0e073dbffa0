"""Many reservations: `synq inventory reserve --file` and `release --file`, each of which undoes the other."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from synq_cli.bulk.journal import Content, Receipt, Row
from synq_cli.bulk.plan import Plan, Problem, prepare
from synq_cli.bulk.reconcile import clock_offset, match
from synq_cli.bulk.verbs.adjust_stock import AdjustStock, check_place
from synq_cli.bulk.verbs.variants import VARIANT
from synq_cli.bulk.verbs.verb import Claims, Shown, Verb
from synq_cli.errors import ConflictError, SynqError, UsageError
from synq_cli.http import operations
from synq_cli.resources.shared import validation
from synq_cli.rows import Columns
from synq_cli.times import epoch

RESERVE = Columns((VARIANT, ("quantity",)), ("location", "reference"), guess=True)
RELEASE = Columns((("reservation_id", "id"),), guess=True)
# The fields of a reservation that a request to make it has.
_MADE_OF = ("variant_id", "location_id", "quantity", "reference")


class ReserveStock(AdjustStock):
    """POST /api/v1/inventory/reservations for each row; a lost answer is looked for in the list of reservations."""

    name = "inventory reserve"
    noun = "reservation"
    operation = operations.CREATE_RESERVATION
    level = "available"

    def read(self, text: str, name: str, location: str | None, reference: str | None = None) -> Plan:
        """The rows of a file, with a location and a reference for those that name none."""
        reference = None if reference is None else validation.filled(reference, "reference")

        def check(fields: Mapping[str, str]) -> Content:
            units, purpose = fields.get("quantity", ""), fields.get("reference") or reference
            if not units:
                raise UsageError("No quantity.")
            return check_place(fields) | {"quantity": validation.count(units), "reference": purpose or None}

        return prepare(
            self, text, name, RESERVE, check=check, resolve=lambda rows: self._resolve(rows, location),
            identity=_made_of, duplicate="add the two up, or give each a reference of its own", as_written=True,
        )  # fmt: skip

    def body(self, content: Content) -> object:
        return {name: content[name] for name in _MADE_OF if content[name] is not None}

    def shown(self, content: Content) -> Shown:
        names = ("reference", "reservation_id")
        return content["sku"], [(name, content[name]) for name in names if content.get(name)]

    def reverse(self, row: Row) -> Content | None:
        return row.content | {"reservation_id": row.receipt}

    @property
    def undo_verb(self) -> Verb:
        return ReleaseReservations(self._api)

    def movement(self, content: Content) -> Mapping[str, Any]:
        return {"sku": content["sku"], "location": content["location"], "delta": -content["quantity"]}

    def reconcile(self, unclear: Sequence[Row], *, done: Sequence[Row], claims: Claims) -> dict[int, Receipt]:
        """Reservations of the same units for the same reference, made when the row was sent."""
        found = self._api.reservations.list()
        taken, rivals = claims()
        free = [
            (_made_of(each), Receipt(str(each.get("id")), epoch(each.get("created_at"))))
            for each in found
            if str(each.get("id")) not in taken
        ]
        return match(unclear, free, rivals, clock_offset(done), _made_of)


class ReleaseReservations(ReserveStock):
    """DELETE /api/v1/inventory/reservations/{reservationID} for each row, sent again if an answer is lost."""

    name = "inventory release"
    noun = "release"
    operation = operations.RELEASE_RESERVATION

    def read(self, text: str, name: str, *_settings: object) -> Plan:
        """The reservations of a file; those that hold no units any more are left out."""
        return prepare(
            self, text, name, RELEASE, check=_reservation_id, resolve=self._find,
            identity=lambda content: str(content["reservation_id"]), duplicate="remove one",
        )  # fmt: skip

    def subject(self, content: Content) -> str:
        return str(content["reservation_id"])

    def path(self, content: Content) -> Mapping[str, str]:
        return {"reservationID": content["reservation_id"]}

    def body(self, _content: Content) -> object:
        return None

    def receipt(self, content: Content, _answer: Any) -> Receipt:
        return Receipt(content["reservation_id"])

    def reverse(self, row: Row) -> Content | None:
        return row.content if isinstance(row.content["quantity"], int) else None

    @property
    def undo_verb(self) -> Verb:
        return ReserveStock(self._api)

    def movement(self, content: Content) -> Mapping[str, Any]:
        units = content["quantity"]
        delta = units if isinstance(units, int) else 0  # the API may give anything
        return {"sku": content["sku"], "location": content["location"], "delta": delta}

    def reconcile(self, unclear: Sequence[Row], *, done: Sequence[Row], claims: Claims) -> dict[int, Receipt]:  # noqa: ARG002
        """Reservations that hold no units any more, whoever has released them."""
        found = self._api.reservations.many_to_release({row.content["reservation_id"] for row in unclear})
        held = {name for name, each in found.items() if not isinstance(each, ConflictError)}
        return {
            row.line: self.receipt(row.content, None) for row in unclear if row.content["reservation_id"] not in held
        }

    def _find(self, rows: Sequence[Row]) -> tuple[list[Row], list[Problem]]:
        found = self._api.reservations.many_to_release({row.content["reservation_id"] for row in rows})
        resolved, problems = [], []
        for row in rows:
            held = found[row.content["reservation_id"]]
            if isinstance(held, SynqError):
                is_left_out = isinstance(held, ConflictError)
                held.hint = None if is_left_out else held.hint
                problems.append(replace(Problem.of(row.line, held), is_left_out=is_left_out))
                continue
            resolved.append(Row(row.line, self.content_of(held), row.source))
        return resolved, problems

    def content_of(self, held: Mapping[str, Any]) -> Content:
        """The row that releases a reservation, with what is needed to make it again."""
        variant, location = str(held.get("variant_id")), str(held.get("location_id"))
        skus, places = self._names
        names = {"sku": skus.get(variant, variant), "location": places.get(location, location)}
        return {"reservation_id": held["id"], **names, **{name: held.get(name) for name in _MADE_OF}}

    @cached_property
    def _names(self) -> tuple[Mapping[str, str], Mapping[str, str]]:
        """The SKUs and the locations by id."""
        return self._api.transport.index.names("sku"), self._api.locations.names()


def _reservation_id(fields: Mapping[str, str]) -> Content:
    name = fields.get("reservation_id") or fields.get("id")
    if not name:
        raise UsageError("No reservation_id.")
    return {"reservation_id": name}


def _made_of(row: Mapping[str, Any]) -> str:
    """What a row or a reservation holds, and for what, as one key."""
    variant, location, quantity, reference = (str(row.get(name) or "") for name in _MADE_OF)
    return "\0".join((variant.lower(), location.lower(), quantity, reference))
