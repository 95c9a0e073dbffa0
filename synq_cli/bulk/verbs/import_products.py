"""Many products: `synq products import`, new ones or, with --update, changed ones.

The rows of such a run in the journal are bulk jobs over parts of one file.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar

from synq_cli import exact_json
from synq_cli.bulk.journal import Content, Receipt, Row, hash_of
from synq_cli.bulk.plan import Plan, Problem, refuse
from synq_cli.bulk.reconcile import clock_offset, match
from synq_cli.bulk.shards import Shard
from synq_cli.bulk.verbs.verb import Claims, Shown, Verb, as_text
from synq_cli.documents import read_errors
from synq_cli.errors import RejectedError, UsageError
from synq_cli.http import operations
from synq_cli.resources.products.bulk_jobs import COLUMNS, JOB_TYPES, LARGEST_PAYLOAD, JobType, product_problems
from synq_cli.rows import Columns, Layout, Record, RowReader
from synq_cli.times import epoch
from synq_cli.uuids import parse_uuid

_MOST_PROBLEMS = 100
_PROGRESS_EVERY = 5_000
_MB = 1_000_000
_RESTORE = "Restore the file as it was"


class ImportProducts(Verb):
    """POST /api/v1/pim/bulk-jobs for each part; a lost answer is looked for in the list of jobs."""

    name = "products import"
    noun = "bulk job"
    unit = "job"
    operation = operations.CREATE_BULK_JOB
    job_type: ClassVar[JobType] = "import"
    columns: ClassVar[Columns] = COLUMNS
    unique: ClassVar[str] = "sku"  # by which a row that is given twice is found
    workers = 1  # so that a crash leaves one job unknown, and one part is in memory
    undo_hint = "Delete the products: synq products jobs create --type delete"

    def read(
        self,
        path: Path,
        name: str,
        *,
        is_copy: bool = False,
        watch: Callable[[int, int], None] = lambda _done, _size: None,
        largest: int = LARGEST_PAYLOAD,
    ) -> Plan:
        """The parts of a file, all of it checked, in memory that does not grow with its rows.

        No part has more than `largest` bytes of JSON. `watch` is called with the MB that are read, and with all. A copy
        is deleted once nobody needs it. UsageError lists every problem by line.
        """
        reader, size = RowReader(self.columns, name), path.stat().st_size if path.exists() else 0
        # Hashes, not the SKUs or ids and their lines: 76 MB for a million rows instead of 121 and more.
        hashes: set[int] = set()
        maybe_doubled: set[str] = set()
        problems: list[Problem] = []
        count = more = 0
        with read_errors(name):
            opened = path.open("rb")
        with opened as file:
            layout = reader.layout(file)
            if self.job_type == "import" and "id" in layout.columns:
                raise UsageError(
                    f'{name} has a column "id", which only an update takes: remove it.',
                    hint="An import makes new products. To change the ones with these ids, add --update.",
                )
            parts = _Parts(path, layout, largest, is_copy=is_copy, shard=self.shard)
            for record in reader.records(file, layout):
                count += 1
                if count % _PROGRESS_EVERY == 0:
                    watch(record.begin // _MB, size // _MB)
                problem = self._problem_with(record)
                if not problem and (self.shard is None or self.shard.has(self._shard_key(record))):
                    problem = parts.add(record, self._product(record))
                if problem:
                    more += len(problems) == _MOST_PROBLEMS
                    problems += [Problem(record.line, problem)][: _MOST_PROBLEMS - len(problems)]
                elif key := self._unique(record):
                    hashed = hash(key)
                    if hashed in hashes and len(maybe_doubled) < _MOST_PROBLEMS:
                        maybe_doubled.add(key)
                    hashes.add(hashed)
            parts.close(size)
            if maybe_doubled:
                problems += self._doubled(reader.records(file, layout), maybe_doubled)
        refuse(name, problems, reader.unit, more=more)
        if not count:
            raise UsageError(f"{name} has no rows.", hint="Add rows to the file; nothing was sent.")
        remarks = [reader.remark] if reader.remark else []
        return Plan(self, parts.rows, remarks, shard=self.shard, whole=count)

    def subject(self, content: Content) -> str:
        return str(content["digest"])

    def body(self, content: Content) -> bytes:
        payload = self.payload(content)
        quote = b'"' if self._api.bulk_jobs.is_base64 else b""
        head = b'{"job_type":"%b","payload":' % JOB_TYPES[self.job_type].encode()
        return b"".join([head, quote, b64encode(payload) if quote else payload, quote, b"}"])

    def receipt(self, content: Content, answer: Any) -> Receipt:
        receipt = super().receipt(content, answer)
        self._api.bulk_jobs.remember(self.job_type, answer)
        return receipt

    def retry_after_rejection(self, error: RejectedError) -> bool:
        return self._api.bulk_jobs.switch_encoding(error)

    def reconcile(self, unclear: Sequence[Row], *, done: Sequence[Row], claims: Claims) -> dict[int, Receipt]:
        """Jobs that hold the very rows of an unclear part, and can be of no other."""
        ours = {row.content["digest"]: exact_json.loads(self.payload(row.content).decode()) for row in unclear}
        free = []
        jobs = self._api.bulk_jobs.of_type(self.job_type)
        taken, rivals = claims()
        for job in jobs:
            receipt = Receipt(str(job.get("id")), epoch(job.get("created_at")))
            if receipt.id not in taken:
                rows = _rows_in(job.get("payload_json"))
                free += [(digest, receipt) for digest, part in ours.items() if part == rows]
        return match(unclear, free, rivals, clock_offset(done), lambda content: str(content["digest"]))

    def item_count(self, content: Content) -> int:
        return int(content["products"])

    def shown(self, content: Content) -> Shown:
        """The products of a part, read from its file again. UsageError if that has changed since they were checked."""
        number = content["products"]
        return f"{number:,} product{'s' * (number != 1)} of {Path(content['path']).name}", self._products(content)

    def _products(self, content: Content) -> Iterator[tuple[str, Any]]:
        for product in exact_json.loads(self.payload(content).decode()):
            named = {name: value for name, value in product.items() if name != "title"}
            yield product["title"], ", ".join(f"{name} {as_text(value)}" for name, value in named.items())

    def on_finished(self, entries: Sequence[Row]) -> None:
        for path in {row.content["path"] for row in entries if row.content["is_copy"]}:
            Path(path).unlink(missing_ok=True)

    def _problem_with(self, record: Record) -> str:
        return record.problem or "; ".join(product_problems(record.fields, self.job_type))

    def _unique(self, record: Record) -> str | None:
        key: str | None = record.fields.get(self.unique)
        return key

    def _shard_key(self, record: Record) -> str:
        """The title of the product, which the rows of its variants share."""
        return str(record.fields["title"])

    def _product(self, record: Record) -> dict[str, Any]:
        """A row as the API takes it; the price in CSV becomes a number, with its digits."""
        product: dict[str, Any] = record.fields
        if isinstance(record.written, list) and "price" in product:
            return product | {"price": exact_json.Number(product["price"])}
        return product

    def _doubled(self, records: Iterator[Record], keys: set[str]) -> list[Problem]:
        """The rows whose key, one of these, an earlier row has: read once more, since two keys may share a hash."""
        first: dict[str, int] = {}
        problems: list[Problem] = []
        for record in records:
            key = None if self._problem_with(record) else self._unique(record)
            if key in keys and (before := first.setdefault(key, record.line)) != record.line:
                what = "SKU" if self.unique == "sku" else self.unique
                problems.append(Problem(record.line, f'the {what} "{key}" is also on line {before}'))
                if len(problems) == _MOST_PROBLEMS:
                    break
        return problems

    def payload(self, content: Content) -> bytearray:
        """The part's rows as JSON; UsageError if the file has changed since they were checked."""
        path, digest, payload = Path(content["path"]), sha256(), bytearray(b"[")
        layout = Layout(content["delimiter"], content["columns"], content["begin"], 0)
        shard = Shard.parse(content.get("shard"))
        try:
            with path.open("rb") as file:
                for record in RowReader(self.columns, str(path)).records(file, layout, content["end"]):
                    problem = self._problem_with(record)
                    if shard and not problem and not shard.has(self._shard_key(record)):
                        continue
                    data = b"" if problem else exact_json.dumps(self._product(record)).encode()
                    digest.update(data)
                    payload += data
                    payload += b","
        except OSError as error:
            raise UsageError(f"{path} can't be read any more: {error.strerror}.", hint=_RESTORE) from None
        if digest.hexdigest() != content["digest"]:
            raise UsageError(f"{path} has changed since it was checked; the rest of it was not sent.", hint=_RESTORE)
        payload[-1:] = b"]"
        return payload


class UpdateCatalog(ImportProducts):
    """The same for products that exist, whose ids the rows have."""

    name = "products import --update"
    job_type = "update"
    columns = Columns((("id",), ("title",)), COLUMNS.optional, keep_others=True)
    unique = "id"
    undo_hint = (
        "The values before are not kept: to restore them, run `synq products import --update` on a file of them."
    )

    def remarks(self, _rows: Sequence[Row]) -> Sequence[str]:
        return ["Empty cells are left as they are."]

    def _unique(self, record: Record) -> str | None:
        return parse_uuid(record.fields["id"])

    def _shard_key(self, record: Record) -> str:
        return str(self._unique(record))

    def _product(self, record: Record) -> dict[str, Any]:
        return super()._product(record) | {"id": parse_uuid(record.fields["id"])}


class _Parts:
    """The parts that a file is cut into."""

    def __init__(self, path: Path, layout: Layout, largest: int, *, is_copy: bool, shard: Shard | None) -> None:
        self.rows: list[Row] = []
        self._largest = largest
        columns = {"delimiter": layout.delimiter, "columns": layout.columns}
        self._fixed: Content = {"path": str(path.absolute()), "is_copy": is_copy, **columns}
        if shard:
            self._fixed["shard"] = str(shard)
        self._size = 0

    def add(self, record: Record, product: dict[str, Any]) -> str:
        """Add a row; gives the problem with it."""
        data = exact_json.dumps(product).encode()
        if len(data) + 2 > self._largest:
            return f"its {len(data):,} bytes are more than the API accepts"
        if self._size + len(data) > self._largest:
            self.close(record.begin)
        if not self._size:
            self._line, self._size, self._hash = record.line, 2, sha256()
            self._hashes = bytearray()
            self._part = self._fixed | {"begin": record.begin, "products": 0}
        self._part["products"] += 1
        self._part["last_line"] = record.line
        self._hash.update(data)
        # Sorted, since the columns may be in another order; as JSON it would take twice as long.
        self._hashes += hash_of("\0".join([f"{key}={value}" for key, value in sorted(product.items())]))
        self._size += len(data) + 1
        return ""

    def close(self, end: int) -> None:
        """End the part before this byte."""
        if self._size:
            content = self._part | {"end": end, "digest": self._hash.hexdigest()}
            self.rows.append(Row(self._line, content, hashes=bytes(self._hashes)))
            self._size = 0


def _rows_in(payload: object) -> Any:
    """The rows that a job was made of, inline or in base64; None if it does not say."""
    if not isinstance(payload, str):
        return None
    try:
        return exact_json.loads(payload if payload.lstrip()[:1] == "[" else b64decode(payload).decode())
    except (ValueError, RecursionError):
        return None
