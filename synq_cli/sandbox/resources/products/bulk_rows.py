"""The rows of bulk jobs: what can be read of them, and what each does to the catalogue."""

from typing import Any

from synq_cli.exact_json import Number
from synq_cli.sandbox.resources.products.products import changed_product, hide_product, new_product
from synq_cli.sandbox.resources.products.variants import new_variant, variant_with_sku
from synq_cli.sandbox.server.fields import Check, MisfitError, amount, currency, filled_text, fitted, identifier, text
from synq_cli.sandbox.store.schema import Row
from synq_cli.sandbox.store.store import Store
from synq_cli.sandbox.store.trail import record_unasked

JOB_TYPES = ("BULK_IMPORT", "BULK_UPDATE", "BULK_DELETE")


def _price(value: object) -> str:
    """A number, or the text of one, as spreadsheets give it."""
    return amount(Number(value) if isinstance(value, str) else value)


ROW: dict[str, Check] = {
    "id": identifier,
    "title": filled_text,
    "sku": text,
    "description": text,
    "category": text,
    "brand": text,
}
# Keys beyond the contract's that mean something here; they are the variant's, so they need a SKU beside them.
FURTHER: dict[str, Check] = {"price": _price, "currency": currency, "barcode": text}


def product_row(value: object) -> Row:
    """What the contract says of a row; further keys are allowed and left out here."""
    return _fields(value, ROW, ("title",))


def plan(job_type: str, payload: list[Any]) -> list[Row | None]:
    """What is to be done, row by row; None where a row can't be read."""
    return [_readable(job_type, value) for value in payload]


def put_into_effect(store: Store, job: Row, row: Row, at: str) -> bool:
    """Do what a row of `plan` says; False if the catalogue as it is forbids it, and nothing is done."""
    variant = variant_with_sku(store, job["tenant_id"], row.get("sku"))
    if job["job_type"] == "BULK_IMPORT":
        if variant:
            return False
        product = new_product(job, row, job["created_by"], at)
        store.insert("products", product)
        _record(store, job, at, "PRODUCT_CREATED", product)
        _add_variant(store, job, row, product, at)
        return True
    found = store.row("SELECT * FROM live_products WHERE id = ? AND tenant_id = ?", (row["id"], job["tenant_id"]))
    if found is None or (variant and variant["product_id"] != found["id"]):
        return False
    if job["job_type"] == "BULK_DELETE":
        hide_product(store, found, at)
        _record(store, job, at, "PRODUCT_DELETED", found)
        return True
    product = changed_product(store, found, row, job["created_by"], at)
    _record(store, job, at, "PRODUCT_UPDATED", product)
    if variant:
        _change_variant(store, job, row, variant, at)
    else:
        _add_variant(store, job, row, product, at)
    return True


def _fields(value: object, checks: dict[str, Check], required: tuple[str, ...]) -> Row:
    if not isinstance(value, dict):
        raise MisfitError("no object")
    return fitted(value, checks, required)


def _readable(job_type: str, value: object) -> Row | None:
    try:
        if job_type == "BULK_DELETE":
            return {"id": identifier(value)}
        # An empty cell of a spreadsheet counts as left out.
        given = {name: cell for name, cell in value.items() if cell != ""} if isinstance(value, dict) else value
        required = ("title",) if job_type == "BULK_IMPORT" else ("id", "title")
        row = _fields(given, {**ROW, **FURTHER}, required)
    except ValueError:
        return None
    return row if row["title"].strip() else None


def _add_variant(store: Store, job: Row, row: Row, product: Row, at: str) -> None:
    if "sku" in row:
        variant = new_variant(product, row, at)
        store.insert("variants", variant)
        details = {"sku": variant["sku"], "title": product["title"], "job_id": job["id"]}
        record_unasked(store, job["tenant_id"], at, "VARIANT_CREATED", "VARIANT", variant["id"], details)


def _change_variant(store: Store, job: Row, row: Row, variant: Row, at: str) -> None:
    changed = {**variant, **{name: row[name] for name in FURTHER if name in row}, "updated_at": at}
    store.run(
        """UPDATE variants SET price = :price, currency = :currency, barcode = :barcode, updated_at = :updated_at
           WHERE id = :id""",
        changed,
    )
    if changed["price"] != variant["price"]:
        details = {"sku": variant["sku"], "from": variant["price"], "to": changed["price"], "job_id": job["id"]}
        record_unasked(store, job["tenant_id"], at, "PRODUCT_PRICE_CHANGED", "PRODUCT", variant["product_id"], details)


def _record(store: Store, job: Row, at: str, action: str, product: Row) -> None:
    details = {"title": product["title"], "job_id": job["id"]}
    record_unasked(store, job["tenant_id"], at, action, "PRODUCT", product["id"], details)
