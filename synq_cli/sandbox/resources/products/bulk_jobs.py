"""Bulk jobs: list, create, and the processing of their rows as time passes."""

import base64
from typing import Any

import falcon

from synq_cli import exact_json
from synq_cli.sandbox.resources.products import products
from synq_cli.sandbox.server import checks
from synq_cli.sandbox.server.request import Request, Response, http_error, without
from synq_cli.sandbox.store.schema import Row
from synq_cli.sandbox.store.store import Store
from synq_cli.times import timestamp

JOB_TYPES = ("BULK_IMPORT", "BULK_UPDATE", "BULK_DELETE")
SECONDS_PENDING = 2.0
ROWS_PER_SECOND = 50
HIDDEN = ("work", "starts_at", "rows_seen")


def _price(value: object) -> str:
    """A number, or the text of one, as spreadsheets write it."""
    return checks.amount(exact_json.Number(value) if isinstance(value, str) else value)


ROW: dict[str, checks.Check] = {
    "id": checks.identifier,
    "title": checks.filled_text,
    **dict.fromkeys(("sku", "description", "category", "brand"), checks.text),
}
# Keys that the contract does not name. They belong to the variant, so they only count in a row with a SKU.
VARIANT: dict[str, checks.Check] = {"price": _price, "currency": checks.currency, "barcode": checks.text}


def _payload(value: object) -> tuple[str, list[Any]]:
    """The payload as JSON text and as rows, whether it came inline or as base64 of such text."""
    if isinstance(value, list):
        # Rows or ids, never both.
        for row in value:
            if isinstance(value[0], str):
                checks.identifier(row)
            else:
                checks.fields(checks.mapping(row), ROW, ("title",))
        return exact_json.dumps(value), value
    encoded = base64.b64decode(checks.text(value), validate=True)
    try:
        payload = encoded.decode()
        rows = exact_json.loads(payload)
    except (ValueError, RecursionError):
        rows = None
    # Each row is checked when the job processes it.
    if not isinstance(rows, list):
        raise http_error(400, "Invalid JSON in payload")
    return payload, rows


JOB: dict[str, checks.Check] = {"job_type": checks.one_of(JOB_TYPES), "payload": _payload}


class BulkJobs:
    def on_get(self, req: Request, resp: Response) -> None:
        job_type = req.get_param("type", default="BULK_UPDATE")
        if job_type not in JOB_TYPES:
            raise http_error(400, "Invalid type")
        rows = req.rows("bulk_jobs", order="created_at DESC, rowid DESC", job_type=job_type)
        resp.media = [without(row, *HIDDEN) for row in rows]

    def on_post(self, req: Request, resp: Response) -> None:
        fields = req.fields(JOB, JOB, "Invalid payload")
        payload_json, rows = fields["payload"]
        job_type = fields["job_type"]
        with req.store.writing():
            job = req.insert(
                "bulk_jobs",
                org_id=req.caller.org_id,
                job_type=job_type,
                status="PENDING",
                payload_json=payload_json,
                processed_items=0,
                created_by=req.caller.user_id,
                work=[_parsed(job_type, row) for row in rows],
                starts_at=req.at + SECONDS_PENDING,
                rows_seen=0,
            )
            req.audit("BULK_JOB_CREATED", "BULK_JOB", job["id"], {"job_type": job_type, "rows": len(rows)})
        resp.status = falcon.HTTP_202
        resp.media = without(job, *HIDDEN)


def _parsed(job_type: str, value: object) -> Row | None:
    """The row as it is to be applied; None if it is invalid."""
    try:
        if job_type == "BULK_DELETE":
            return {"id": checks.identifier(value)}
        # An empty spreadsheet cell counts as absent.
        cells = {name: cell for name, cell in checks.mapping(value).items() if cell != ""}
        row = checks.fields(cells, {**ROW, **VARIANT}, ("title",) if job_type == "BULK_IMPORT" else ("id", "title"))
    except ValueError:
        return None
    return row if row["title"].strip() else None


def process_due_jobs(store: Store, now: float) -> None:
    """Bring every bulk job up to date."""
    due = "FROM bulk_jobs WHERE status IN ('PENDING', 'PROCESSING') AND starts_at <= ? ORDER BY starts_at, rowid"
    if store.row(f"SELECT id {due}", (now,)):
        with store.writing():
            for job in store.rows(f"SELECT * {due}", (now,)):
                _continue(store, job, now)


def _continue(store: Store, job: Row, at: float) -> None:
    rows = job["work"]
    reached = max(job["rows_seen"], min(len(rows), int((at - job["starts_at"]) * ROWS_PER_SECOND)))
    succeeded = job["processed_items"]
    for number in range(job["rows_seen"], reached):
        if rows[number] is not None and _apply(store, job, rows[number], _time_of(job, number + 1)):
            succeeded += 1
    status = "PROCESSING"
    if reached == len(rows):
        status = "COMPLETED" if succeeded == len(rows) else "FAILED"
    progress = {"status": status, "total_items": len(rows), "processed_items": succeeded, "rows_seen": reached}
    store.update("bulk_jobs", job, **progress, updated_at=_time_of(job, reached))


def _time_of(job: Row, rows: int) -> str:
    """When the job has processed that many rows, no matter when somebody looks."""
    return timestamp(job["starts_at"] + rows / ROWS_PER_SECOND)


def _apply(store: Store, job: Row, row: Row, at: str) -> bool:
    """Apply a row to the catalogue; False, and nothing is done, if its present state does not allow it."""
    variant = products.find_sku(store, job["tenant_id"], row.get("sku"))
    if job["job_type"] == "BULK_IMPORT":
        if variant:
            return False
        product = products.insert(store, job, row, job["created_by"], at)
        _audit(store, job, at, "PRODUCT_CREATED", product["id"], {"title": product["title"]})
        _add_variant(store, job, row, product, at)
        return True
    found = store.row("SELECT * FROM live_products WHERE id = ? AND tenant_id = ?", (row["id"], job["tenant_id"]))
    if found is None or (variant and variant["product_id"] != found["id"]):
        return False
    if job["job_type"] == "BULK_DELETE":
        products.delete(store, found, at)
        _audit(store, job, at, "PRODUCT_DELETED", found["id"], {"title": found["title"]})
        return True
    product = products.update(store, found, row, job["created_by"], at)
    _audit(store, job, at, "PRODUCT_UPDATED", product["id"], {"title": product["title"]})
    if variant is None:
        _add_variant(store, job, row, product, at)
        return True
    changes = {name: row[name] for name in VARIANT if name in row}
    changed = store.update("variants", variant, **changes, updated_at=at)
    if changed["price"] != variant["price"]:
        details = {"sku": variant["sku"], "from": variant["price"], "to": changed["price"]}
        _audit(store, job, at, "PRODUCT_PRICE_CHANGED", variant["product_id"], details)
    return True


def _add_variant(store: Store, job: Row, row: Row, product: Row, at: str) -> None:
    if "sku" in row:
        variant = products.insert_variant(store, product, row, at)
        details = {"sku": variant["sku"], "title": product["title"]}
        _audit(store, job, at, "VARIANT_CREATED", variant["id"], details, "VARIANT")


def _audit(
    store: Store, job: Row, at: str, action: str, entity_id: str, details: Row, entity_type: str = "PRODUCT"
) -> None:
    actor = {"tenant_id": job["tenant_id"], "actor_email": "system", "created_at": at}
    event = {"action": action, "entity_type": entity_type, "entity_id": entity_id}
    store.add("audit", **actor, **event, details={**details, "job_id": job["id"]})


ROUTES = {"/api/v1/pim/bulk-jobs": BulkJobs()}
