"""Bulk jobs: products imported, changed or deleted in the background."""

import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from synq_cli import exact_json
from synq_cli.errors import NotFoundError, PartialError, RejectedError, SynqError, UsageError
from synq_cli.http import operations, replies
from synq_cli.resources.shared import validation
from synq_cli.resources.shared.pagination import Row
from synq_cli.resources.shared.polling import poll
from synq_cli.resources.shared.resource import Api, Resource, look_for
from synq_cli.rows import Columns
from synq_cli.uuids import parse_uuid

JobType = Literal["import", "update", "delete"]
JOB_TYPES: dict[JobType, str] = {"import": "BULK_IMPORT", "update": "BULK_UPDATE", "delete": "BULK_DELETE"}
# The most bytes of JSON that stay below the API's 10 MB in base64, a third larger, with the request around them.
LARGEST_PAYLOAD = 7_400_000
_WANT_BASE64 = {"Invalid payload", "Invalid JSON in payload"}
_TEXTS = ("sku", "description", "category", "brand")
COLUMNS = Columns((("title",),), (*_TEXTS, "price", "currency", "barcode", "id"), keep_others=True)
_PRICE = re.compile(r"(0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?", re.ASCII)
_SEND_MISSING = "The API does not show which rows: look at `synq products list` and send only what is missing."


class BulkJobs(Resource):
    """Bulk jobs. Rows are sent as inline JSON until a server asks for base64, which is then saved in the profile."""

    def __init__(self, api: Api) -> None:
        super().__init__(api)
        self._saved = self.is_base64 = api.session.settings.bulk_payload == "base64"

    def of_type(self, job_type: JobType) -> list[Row]:
        """The jobs of this type, newest first. GET /api/v1/pim/bulk-jobs"""
        rows = self._api.read_list(operations.LIST_BULK_JOBS, "jobs", {"type": JOB_TYPES[job_type]})
        self._cache(job_type, rows)
        return rows

    def newest(self) -> list[Row]:
        """The jobs of all types, newest first, in one request for each type."""
        rows = [row for job_type in JOB_TYPES for row in self.of_type(job_type)]
        return sorted(rows, key=lambda row: str(row.get("created_at") or ""), reverse=True)

    def get(self, job_id: str) -> Row:
        """One job, by its id or the prefix of a cached id; the API has no route for it but the lists."""
        whole = self._api.resolve_id("job", job_id)
        known = self._api.index.find("job type", whole)
        for job_type in sorted(JOB_TYPES, key=lambda name: name != known):
            for row in self.of_type(job_type):
                if str(row.get("id")).lower() == whole:
                    return row
        raise NotFoundError(f'Unknown bulk job "{whole}".', hint="See `synq products jobs list`.")

    def create(self, job_type: JobType, rows: "list[Any]") -> Row:
        """Start a job on checked rows and return it. POST /api/v1/pim/bulk-jobs"""
        try:
            created = self._send(job_type, rows)
        except RejectedError as error:
            # A refused request created nothing, so the same rows may be sent once more.
            if not self.switch_encoding(error):
                raise
            created = self._send(job_type, rows)
        self.remember(job_type, created)
        return created

    def switch_encoding(self, error: SynqError) -> bool:
        """Switch to base64 if a refusal asks for it; returns whether it did."""
        asks = error.status == 400 and error.said in _WANT_BASE64 and not self.is_base64
        self.is_base64 |= asks
        return asks

    def remember(self, job_type: JobType, created: Row) -> None:
        """Cache a new job's id and type, and save the encoding that the server took."""
        self._cache(job_type, [created])
        if self.is_base64 and not self._saved:
            self._saved = True
            try:
                self._api.session.keep("bulk_payload", "base64")
            except UsageError as error:  # costs one request next time
                self._api.observer.warn(f"{error.message} {error.hint or ''}".strip())

    def watch(self, job_id: str, *, limit: int | None) -> Iterator[Row]:
        """Poll a job until it is finished, for at most `limit` seconds; see polling.poll."""
        whole = self._api.resolve_id("job", job_id)
        return poll(
            self._api,
            lambda: self.get(whole),
            is_finished,
            what=f"The bulk job {whole}",
            resume=f"synq products jobs watch {whole}",
            limit=limit,
        )

    def watch_jobs(self, job_type: JobType, ids: Sequence[str], run: str, *, limit: int | None) -> Iterator[list[Row]]:
        """Poll the jobs of an import or an update together, one request each time, until all are finished."""

        def read() -> list[Row]:
            found = {str(job.get("id")).lower(): job for job in self.of_type(job_type)}
            if gone := [name for name in ids if name.lower() not in found]:
                raise NotFoundError(f"The bulk job {gone[0]} no longer exists.", hint="See `synq products jobs list`.")
            return [found[name.lower()] for name in ids]

        return poll(
            self._api,
            read,
            lambda jobs: all(map(is_finished, jobs)),
            what=f"The {job_type} {run}",
            resume=f"synq products jobs list --type {job_type}",
            limit=limit,
        )

    def raise_if_failed(self, job: Row) -> None:
        """PartialError for a failed job if some of its rows may have been applied, else RejectedError."""
        if not has_failed(job):
            return
        done, total = progress(job)
        if done != 0:
            raise PartialError(f"The bulk job {job.get('id')} failed after {_rows_done(job)}.", hint=_SEND_MISSING)
        self._api.changed = False  # the job came to nothing
        raise RejectedError(
            f"The bulk job {job.get('id')} failed; none of its {'' if total is None else f'{total} '}rows was applied.",
            hint="The API does not say why: check the rows, then start a new job.",
        )

    def raise_if_any_failed(self, jobs: "Sequence[Row]") -> None:
        """PartialError if a job of an import failed."""
        failed = list(filter(has_failed, jobs))
        if failed:
            error = PartialError(
                f"{len(failed)} of {len(jobs)} bulk job{'s' * (len(jobs) != 1)} failed.", hint=_SEND_MISSING
            )
            error.details = [f"{job.get('id')} after {_rows_done(job)}" for job in failed]
            raise error

    def _send(self, job_type: JobType, rows: "list[Any]") -> Row:
        payload = b64encode(exact_json.dumps(rows).encode()).decode() if self.is_base64 else rows
        body = {"job_type": JOB_TYPES[job_type], "payload": payload}
        unknown = look_for("it", f"synq products jobs list --type {job_type}")
        try:
            with replies.hint_if_unknown(unknown):
                created = self._api.write(operations.CREATE_BULK_JOB, body=body)
                if not isinstance(created.get("id"), str):
                    raise replies.invalid_reply(operations.CREATE_BULK_JOB, "it does not name the job")
                return created
        except UsageError as error:
            error.hint = "Split the file. Servers that want base64 take a quarter less of it."
            raise

    def _cache(self, job_type: JobType, rows: list[Row]) -> None:
        self._api.index.remember_ids("job", rows)
        ids = [row["id"].lower() for row in rows if isinstance(row.get("id"), str)]
        self._api.index.remember("job type", ((job_id, job_type) for job_id in ids))


def progress(job: Row) -> tuple[int | None, int | None]:
    """The rows processed and the rows in all; None where the job does not say."""
    done, total = (
        number if isinstance(number := job.get(name), int) and number >= 0 else None
        for name in ("processed_items", "total_items")
    )
    return done, total


def _rows_done(job: Row) -> str:
    done, total = progress(job)
    if total is None:
        return "an unknown number of rows" if done is None else f"{done} rows"
    return f"{'an unknown number' if done is None else done} of {total} rows"


def checked_rows(job_type: str, rows: list[Any]) -> list[Any]:
    """The rows of a job, with their ids as the API writes them; UsageError with all problems."""
    check = _id_problems if job_type == "delete" else product_problems
    found = [f"row {number}: {what}" for number, row in enumerate(rows, 1) for what in check(row, job_type)]
    found += _repeated_skus(rows)
    if found:
        raise validation.file_problems("The file", found, "Fix it and try again.")
    if not rows:
        raise UsageError("The file has no rows.")
    if job_type == "delete":
        return [parse_uuid(row) for row in rows]
    return [{**row, "id": parse_uuid(row["id"])} if "id" in row else row for row in rows]


def _id_problems(row: object, _job_type: str) -> Iterator[str]:
    if not isinstance(row, str) or parse_uuid(row) is None:
        yield f"invalid product id {validation.shown(row)}"


def product_problems(row: object, job_type: str) -> Iterator[str]:
    """The problems of a row of an import or an update."""
    if not isinstance(row, dict):
        yield f"{validation.shown(row)} is not an object with a title"
        return
    title, identifier = row.get("title"), row.get("id")
    if title is not None and not isinstance(title, str):
        yield f"the title {validation.shown(title)} is not text"
    elif not title or not title.strip():
        yield "no title"
    if identifier is None and job_type == "update":
        yield "no id"
    elif identifier is not None and job_type == "import":
        yield "an id, which only an update takes"
    elif identifier is not None and (not isinstance(identifier, str) or parse_uuid(identifier) is None):
        yield f"the id {validation.shown(identifier)} is not a UUID"
    for key in _TEXTS:
        if not isinstance(row.get(key, ""), str):
            yield f"the {key} {validation.shown(row[key])} is not text"
    yield from _price_problems(row)


def _price_problems(row: Row) -> Iterator[str]:
    price, currency = row.get("price"), row.get("currency")
    digits = price if isinstance(price, str) else exact_json.dumps(price)
    if price is not None and price != "" and (isinstance(price, bool) or not _PRICE.fullmatch(digits)):
        yield f"invalid price {validation.shown(price)}: use a number such as 19.90"
    if currency and not (isinstance(currency, str) and validation.is_currency(currency)):
        yield f"invalid currency {validation.shown(currency)}: use an ISO 4217 code such as EUR"


def _repeated_skus(rows: list[Any]) -> list[str]:
    seen: set[str] = set()
    found = []
    for number, row in enumerate(rows, 1):
        sku = row.get("sku") if isinstance(row, dict) else None
        if isinstance(sku, str) and (sku := sku.strip()):
            if sku in seen:
                found.append(f"row {number}: the SKU {sku} is given twice")
            seen.add(sku)
    return found


def is_finished(job: Row) -> bool:
    """Whether a job has completed or failed."""
    return str(job.get("status")).upper() in {"COMPLETED", "FAILED"}


def has_failed(job: Row) -> bool:
    """Whether a job has failed; some of its rows may have been applied."""
    return str(job.get("status")).upper() == "FAILED"
