"""Bulk jobs: list, create, and the processing of their rows as time passes."""

import base64
from typing import Any

import falcon

from synq_cli import exact_json
from synq_cli.sandbox.resources.products.bulk_rows import JOB_TYPES, apply, plan, product_row
from synq_cli.sandbox.server.fields import identifier, one_of, text
from synq_cli.sandbox.server.request import Request, Response, http_error, without
from synq_cli.sandbox.store.schema import Row
from synq_cli.sandbox.store.store import Store
from synq_cli.times import timestamp

SECONDS_PENDING = 2.0
ROWS_PER_SECOND = 50
HIDDEN = ("work", "starts_at", "rows_seen")


class BulkJobs:
    def on_get(self, req: Request, resp: Response) -> None:
        job_type = req.get_param("type", default="BULK_UPDATE")
        if job_type not in JOB_TYPES:
            raise http_error(400, "Invalid type")
        rows = req.rows("bulk_jobs", order="created_at DESC, rowid DESC", job_type=job_type)
        resp.media = [without(row, *HIDDEN) for row in rows]

    def on_post(self, req: Request, resp: Response) -> None:
        checks = {"job_type": one_of(JOB_TYPES), "payload": _payload}
        fields = req.fields(checks, checks, "Invalid payload")
        payload_json, rows = fields["payload"]
        job_type = fields["job_type"]
        new = req.new_row(
            org_id=req.caller.org_id,
            job_type=job_type,
            status="PENDING",
            payload_json=payload_json,
            processed_items=0,
            created_by=req.caller.user_id,
            work=plan(job_type, rows),
            starts_at=req.at + SECONDS_PENDING,
            rows_seen=0,
        )
        with req.store.writing():
            job = req.store.insert("bulk_jobs", new)
            req.audit("BULK_JOB_CREATED", "BULK_JOB", job["id"], {"job_type": job_type, "rows": len(rows)})
        resp.status = falcon.HTTP_202
        resp.media = without(job, *HIDDEN)


def _payload(value: object) -> tuple[str, list[Any]]:
    """The payload as JSON text and as rows, whether it came inline or as base64 of such text."""
    if isinstance(value, list):
        # Rows or ids, never both.
        check = identifier if value and isinstance(value[0], str) else product_row
        for row in value:
            check(row)
        return exact_json.dumps(value), value
    encoded = base64.b64decode(text(value), validate=True)
    try:
        payload = encoded.decode()
        rows = exact_json.loads(payload)
    except (ValueError, RecursionError):
        rows = None
    # Each row is checked when the job processes it.
    if not isinstance(rows, list):
        raise http_error(400, "Invalid JSON in payload")
    return payload, rows


class DueJobs:
    """Middleware that brings every bulk job up to date before a request is answered."""

    def process_resource(self, req: Request, _resp: Response, _resource: object, _params: dict[str, object]) -> None:
        due = "FROM bulk_jobs WHERE status IN ('PENDING', 'PROCESSING') AND starts_at <= ? ORDER BY starts_at, rowid"
        if req.store.row(f"SELECT id {due}", (req.at,)):
            with req.store.writing():
                for job in req.store.rows(f"SELECT * {due}", (req.at,)):
                    _continue(req.store, job, req.at)


def _continue(store: Store, job: Row, at: float) -> None:
    rows = job["work"]
    reached = max(job["rows_seen"], min(len(rows), int((at - job["starts_at"]) * ROWS_PER_SECOND)))
    succeeded = job["processed_items"]
    for number in range(job["rows_seen"], reached):
        if rows[number] is not None and apply(store, job, rows[number], _time_of(job, number + 1)):
            succeeded += 1
    status = "PROCESSING"
    if reached == len(rows):
        status = "COMPLETED" if succeeded == len(rows) else "FAILED"
    store.update(
        "bulk_jobs",
        job,
        status=status,
        total_items=len(rows),
        processed_items=succeeded,
        rows_seen=reached,
        updated_at=_time_of(job, reached),
    )


def _time_of(job: Row, rows: int) -> str:
    """When the job has processed that many rows, no matter when somebody looks."""
    return timestamp(job["starts_at"] + rows / ROWS_PER_SECOND)


ROUTES = {"/api/v1/pim/bulk-jobs": BulkJobs()}
