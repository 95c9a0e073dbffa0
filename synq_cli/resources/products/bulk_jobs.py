"""Bulk jobs: many products imported, changed or deleted in the background."""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

from synq_cli import exact_json
from synq_cli.errors import NotFoundError, PartialError, RejectedError, UsageError
from synq_cli.http import operations
from synq_cli.resources.products.payload_form import PayloadForm, encoded
from synq_cli.resources.shared import validation
from synq_cli.resources.shared.writer import look_for
from synq_cli.rows import Columns
from synq_cli.uuids import parse_uuid

if TYPE_CHECKING:
    from synq_cli.http.sender import Transport
    from synq_cli.resources.shared.pagination import Row
    from synq_cli.resources.shared.polling import Follower
    from synq_cli.resources.shared.reader import Reader
    from synq_cli.resources.shared.writer import Writer
    from synq_cli.state.id_cache import LocalIndex

JobType = Literal["import", "update", "delete"]
JOB_TYPES: dict[JobType, str] = {"import": "BULK_IMPORT", "update": "BULK_UPDATE", "delete": "BULK_DELETE"}
_TEXTS = ("sku", "description", "category", "brand")
COLUMNS = Columns((("title",),), (*_TEXTS, "price", "currency", "barcode", "id"), keep_others=True)
_PRICE = re.compile(r"(0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?", re.ASCII)
_MOST_SHOWN = 40


class BulkJobs:
    """The operations on bulk jobs."""

    def __init__(
        self,
        transport: "Transport",
        reader: "Reader",
        writer: "Writer",
        index: "LocalIndex",
        follower: "Follower",
        form: PayloadForm,
    ) -> None:
        self._transport = transport
        self._reader = reader
        self._writer = writer
        self._index = index
        self._follower = follower
        self.form = form

    def of_type(self, job_type: JobType) -> "list[Row]":
        """The jobs of this type, newest first. GET /api/v1/pim/bulk-jobs"""
        rows = self._reader.all(operations.LIST_BULK_JOBS, "jobs", {"type": JOB_TYPES[job_type]})
        self._index.remember_ids("job", rows)
        ids = [row["id"].lower() for row in rows if isinstance(row.get("id"), str)]
        self._index.remember("job type", ((job_id, job_type) for job_id in ids))
        return rows

    def newest(self) -> "list[Row]":
        """The jobs of all types, newest first: the API lists each type apart."""
        rows = [row for job_type in JOB_TYPES for row in self.of_type(job_type)]
        return sorted(rows, key=lambda row: str(row.get("created_at") or ""), reverse=True)

    def get(self, job_id: str) -> "Row":
        """One job, by its id or by the first letters of one seen: the API has no route for it but the lists."""
        whole = self._reader.whole_id("job", job_id)
        known = self._index.find("job type", whole)
        for job_type in sorted(JOB_TYPES, key=lambda name: name != known):
            for row in self.of_type(job_type):
                if str(row.get("id")).lower() == whole:
                    return row
        raise NotFoundError(f"There is no bulk job {whole}.", hint="See `synq products jobs list`.")

    def create(self, job_type: JobType, rows: "list[Any]") -> "Row":
        """Start a job on rows that were checked; gives it, not begun. POST /api/v1/pim/bulk-jobs"""
        try:
            created = self._started(job_type, rows)
        except UsageError as error:
            error.hint = "Split the file. Servers that want base64 take a quarter less of it."
            raise
        self.remember(job_type, created)
        return created

    def remember(self, job_type: str, created: "Row") -> None:
        """Keep what the answer to a creation teaches: the job's id and type, and the form that the server takes."""
        self._index.remember_ids("job", [created])
        if isinstance(created.get("id"), str):
            self._index.remember("job type", [(created["id"].lower(), job_type)])
        self.form.keep()

    def states(self, job_id: str, *, limit: int | None) -> "Iterator[Row]":
        """A job each time it is looked at, until it has ended or `limit` seconds have passed; see Follower."""
        whole = self._reader.whole_id("job", job_id)
        return self._follower.states(
            lambda: self.get(whole),
            has_ended,
            what=f"The bulk job {whole}",
            look=f"synq products jobs watch {whole}",
            limit=limit,
        )

    def imports(self, ids: Sequence[str], run: str, *, limit: int | None) -> "Iterator[list[Row]]":
        """The imports of a run each time they are looked at, which is one request, until all have ended; see states."""

        def read() -> "list[Row]":
            found = {str(job.get("id")).lower(): job for job in self.of_type("import")}
            if gone := [name for name in ids if name.lower() not in found]:
                raise NotFoundError(f"There is no bulk job {gone[0]} any more.", hint="See `synq products jobs list`.")
            return [found[name.lower()] for name in ids]

        return self._follower.states(
            read,
            lambda jobs: all(map(has_ended, jobs)),
            what=f"The import {run}",
            look="synq products jobs list --type import",
            limit=limit,
        )

    def raise_if_failed(self, job: "Row") -> None:
        """PartialError for a failed job some of whose rows went through, RejectedError where none did."""
        if not has_failed(job):
            return
        done, total = progress(job)
        of = "" if total is None else f" of {total}"
        if done is None:
            raise PartialError(
                f"The bulk job {job.get('id')} failed; how many of its rows went through is not known.",
                hint="Look at `synq products list` and send only what is missing.",
            )
        if done:
            raise PartialError(
                f"The bulk job {job.get('id')} failed after {_done_of(job)} rows.",
                hint="The API does not say which: look at `synq products list` and send only what is missing.",
            )
        self._transport.changed = False  # the job was made, but for nothing
        raise RejectedError(
            f"The bulk job {job.get('id')} failed; no row of it{of and f' ({total} in all)'} went through.",
            hint="The API does not say why: check the rows, then start a new job.",
        )

    def raise_if_any_failed(self, jobs: "Sequence[Row]") -> None:
        """PartialError if a job of an import failed."""
        failed = list(filter(has_failed, jobs))
        if failed:
            error = PartialError(
                f"Of {len(jobs)} bulk job{'s' * (len(jobs) != 1)} {len(failed)} failed.",
                hint="The API does not say which rows: look at `synq products list` and send only what is missing.",
            )
            error.details = [f"{job.get('id')} after {_done_of(job)} rows" for job in failed]
            raise error

    def _started(self, job_type: JobType, rows: "list[Any]") -> "Row":
        def send() -> "Row":
            payload = encoded(exact_json.dumps(rows).encode()).decode() if self.form.is_base64 else rows
            unknown = look_for("it", f"synq products jobs list --type {job_type}")
            return self._writer.write(
                operations.CREATE_BULK_JOB, {"job_type": JOB_TYPES[job_type], "payload": payload}, unknown=unknown
            )

        try:
            return send()
        except RejectedError as error:
            # The refusal created nothing, so the same rows may go once more.
            if not self.form.changes(error):
                raise
        return send()


def progress(job: "Row") -> tuple[int | None, int | None]:
    """How many rows a job has done, and of how many, as far as it says."""
    done, total = job.get("processed_items"), job.get("total_items")
    return done if isinstance(done, int) else None, total if isinstance(total, int) else None


def _done_of(job: "Row") -> str:
    done, total = progress(job)
    return ("an unknown number of" if done is None else f"{done}") + ("" if total is None else f" of {total}")


def checked_rows(job_type: str, rows: list[Any]) -> list[Any]:
    """The rows as they are, if each can be what the API takes; UsageError lists everything that is wrong."""
    check = _wrong_with_id if job_type == "delete" else wrong_with_product
    wrong = [f"row {number}: {what}" for number, row in enumerate(rows, 1) for what in check(row, job_type)]
    wrong += _twice(rows)
    if wrong:
        raise validation.mistakes("The file", wrong, "Mend it and try again.")
    if not rows:
        raise UsageError("The file holds no rows.")
    return rows


def _wrong_with_id(row: object, _job_type: str) -> Iterator[str]:
    if not isinstance(row, str) or parse_uuid(row) is None:
        yield f"{_shown(row)} is no product id"


def wrong_with_product(row: object, job_type: str) -> Iterator[str]:
    """Everything that is wrong with a row of an import or an update."""
    if not isinstance(row, dict):
        yield f"{_shown(row)} is no object with a title"
        return
    title, identifier = row.get("title"), row.get("id")
    if title is not None and not isinstance(title, str):
        yield f"the title {_shown(title)} is no text"
    elif not title or not title.strip():
        yield "no title"
    if identifier is None and job_type == "update":
        yield "no id"
    elif identifier is not None and job_type == "import":
        yield "an id, which only an update takes"
    elif identifier is not None and (not isinstance(identifier, str) or parse_uuid(identifier) is None):
        yield f"the id {_shown(identifier)} is no UUID"
    for key in _TEXTS:
        if not isinstance(row.get(key, ""), str):
            yield f"the {key} {_shown(row[key])} is no text"
    yield from _wrong_with_price(row)


def _wrong_with_price(row: "Row") -> Iterator[str]:
    price, currency = row.get("price"), row.get("currency")
    if price not in {None, ""} and (isinstance(price, bool) or not _PRICE.fullmatch(_plain(price))):
        yield f"invalid price {_shown(price)}: use a number such as 19.90"
    if currency and not (isinstance(currency, str) and validation.is_currency(currency)):
        yield f"invalid currency {_shown(currency)}: use an ISO 4217 code such as EUR"


def _plain(price: object) -> str:
    return price if isinstance(price, str) else exact_json.dumps(price)


def _twice(rows: list[Any]) -> list[str]:
    """The rows with a SKU that another row before them has."""
    seen: set[str] = set()
    found = []
    for number, row in enumerate(rows, 1):
        sku = row.get("sku") if isinstance(row, dict) else None
        if isinstance(sku, str) and (sku := sku.strip()):
            if sku in seen:
                found.append(f"row {number}: the SKU {sku} stood there before")
            seen.add(sku)
    return found


def _shown(value: object) -> str:
    text = exact_json.dumps(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"


def has_ended(job: "Row") -> bool:
    """Whether it has come to its end, good or bad."""
    return str(job.get("status")).upper() in {"COMPLETED", "FAILED"}


def has_failed(job: "Row") -> bool:
    """Whether it has ended before its last row, or without some of them."""
    return str(job.get("status")).upper() == "FAILED"
