"""Units of stock at a place (tenant_id, variant_id, location_id): what is free, on the ledger and held."""

import uuid

from synq_cli.sandbox.store.schema import Row
from synq_cli.sandbox.store.store import Store
from synq_cli.times import timestamp


def missing(store: Store, place: Row) -> str | None:
    """What of the place the tenant does not have, as a sentence; None if it has all."""
    if not store.row("SELECT id FROM live_variants WHERE id = :variant_id AND tenant_id = :tenant_id", place):
        return "Variant not found"
    if not store.row("SELECT id FROM locations WHERE id = :location_id AND tenant_id = :tenant_id", place):
        return "Location not found"
    return None


def free(store: Store, place: Row) -> int:
    """Units on hand that nobody holds."""
    return store.count(
        """SELECT
               (SELECT IFNULL(SUM(quantity_delta), 0) FROM ledger
                WHERE variant_id = :variant_id AND location_id = :location_id)
             - (SELECT IFNULL(SUM(quantity), 0) FROM reservations
                WHERE variant_id = :variant_id AND location_id = :location_id AND status = 'ACTIVE')""",
        place,
    )


def enter(store: Store, place: Row, delta: int, kind: str, notes: str, at: float, created_by: str | None = None) -> Row:
    """Append an entry to the ledger."""
    entry = {
        "id": str(uuid.uuid4()),
        "org_id": store.rows("SELECT org_id FROM tenant")[0]["org_id"],
        "tenant_id": place["tenant_id"],
        "variant_id": place["variant_id"],
        "location_id": place["location_id"],
        "quantity_delta": delta,
        "transaction_type": kind,
        "notes": notes,
        "unit_cost": None,
        "created_by": created_by,
        "created_at": timestamp(at),
    }
    store.insert("ledger", entry)
    return entry


def hold(store: Store, place: Row, quantity: int, reference: str | None, at: float, order_id: str | None = None) -> Row:
    """Add an active reservation."""
    reservation = {
        "id": str(uuid.uuid4()),
        "tenant_id": place["tenant_id"],
        "variant_id": place["variant_id"],
        "location_id": place["location_id"],
        "quantity": quantity,
        "reference": reference,
        "order_id": order_id,
        "status": "ACTIVE",
        "created_at": timestamp(at),
    }
    store.insert("reservations", reservation)
    return reservation
