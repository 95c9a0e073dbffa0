"""Bulk jobs: list, start; and what gets them on as the tenant's clock does."""

import base64
import json
import uuid
from typing import Any

import falcon

from synq_cli import exact_json
from synq_cli.sandbox.resources.products.bulk_rows import JOB_TYPES, plan, product_row, put_into_effect
from synq_cli.sandbox.server.fields import MisfitError, fields_in, identifier, one_of
from synq_cli.sandbox.server.gates import caller_of
from synq_cli.sandbox.server.reading import refusal, store_of
from synq_cli.sandbox.store.schema import Row
from synq_cli.sandbox.store.store import Store
from synq_cli.sandbox.store.trail import record
from synq_cli.times import timestamp

SECONDS_PENDING = 2.0
ROWS_PER_SECOND = 50


class BulkJobs:
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        job_type = req.get_param("type", default="BULK_UPDATE")
        if job_type not in JOB_TYPES:
            raise refusal(400, "Invalid type")
        resp.media = store_of(req).rows(
            """SELECT id, org_id, tenant_id, job_type, status, payload_json, total_items, processed_items, created_by,
                   created_at, updated_at
               FROM bulk_jobs WHERE tenant_id = ? AND job_type = ? ORDER BY created_at DESC, rowid DESC""",
            (caller_of(req).tenant_id, job_type),
        )

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        checks = {"job_type": one_of(JOB_TYPES), "payload": _payload}
        body = fields_in(req, checks, checks.keys(), "Invalid payload")
        text, rows = body["payload"]
        caller, store, at = caller_of(req), store_of(req), timestamp(req.context.at)
        job = {
            "id": str(uuid.uuid4()),
            "org_id": caller.org_id,
            "tenant_id": caller.tenant_id,
            "job_type": body["job_type"],
            "status": "PENDING",
            "payload_json": text,
            "total_items": None,
            "processed_items": 0,
            "created_by": caller.user_id,
            "created_at": at,
            "updated_at": at,
        }
        work = json.dumps(plan(body["job_type"], rows))
        progress = {"work": work, "starts_at": req.context.at + SECONDS_PENDING, "rows_seen": 0}
        with store.writing():
            store.insert("bulk_jobs", {**job, **progress})
            record(req, "BULK_JOB_CREATED", "BULK_JOB", job["id"], {"job_type": job["job_type"], "rows": len(rows)})
        resp.status = falcon.HTTP_202
        resp.media = job


def _payload(value: object) -> tuple[str, list[Any]]:
    """The payload as JSON text and as what that says, whether it came inline or as base64 of such text."""
    if isinstance(value, list):
        # A list is one of rows or one of ids, never of both.
        check = identifier if value and isinstance(value[0], str) else product_row
        for row in value:
            check(row)
        return exact_json.dumps(value), value
    if not isinstance(value, str):
        raise MisfitError("neither rows nor text")
    encoded = base64.b64decode(value, validate=True)
    try:
        text = encoded.decode()
        rows = exact_json.loads(text)
    except (ValueError, RecursionError):
        rows = None
    # What is in the rows shows when the job comes to them.
    if not isinstance(rows, list):
        raise refusal(400, "Invalid JSON in payload")
    return text, rows


class BulkWork:
    """Gets every bulk job as far as it should be by now, before a request is answered."""

    def process_resource(
        self, req: falcon.Request, _resp: falcon.Response, _resource: object, _params: dict[str, object]
    ) -> None:
        store, at = store_of(req), req.context.at
        due = """SELECT * FROM bulk_jobs WHERE status IN ('PENDING', 'PROCESSING') AND starts_at <= ?
                 ORDER BY starts_at, rowid"""
        if store.row(due, (at,)):
            with store.writing():
                for job in store.rows(due, (at,)):
                    _continue(store, job, at)


def _continue(store: Store, job: Row, at: float) -> None:
    rows = json.loads(job["work"])
    reached = max(job["rows_seen"], min(len(rows), int((at - job["starts_at"]) * ROWS_PER_SECOND)))
    good = job["processed_items"]
    for number in range(job["rows_seen"], reached):
        row = rows[number]
        if row is not None and put_into_effect(store, job, row, _time_of(job, number + 1)):
            good += 1
    status = "PROCESSING"
    if reached == len(rows):
        status = "COMPLETED" if good == len(rows) else "FAILED"
    store.run(
        """UPDATE bulk_jobs SET status = ?, total_items = ?, processed_items = ?, rows_seen = ?, updated_at = ?
           WHERE id = ?""",
        (status, len(rows), good, reached, _time_of(job, reached), job["id"]),
    )


def _time_of(job: Row, rows: int) -> str:
    """When a job has that many rows behind it, whenever that was looked at."""
    return timestamp(job["starts_at"] + rows / ROWS_PER_SECOND)
