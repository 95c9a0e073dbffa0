"""Units of stock at a place, a row with tenant_id, variant_id and location_id: availability, ledger, reservations."""

import uuid

from synq_cli.sandbox.store.schema import Row
from synq_cli.sandbox.store.store import Store
from synq_cli.times import timestamp

PLACE = ("tenant_id", "variant_id", "location_id")


def missing(store: Store, place: Row) -> str | None:
    """An error message if the tenant does not have the variant or the location."""
    if not store.row("SELECT id FROM live_variants WHERE id = :variant_id AND tenant_id = :tenant_id", place):
        return "Variant not found"
    if not store.row("SELECT id FROM locations WHERE id = :location_id AND tenant_id = :tenant_id", place):
        return "Location not found"
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
    return store.insert(
        "ledger",
        {
            "id": str(uuid.uuid4()),
            "org_id": store.tenant()["org_id"],
            **{name: place[name] for name in PLACE},
            "quantity_delta": delta,
            "transaction_type": kind,
            "notes": notes,
            "created_by": created_by,
            "created_at": timestamp(at),
        },
    )


def reserve(
    store: Store, place: Row, quantity: int, reference: str | None, at: float, order_id: str | None = None
) -> Row:
    """Add an active reservation."""
    return store.insert(
        "reservations",
        {
            "id": str(uuid.uuid4()),
            **{name: place[name] for name in PLACE},
            "quantity": quantity,
            "reference": reference,
            "order_id": order_id,
            "status": "ACTIVE",
            "created_at": timestamp(at),
        },
    )
