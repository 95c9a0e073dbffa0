"""The reader of rows for every command that takes a file of them.

Files are CSV, TSV, NDJSON, arrays in JSON or YAML, and sheets of Excel workbooks. A sheet is turned into text first:
CSV whose lines are the rows of the sheet, delimited by SHEET.
"""

import csv
import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, getincrementaldecoder
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO, IncrementalNewlineDecoder
from itertools import chain
from typing import IO, Any, BinaryIO, TextIO

from synq_cli import exact_json
from synq_cli.barcodes import ROUNDED
from synq_cli.documents import (
    NDJSON_SUFFIXES,
    YAML_SUFFIXES,
    decoded,
    is_workbook,
    read_bytes,
    read_document,
    refuse_archive,
    shown_name,
)
from synq_cli.errors import UsageError
from synq_cli.nearest import did_you_mean, nearest
from synq_cli.rows.column_names import guess_columns

# Columns that a file of failed rows has on top; they are dropped when it is read again.
REPORTED = ("error_code", "error")
_DELIMITERS = ",;\t"
# The delimiter of a sheet as text. It is in no other file, and XML, of which workbooks are made, can't hold it.
SHEET = "\x1f"
# Columns whose digits are a name; a spreadsheet shows many digits with an exponent, and saves what it shows.
_CODES = ("sku", "barcode", "variant_id", "order_id", "tracking_number")
_ENTER_AGAIN = "which a spreadsheet has rounded: make the column text, and enter it again"
_ERRORS = ("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!")
_FORMULA = re.compile("'*[=+\\-@\t\r]")
# In bytes for a line, in characters for a CSV field. A longer line is read in pieces, none of which is a row.
_LONGEST = 10_000_000
_MOST_NAMED = 10
_MOST_OTHERS = 1_000
# The format of a file is detected from so many bytes.
PEEKED = 65_536


@dataclass(frozen=True)
class Columns:
    """The columns a command takes; of each group in `required` the first line must name one.

    With `keep_others` further columns are kept, empty cells are left out, and JSON values keep their types. Without
    it further columns are dropped, and every value is text. With `guess` a column may have one of the other names in
    `column_names`, too.
    """

    required: tuple[tuple[str, ...], ...]
    optional: tuple[str, ...] = ()
    keep_others: bool = False
    guess: bool = False

    @property
    def hint(self) -> str:
        """What a file must look like."""
        columns = ",".join([names[0] for names in self.required] + list(self.optional))
        return f"Name the columns in the first line ({columns}), or give one JSON object a line."


@dataclass(frozen=True)
class Layout:
    """How a file is written, and after which byte and line its rows start; NDJSON has no delimiter and no columns.

    `header` is the first line of CSV as it is written, `columns` the keys that its cells go under.
    """

    delimiter: str
    columns: list[str]
    position: int
    line: int
    header: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Record:
    """One row: its first line, the byte it starts at, and its fields by column, or else the problem with it."""

    line: int
    begin: int = 0
    fields: Any = None
    problem: str = ""
    written: list[str] | str = ""

    @property
    def source(self) -> str:
        """The row as it is written: the JSON text of NDJSON, a JSON array of the cells of CSV."""
        return self.written if isinstance(self.written, str) else exact_json.dumps(self.written)


class RowReader:
    """Reads the rows of UTF-8 files; with no columns, rows are JSON values, which are not looked into.

    `others` collects the further columns, each with the known one that may be meant, or None; `guessed` those under
    another name, each with the known one that it is read as. `unit` is what the rows are counted by, `dialect` how the
    file is written, so that its failed rows can be written alike: its `delimiter`, `newline`, `bom` and `header`, of
    which NDJSON has no delimiter and no header.
    """

    dialect: Mapping[str, Any]
    unit = "line"

    def __init__(self, columns: Columns | None, name: str) -> None:
        self._columns = columns
        self._known = (*chain.from_iterable(columns.required), *columns.optional) if columns else ()
        self._name = name
        self.others: dict[str, str | None] = {}
        self.guessed: dict[str, str] = {}

    @property
    def remark(self) -> str:
        """A sentence on the further columns: those that are dropped, or those that are kept and may be misspelled."""
        if self._columns and self._columns.keep_others:
            near = [f'"{key}" (did you mean "{known}"?)' for key, known in self.others.items() if known]
            return f"Unknown columns, sent as they are: {', '.join(near)}." if near else ""
        return f"Ignored columns: {', '.join(self.others)}." if self.others else ""

    def read(self, text: str) -> list[Record]:
        """All rows of a text; UsageError if it has none, or if its columns are wrong."""
        bom = text.startswith("\ufeff")
        text = text.removeprefix("\ufeff")
        if "\n" not in text:
            text = text.replace("\r", "\n")
        newline = "\r\n" if "\r\n" in text else "\n"
        if (values := self._array(text)) is not None:
            records = [
                self._object(Record(number, written=exact_json.dumps(value)), value)
                for number, value in enumerate(values, 1)
            ]
            layout, self.unit = Layout("", [], 0, 0), "row"
        else:
            file = BytesIO(text.encode())
            layout = self.layout(file)
            records = list(self.records(file, layout))
        if not records:
            raise UsageError(f"{self._name} has no rows.", hint="Add rows to the file; nothing was sent.")
        self.dialect = {"delimiter": layout.delimiter, "newline": newline, "bom": bom, "header": layout.header}
        return records

    def layout(self, file: BinaryIO) -> Layout:
        """How the file is written; UsageError if it is empty, no text, a JSON array, or if its columns are wrong."""
        peeked = file.read(PEEKED)
        refuse_archive(peeked, self._name)
        lines = _Lines(file, len(BOM_UTF8) if peeked.startswith(BOM_UTF8) else 0, 0)
        start, rest = lines.position, iter(lines)
        first = next((line for line in rest if line.replace(",", "").replace(";", "").strip()), "")
        mark = first.lstrip()[:1]
        hint = self._columns.hint if self._columns else "Give one JSON value a line."
        if not first:
            raise UsageError(f"{self._name} is empty.", hint=hint)
        if self._columns is None or mark == "{" or self._name.lower().endswith(NDJSON_SUFFIXES):
            return Layout("", [], start, 0)
        if mark == "[":
            raise UsageError(f"{self._name} is a JSON array: write one object a line instead.", hint="jq -c '.[]' FILE")
        if self._is_yaml(first):
            raise UsageError(f"{self._name} is YAML: write one JSON object a line instead, or CSV.", hint=hint)
        if SHEET in first:
            delimiter, self.unit = SHEET, "row"
        else:
            delimiter = max(_DELIMITERS, key=partial(self._columns_found, first))
        try:
            header = next(_csv(chain([first], rest), delimiter))
        except csv.Error as error:
            raise UsageError(f"The first line of {self._name} is not valid CSV: {error}.", hint=hint) from None
        if lines.damaged:
            raise UsageError(f"The first line of {self._name} is not UTF-8 text.")
        while header and not header[-1].strip():
            header.pop()
        try:
            keys = self._keys(header)
        except UsageError as error:
            raise UsageError(f"{self._name}: {error.message}.", hint=error.hint) from None
        self._check_header(keys, hint)
        return Layout(delimiter, keys, lines.position, lines.line, header)

    def records(self, file: BinaryIO, layout: Layout, end: int | None = None) -> Iterator[Record]:
        """The rows from the layout's position on that start before byte `end`; blank ones are left out."""
        lines = _Lines(file, layout.position, layout.line)
        for record in self._cells(lines, layout) if layout.delimiter else self._objects(lines):
            if end is not None and record.begin >= end:
                return
            if lines.damaged:
                record.problem, lines.damaged = "not UTF-8 text", False
            yield record

    def key_of(self, name: str) -> str:
        """The key of a column of the file that was read."""
        key = self._key(name)
        return self.guessed.get(key, key)

    def _array(self, text: str) -> list[Any] | None:
        """The items of a JSON or YAML array; None if the text is not one, but CSV or NDJSON."""
        start = text.lstrip()[:3]
        if self._name.lower().endswith(NDJSON_SUFFIXES) or not (start.startswith("[") or self._is_yaml(start)):
            return None
        values = read_document(text, self._name)
        if not isinstance(values, list):
            raise UsageError(f"{self._name} is not a list.", hint="Give an array in JSON or YAML.")
        return values

    def _is_yaml(self, start: str) -> bool:
        """Whether the file is YAML, by its name or its first characters."""
        return self._name.lower().endswith(YAML_SUFFIXES) or start.startswith(("- ", "-\n", "---"))

    def _columns_found(self, line: str, delimiter: str) -> int:
        try:
            keys = [self._key(cell) for cell in next(_csv([line], delimiter), [])]
            return len(set(keys) & set(self._known)) + len(self._guesses(keys))
        except csv.Error:
            return 0

    def _key(self, column: str) -> str:
        """The key of a column: a known one in any case and with blanks for underscores, another one as it is."""
        folded = "_".join(column.lower().split())
        return folded if folded in self._known or folded in REPORTED else column.strip()

    def _keys(self, names: Iterable[str]) -> list[str]:
        """The keys of the columns with these names; UsageError if two of them may be the same column."""
        keys = [name if name in self._known else self._key(name) for name in names]
        guesses = self._guesses(keys)
        for column, found in guesses.items():
            if len(found) > 1:
                raise UsageError(
                    f'"{found[0]}" and "{found[1]}" may both be the column {column}',
                    hint=f"Name one of them {column}, or remove the other.",
                )
            self.guessed[found[0]] = column
        return [self.guessed.get(key, key) for key in keys] if guesses else keys

    def _guesses(self, keys: list[str]) -> dict[str, list[str]]:
        """Other names of known columns, by the column, where the file has no column of that name."""
        if self._columns is None or not self._columns.guess:
            return {}
        others = (key for key in keys if key and key not in self._known and key not in REPORTED)
        return guess_columns(others, (key for key in self._known if key not in keys))

    def _check_header(self, keys: list[str], hint: str) -> None:
        assert self._columns
        for names in self._columns.required:
            if not set(names) & set(keys):
                named = [key for key in keys if key and key.isprintable()]
                near = did_you_mean(names[0], named)
                quoted = " or ".join(f'"{name}"' for name in names)
                has = f"Its columns are {', '.join(named[:_MOST_NAMED])}. " if named and not near else ""
                raise UsageError(f"{self._name} has no column {quoted}.", hint=near + has + hint)
        kept = [key for key in keys if key and (self._columns.keep_others or key in self._known)]
        if twice := [key for key in kept if kept.count(key) > 1]:
            raise UsageError(f'{self._name} has the column "{twice[0]}" twice.', hint="Remove one of the two.")
        if problem := self._unknown(keys):
            raise UsageError(f"{self._name}: {problem}.")

    def _unknown(self, keys: Iterable[str]) -> str:
        """Note the columns that are not known; gives the problem with one that may be a misspelled optional one.

        Dropped, it would leave its rows to a default. A misspelled column that is kept is only reported.
        """
        assert self._columns
        for key in keys:
            if not key or key in self._known or (key in REPORTED and not self._columns.keep_others):
                continue
            if key not in self.others and len(self.others) < _MOST_OTHERS:
                near = nearest(key, self._columns.optional, strict=True)
                self.others[key] = near[0] if near else None
            near_one = self.others.get(key)
            if near_one and near_one not in keys and not self._columns.keep_others:
                return f'unknown column "{key}": did you mean "{near_one}"? Rename it, or remove it'
        return ""

    def _cells(self, lines: "_Lines", layout: Layout) -> Iterator[Record]:
        reader, keys = _csv(lines, layout.delimiter), layout.columns
        keep_others = self._columns is None or self._columns.keep_others
        kept = [(at, key) for at, key in enumerate(keys) if key and (keep_others or key in self._known)]
        while True:
            record = Record(lines.line + 1, lines.position)
            try:
                record.written = next(reader)
                if layout.delimiter == SHEET:
                    record.written = [cell.replace("\r", "\n") for cell in record.written]
            except StopIteration:
                return
            except csv.Error as error:
                record.problem = f"not valid CSV: {error}"
                yield record
                continue
            sheet = layout.delimiter == SHEET
            cells = [(cell if sheet else unguarded(cell)).strip() for cell in record.written]
            if not any(cells) and not lines.damaged:
                continue
            if len(cells) < len(keys) or any(cells[len(keys) :]):
                record.problem = f"expected {len(keys)} fields as in the first line, but found {len(cells)}"
            elif nameless := [at for at, key in enumerate(keys) if not key and cells[at]]:
                record.problem = f"column {nameless[0] + 1} has a value, but no name in the first line"
            elif spoiled := [(key, cells[at]) for at, key in kept if _is_spoiled(key, cells[at], sheet=sheet)]:
                why = "an error in the spreadsheet: fix its formula" if spoiled[0][1] in _ERRORS else _ENTER_AGAIN
                record.problem = f'"{spoiled[0][0]}" is {spoiled[0][1]}, {why}'
            else:
                record.fields = {key: cells[at] for at, key in kept if cells[at] or not keep_others}
            yield record

    def _objects(self, lines: "_Lines") -> Iterator[Record]:
        for line in lines:
            record = Record(lines.line, lines.begin, written=line.strip())
            if not record.written:
                continue
            try:
                value = exact_json.loads(line.strip(), unique_keys=True)
            except RecursionError:
                record.problem = "nested too deeply"
            except ValueError as error:
                record.problem = f"not valid JSON: {getattr(error, 'msg', error)}"
            else:
                self._object(record, value)
            yield record

    def _object(self, record: Record, value: Any) -> Record:
        """Put the fields of a JSON value into its record."""
        if self._columns is None:
            is_object = isinstance(value, dict)
            record.fields = {key: item for key, item in value.items() if key not in REPORTED} if is_object else value
            return record
        if not isinstance(value, dict):
            record.problem = "not a JSON object"
            return record
        keep_others, fields = self._columns.keep_others, {}
        try:
            keys = self._keys(value)
        except UsageError as error:
            record.problem = error.message
            return record
        for key, item in zip(keys, value.values(), strict=True):
            if key in fields:
                record.problem = f'"{key}" is given twice'
                return record
            if isinstance(item, str):
                item = item.strip()  # noqa: PLW2901 as cells are
                if not item.isascii() and item.encode(errors="replace").decode() != item:  # JSON allows lone surrogates
                    record.problem = f'"{key}" ends in the middle of a character'
            elif not keep_others and key in self._known:
                if isinstance(item, dict | list | bool):
                    record.problem = f'"{key}" must be text or a number'
                item = "" if item is None else exact_json.dumps(item)  # noqa: PLW2901 as text
            fields[key] = item
        record.problem = record.problem or _rounded_code(fields) or self._unknown(fields)
        record.fields = fields if keep_others else {key: fields[key] for key in fields if key in self._known}
        return record


class _Lines:
    """The lines of a file as text; the number and the bytes of the latest, and whether one was not UTF-8."""

    def __init__(self, file: BinaryIO, position: int, line: int) -> None:
        file.seek(position)
        self._file = file
        self.begin = self.position = position
        self.line = line
        self.damaged = False

    def __iter__(self) -> Iterator[str]:
        for raw in iter(partial(self._file.readline, _LONGEST), b""):
            self.line += 1
            self.begin, self.position = self.position, self.position + len(raw)
            try:
                yield raw.decode()
            except UnicodeDecodeError:
                self.damaged = True
                yield raw.decode(errors="replace")


def _csv(lines: Iterable[str], delimiter: str) -> Iterator[list[str]]:
    csv.field_size_limit(_LONGEST)
    return csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True)


def guarded(cell: str) -> str:
    """A CSV cell that no spreadsheet takes for a formula: with an apostrophe in front where it would."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """The text of a guarded cell."""
    return cell[1:] if cell[:1] == "'" and _FORMULA.match(cell) else cell


def _is_spoiled(key: str, cell: str, *, sheet: bool) -> bool:
    """Whether a spreadsheet has put something else in place of the cell's value."""
    return cell in _ERRORS or ((sheet or key in _CODES) and ROUNDED.fullmatch(cell) is not None)


def _rounded_code(fields: Mapping[str, Any]) -> str:
    """The problem with a code in a JSON object that a spreadsheet has rounded before; empty if there is none."""
    for key in _CODES:
        item = fields.get(key)
        if isinstance(item, str | exact_json.Number) and ROUNDED.fullmatch(str(item)):
            return f'"{key}" is {item}, {_ENTER_AGAIN}'
    return ""


def split_sheet(path: str) -> tuple[str, str | None]:
    """A path and the name of a sheet from text such as `counts.xlsx#Monday`; without a sheet None."""
    found = re.fullmatch(r"(.+?\.xls[xm])#(.*)", path, re.IGNORECASE | re.DOTALL)
    return (found[1], found[2]) if found else (path, None)


def is_table(text: str, name: str) -> bool:
    """Whether the text of a file is a sheet or, by its name, CSV or TSV."""
    return SHEET in text or name.lower().endswith((".csv", ".tsv"))


def read_rows(path: str, stdin: TextIO) -> str:
    """The text of a file, as RowReader.read takes it; of a workbook the first sheet, or the one after a #.

    UsageError if it can't be read.
    """
    file, sheet = split_sheet(path)
    data = read_bytes(file, stdin)
    if sheet is None and not is_workbook(data):
        return decoded(data, path)
    return "".join(_sheet_lines(data, file, sheet))


def _sheet_lines(data: bytes, path: str, sheet: str | None) -> Iterator[str]:
    """A sheet as text, one line a row. A line feed in a cell becomes a carriage return, so that lines are rows."""
    from synq_cli.excel.reading import read_sheet

    if not is_workbook(data):
        raise UsageError(f"{shown_name(path)} is not an Excel workbook: it has no sheets.")
    for row in read_sheet(data, shown_name(path), sheet):
        cells = [cell.replace("\r\n", "\n").replace("\n", "\r").replace('"', '""') for cell in row]
        yield "".join([f'"{cell}"{SHEET}' for cell in cells] if any(cells) else []) + "\n"


def can_be_read_in_place(start: bytes) -> bool:
    """Whether a file that starts so is UTF-8 with line feeds, as RowReader takes it."""
    if is_workbook(start):
        return False
    return not start.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) and (b"\n" in start or b"\r" not in start)


def copy_as_utf8(source: IO[bytes], target: IO[bytes], path: str = "-") -> None:
    """Copy a file so that RowReader can read it; UnicodeDecodeError if it has the mark of UTF-16 and is not."""
    part = source.read(PEEKED)
    file, sheet = split_sheet(path)
    if sheet is not None or is_workbook(part):
        target.writelines(line.encode() for line in _sheet_lines(part + source.read(), file, sheet))
        return
    decoder = None
    if not can_be_read_in_place(part):
        is_utf16 = part.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
        # Bytes that are not UTF-8 stay as they are, to be reported by line.
        encoding, errors = ("utf-16", "strict") if is_utf16 else ("utf-8", "surrogateescape")
        decoder = IncrementalNewlineDecoder(getincrementaldecoder(encoding)(errors), translate=True)
    while part:
        target.write(decoder.decode(part).encode(errors="surrogateescape") if decoder else part)
        part = source.read(PEEKED)
    if decoder:
        target.write(decoder.decode(b"", final=True).encode(errors="surrogateescape"))
