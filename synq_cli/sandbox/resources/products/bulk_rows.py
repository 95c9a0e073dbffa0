"""Rows of bulk jobs: how they are parsed, and what each does to the catalogue."""

from typing import Any

from synq_cli.exact_json import Number
from synq_cli.sandbox.resources.products.products import delete_product, insert_product, update_product
from synq_cli.sandbox.resources.products.variants import find_sku, insert_variant
from synq_cli.sandbox.server.fields import amount, currency, filled_text, identifier, mapping, text
from synq_cli.sandbox.server.request import Check, audit_event, checked
from synq_cli.sandbox.store.schema import Row
from synq_cli.sandbox.store.store import Store

JOB_TYPES = ("BULK_IMPORT", "BULK_UPDATE", "BULK_DELETE")


def _price(value: object) -> str:
    """A number, or the text of one, as spreadsheets write it."""
    return amount(Number(value) if isinstance(value, str) else value)


ROW: dict[str, Check] = {
    "id": identifier,
    "title": filled_text,
    "sku": text,
    "description": text,
    "category": text,
    "brand": text,
}
# Keys that the contract does not name. They belong to the variant, so they only count in a row with a SKU.
VARIANT: dict[str, Check] = {"price": _price, "currency": currency, "barcode": text}


def product_row(value: object) -> Row:
    """A row as the contract describes it, without its further keys."""
    return checked(mapping(value), ROW, ("title",))


def plan(job_type: str, payload: list[Any]) -> list[Row | None]:
    """The rows as they are to be applied; None for an invalid row."""
    return [_parsed(job_type, value) for value in payload]


def _parsed(job_type: str, value: object) -> Row | None:
    try:
        if job_type == "BULK_DELETE":
            return {"id": identifier(value)}
        # An empty spreadsheet cell counts as absent.
        cells = {name: cell for name, cell in mapping(value).items() if cell != ""}
        row = checked(cells, {**ROW, **VARIANT}, ("title",) if job_type == "BULK_IMPORT" else ("id", "title"))
    except ValueError:
        return None
    return row if row["title"].strip() else None


def apply(store: Store, job: Row, row: Row, at: str) -> bool:
    """Apply a row of `plan`; False, and nothing is done, if the catalogue as it is does not allow it."""
    variant = find_sku(store, job["tenant_id"], row.get("sku"))
    if job["job_type"] == "BULK_IMPORT":
        if variant:
            return False
        product = insert_product(store, job, row, job["created_by"], at)
        _audit(store, job, at, "PRODUCT_CREATED", product["id"], {"title": product["title"]})
        _add_variant(store, job, row, product, at)
        return True
    found = store.row("SELECT * FROM live_products WHERE id = ? AND tenant_id = ?", (row["id"], job["tenant_id"]))
    if found is None or (variant and variant["product_id"] != found["id"]):
        return False
    if job["job_type"] == "BULK_DELETE":
        delete_product(store, found, at)
        _audit(store, job, at, "PRODUCT_DELETED", found["id"], {"title": found["title"]})
        return True
    product = update_product(store, found, row, job["created_by"], at)
    _audit(store, job, at, "PRODUCT_UPDATED", product["id"], {"title": product["title"]})
    if variant:
        _update_variant(store, job, row, variant, at)
    else:
        _add_variant(store, job, row, product, at)
    return True


def _add_variant(store: Store, job: Row, row: Row, product: Row, at: str) -> None:
    if "sku" in row:
        variant = insert_variant(store, product, row, at)
        details = {"sku": variant["sku"], "title": product["title"]}
        _audit(store, job, at, "VARIANT_CREATED", variant["id"], details, "VARIANT")


def _update_variant(store: Store, job: Row, row: Row, variant: Row, at: str) -> None:
    changes = {name: row[name] for name in VARIANT if name in row}
    changed = store.update("variants", variant, **changes, updated_at=at)
    if changed["price"] != variant["price"]:
        details = {"sku": variant["sku"], "from": variant["price"], "to": changed["price"]}
        _audit(store, job, at, "PRODUCT_PRICE_CHANGED", variant["product_id"], details)


def _audit(
    store: Store, job: Row, at: str, action: str, entity_id: str, details: Row, entity_type: str = "PRODUCT"
) -> None:
    audit_event(
        store,
        tenant_id=job["tenant_id"],
        action=action,
        entity_type=entity_type,
        entity_id=entity_id,
        details={**details, "job_id": job["id"]},
        created_at=at,
    )
