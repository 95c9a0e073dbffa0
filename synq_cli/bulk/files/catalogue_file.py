"""A file of products, CSV or NDJSON, read row by row in constant memory and turned into what bulk jobs take."""

import csv
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from synq_cli.bulk.files.rows import delimiter_of
from synq_cli.errors import UsageError
from synq_cli.resources.products.bulk_jobs import product_problems
from synq_cli.resources.shared.validation import is_currency

COLUMNS = ("title", "sku", "description", "category", "brand", "price", "currency", "barcode")
_HINT = (
    f"CSV names its columns in its first line: title, if need be {', '.join(COLUMNS[1:])}, and others of your own. "
    "NDJSON is one object with a title a line."
)
_FORMULA = re.compile("'*[=+\\-@\t\r]")
_NUMBER = re.compile(r"(0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?", re.ASCII)
_BOM = b"\xef\xbb\xbf"
# A longer line is read in pieces, none of which is a row.
_LONGEST_LINE = 10_000_000


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


# Made once, for they are used a million times. Numbers are looked at here, not sent on.
_quoted = json.JSONEncoder(ensure_ascii=False).encode
_decoded = json.JSONDecoder(parse_constant=_no_constant).decode


@dataclass(frozen=True)
class Layout:
    """How a file is written, and after which byte and line its rows begin; NDJSON has no delimiter and no columns."""

    delimiter: str
    columns: list[str]
    position: int
    line: int


@dataclass(slots=True)
class Record:
    """A row: its first line, the byte it begins at, its SKU, and its JSON, or else what is wrong with it."""

    line: int
    begin: int
    sku: str = ""
    text: str = ""
    wrong: str = ""


class _Lines:
    """The lines of a file as text; how many have been read, up to which byte, and whether one was no text."""

    def __init__(self, file: BinaryIO, position: int, line: int) -> None:
        file.seek(position)
        self._file = file
        self.position = position
        self.line = line
        self.damaged = False

    def __iter__(self) -> Iterator[str]:
        for raw in iter(partial(self._file.readline, _LONGEST_LINE), b""):
            self.line += 1
            self.position += len(raw)
            try:
                yield raw.decode()
            except UnicodeDecodeError:
                self.damaged = True
                yield raw.decode(errors="replace")


def guarded(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """The cell that was guarded."""
    return cell[1:] if cell[:1] == "'" and _FORMULA.match(cell) else cell


def layout_of(path: Path, name: str) -> Layout:
    """How the file is written; UsageError if it has no rows of products."""
    with _opened(path, name) as file:
        lines = _Lines(file, len(_BOM) if file.read(len(_BOM)) == _BOM else 0, 0)
        begin = lines.position
        begun = iter(lines)
        first = next((line for line in begun if line.strip()), "")
        if first.lstrip()[:1] == "{":
            return Layout("", [], begin, 0)
        if not first or first.lstrip()[:1] == "[":
            what = "holds an array, which can't be read bit by bit" if first else "is empty"
            raise UsageError(f"{name} {what}.", hint=_HINT)
        delimiter = delimiter_of(first, COLUMNS)
        try:
            header = next(csv.reader(chain([first], begun), delimiter=delimiter, strict=True))
        except csv.Error as error:
            raise UsageError(f"{name} is no CSV: {error}.", hint=_HINT) from None
        return Layout(delimiter, _columns(header, name), lines.position, lines.line)


def records(path: Path, layout: Layout, end: int | None = None) -> Iterator[Record]:
    """The rows of the file, or those that begin before byte `end`; blank ones are left out."""
    with path.open("rb") as file:
        lines = _Lines(file, layout.position, layout.line)
        read = _delimited(lines, layout) if layout.columns else _ndjson(lines)
        while True:
            begin = lines.position
            record = next(read, None) if end is None or begin < end else None
            if record is None:
                return
            if lines.damaged:
                record.wrong, lines.damaged = "it is not UTF-8 text", False
            yield record


def _opened(path: Path, name: str) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise UsageError(f"{name} can't be read: {error.strerror}.") from None


def _columns(header: list[str], name: str) -> list[str]:
    """The keys that cells go under: ours however they are written, others as they are."""
    keys = [cell.strip().lower() if cell.strip().lower() in (*COLUMNS, "id") else cell.strip() for cell in header]
    doubled = {key for key in keys if keys.count(key) > 1}
    if "title" not in keys:
        raise UsageError(f"{name} has no column title.", hint=_HINT)
    if "" in keys or doubled:
        what = "a column without a name" if "" in keys else f"the column {min(doubled)} twice"
        raise UsageError(f"{name} has {what}.", hint=_HINT)
    if "id" in keys:
        raise UsageError(
            f"{name} has a column id, which only an update takes.",
            hint="Take it out; an import makes new products. See `synq products jobs create --type update`.",
        )
    return keys


def _delimited(lines: _Lines, layout: Layout) -> Iterator[Record]:
    reader = csv.reader(lines, delimiter=layout.delimiter, strict=True)
    make = _maker(layout.columns)
    while True:
        record = Record(lines.line + 1, lines.position)
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            record.wrong = f"it is no CSV: {error}"
        else:
            if not any(map(str.strip, cells)) and not lines.damaged:
                continue
            make(record, cells)
        yield record


def _maker(columns: list[str]) -> Callable[[Record, list[str]], None]:
    """Puts a row's cells into its record as a JSON object, without the empty ones."""
    prefixes = [f"{_quoted(key)}:" for key in columns]
    title = columns.index("title")
    sku = columns.index("sku") if "sku" in columns else None
    checked = [(at, key) for at, key in enumerate(columns) if key in {"price", "currency"}]
    price = columns.index("price") if "price" in columns else None

    def make(record: Record, cells: list[str]) -> None:
        if len(cells) != len(prefixes):
            record.wrong = f"it has {len(cells)} fields, the first line names {len(prefixes)}"
            return
        if not cells[title].strip():
            record.wrong = "no title"
            return
        for at, key in checked:
            cell = cells[at].strip()
            if cell and not (_NUMBER.fullmatch(cell) if key == "price" else is_currency(cell)):
                wanted = "a number such as 19.90" if key == "price" else "an ISO 4217 code such as EUR"
                record.wrong = f"the {key} is '{cell[:40]}'; it must be {wanted}"
                return
        record.sku = unguarded(cells[sku]).strip() if sku is not None else ""
        pairs = zip(prefixes, cells, strict=True)
        values = [prefix + _quoted(unguarded(cell)) if cell else "" for prefix, cell in pairs]
        if price is not None:
            number = cells[price].strip()
            values[price] = number and prefixes[price] + number  # with its digits
        record.text = f"{{{','.join(filter(None, values))}}}"

    return make


def _ndjson(lines: _Lines) -> Iterator[Record]:
    begun = iter(lines)
    while True:
        record = Record(lines.line + 1, lines.position)
        line = next(begun, None)
        if line is None:
            return
        record.text = line.strip()
        if not record.text:
            continue
        try:
            row = _decoded(record.text)
        except (ValueError, RecursionError):
            record.wrong = "it is no JSON object in one line"
        else:
            record.wrong = "; ".join(product_problems(row, "import"))
            record.sku = "" if record.wrong else row.get("sku", "").strip()
        yield record
