"""Many products: the bulk action of `synq products import`, whose rows are bulk jobs over parts of one file."""

import gc
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synq_cli import exact_json
from synq_cli.bulk.files.catalogue_file import Layout, Record, layout_of, records
from synq_cli.bulk.files.rows import refuse
from synq_cli.bulk.reconcile import clock_offset, match
from synq_cli.bulk.runs.journal import Content, Entry, Receipt, Row
from synq_cli.bulk.verbs.verb import Action, Problem
from synq_cli.errors import UnknownOutcomeError, UsageError
from synq_cli.http import operations
from synq_cli.resources.products.bulk_jobs import JOB_TYPES, BulkJobs
from synq_cli.resources.products.payload_form import LARGEST_PAYLOAD, encoded
from synq_cli.times import epoch

if TYPE_CHECKING:
    from synq_cli.resources.client import SynqClient

_MOST_PROBLEMS = 100
_LOOK_EVERY = 5_000
_MB = 1_000_000
_PUT_BACK = "Put the file back as it was"


class _Parts:
    """The parts that a file is cut into, none with more JSON than a bulk job takes in base64."""

    def __init__(self, path: Path, layout: Layout, largest: int, *, is_copy: bool) -> None:
        self.rows: list[Row] = []
        self._largest = largest
        self._fixed = {"path": str(path), "is_copy": is_copy, "delimiter": layout.delimiter, "columns": layout.columns}
        self._begin(Record(0, 0))

    def _begin(self, record: Record) -> None:
        self._first, self._last, self._size, self._count, self._hash = record, record.line, 2, 0, sha256()

    def add(self, record: Record) -> str:
        """Take a row in; gives what is wrong with it."""
        data = record.text.encode()
        if len(data) + 2 > self._largest:
            return f"its {len(data):,} bytes are more than the API takes"
        if self._size + len(data) > self._largest:
            self.close(record.begin)
        if not self._count:
            self._begin(record)
        self._hash.update(data)
        self._size += len(data) + 1
        self._count += 1
        self._last = record.line
        return ""

    def close(self, end: int) -> None:
        """End the part before this byte."""
        if self._count:
            first = self._first
            where = {"begin": first.begin, "end": end, "last_line": self._last, "products": self._count}
            digest = {"digest": self._hash.hexdigest()}
            self.rows.append(Row(first.line, self._fixed | where | digest))
            self._count = 0


def parts_of(
    path: Path,
    name: str,
    *,
    is_copy: bool = False,
    watch: Callable[[int, int], None] = lambda _done, _size: None,
    largest: int = LARGEST_PAYLOAD,
) -> list[Row]:
    """The parts of a file, all of it checked; UsageError lists what is wrong with it by line.

    `watch` is told how many MB were read, of how many. A copy is taken away when nobody needs it any more.
    """
    layout = layout_of(path, name)
    parts = _Parts(path, layout, largest, is_copy=is_copy)
    # Hashes, not the SKUs and their lines: 76 MB for a million rows instead of 121 and more.
    seen: set[int] = set()
    problems: list[Problem] = []
    doubtful: set[str] = set()
    wrong = count = 0
    size = path.stat().st_size
    for record in records(path, layout):
        count += 1
        if count % _LOOK_EVERY == 0:
            watch(record.begin // _MB, size // _MB)
        if what := record.wrong or parts.add(record):
            wrong += 1
            problems += [Problem(record.line, what)][: _MOST_PROBLEMS - len(problems)]
        elif record.sku:
            hashed = hash(record.sku)
            if hashed in seen and len(doubtful) < _MOST_PROBLEMS:
                doubtful.add(record.sku)
            seen.add(hashed)
    parts.close(size)
    twice = _twice(path, layout, doubtful) if doubtful else []
    refuse(name, [*problems, *twice], more=wrong - len(problems))
    if not count:
        raise UsageError(f"{name} has no rows.", hint="Nothing was sent.")
    return parts.rows


def _twice(path: Path, layout: Layout, skus: set[str]) -> list[Problem]:
    """The rows whose SKU, one of these, an earlier row has: read once more, since two SKUs may share a hash."""
    first: dict[str, int] = {}
    problems = []
    for record in records(path, layout):
        if record.sku in skus and (before := first.setdefault(record.sku, record.line)) != record.line:
            problems.append(Problem(record.line, f"the SKU {record.sku} is that of line {before} too"))
            if len(problems) == _MOST_PROBLEMS:
                break
    return problems


def _payload(content: Content) -> bytearray:
    """The part's rows as JSON; UsageError if the file has changed since they were checked."""
    path, digest, payload = Path(content["path"]), sha256(), bytearray(b"[")
    layout = Layout(content["delimiter"], content["columns"], content["begin"], 0)
    try:
        for record in records(path, layout, content["end"]):
            data = record.text.encode()
            digest.update(data)
            payload += data
            payload += b","
    except OSError as error:
        raise UsageError(f"{path} can't be read any more: {error.strerror}.", hint=_PUT_BACK) from None
    if digest.hexdigest() != content["digest"]:
        raise UsageError(f"{path} is not what was checked any more; the rest of it was not sent.", hint=_PUT_BACK)
    payload[-1:] = b"]"
    return payload


def _settle(
    api: "SynqClient",
    unclear: Sequence[Entry],
    *,
    done: Sequence[Entry],
    taken: set[str],
    rivals: Sequence[Entry],
) -> dict[int, Receipt]:
    """Jobs of the list that hold the very rows of an unclear part, and can be of no other."""
    wanted = {row.content["digest"]: exact_json.loads(_payload(row.content).decode()) for row in unclear}
    free = []
    for job in api.bulk_jobs.of_type("import"):
        receipt = Receipt(str(job.get("id")), epoch(job.get("created_at")))
        if receipt.id not in taken:
            theirs = _rows_in(job.get("payload_json"))
            free += [(digest, receipt) for digest, ours in wanted.items() if ours == theirs]
    return match(unclear, free, rivals, clock_offset(done), lambda content: str(content["digest"]))


def _rows_in(payload: object) -> Any:
    """What a job was made of, inline or in base64; None if it does not say."""
    from base64 import b64decode

    if not isinstance(payload, str):
        return None
    try:
        return exact_json.loads(payload if payload.lstrip()[:1] == "[" else b64decode(payload).decode())
    except (ValueError, RecursionError):
        return None


def _tidy(rows: Sequence[Entry]) -> None:
    for path in {row.content["path"] for row in rows if row.content["is_copy"]}:
        Path(path).unlink(missing_ok=True)


def imports(jobs: BulkJobs) -> Action:
    """The action on these jobs: one at a time, so that a crash leaves one unknown and little is in memory."""

    def body(content: Content) -> bytes:
        if content["end"] - content["begin"] > _MB:
            gc.collect()  # on the sandbox httpx leaves each request in a cycle, with the body of the part before
        payload = _payload(content)
        quote = b'"' if jobs.form.is_base64 else b""
        head = b'{"job_type":"%b","payload":' % JOB_TYPES["import"].encode()
        return b"".join([head, quote, encoded(payload) if quote else payload, quote, b"}"])

    def receipt(answer: Any) -> Receipt:
        if not isinstance(answer, dict) or not isinstance(answer.get("id"), str):
            raise UnknownOutcomeError("The API took the bulk job, but its answer does not name it.")
        jobs.remember("import", answer)
        return Receipt(answer["id"], epoch(answer.get("created_at")))

    return Action(
        name="products import",
        noun="bulk job",
        unit="job",
        operation=operations.CREATE_BULK_JOB,
        workers=1,
        body=body,
        receipt=receipt,
        reworded=jobs.form.changes,
        settle=_settle,
        instead="Delete what it made: synq products jobs create --type delete",
        things=lambda content: int(content["products"]),
        tidy=_tidy,
    )
