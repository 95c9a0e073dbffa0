"""Files of a stock count: what was counted where, and when."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from synq_cli import exact_json
from synq_cli.bulk.journal import Content
from synq_cli.bulk.verbs.variants import VARIANT, check_variant
from synq_cli.errors import UsageError
from synq_cli.resources.inventory.ledger import CLOCK_TOLERANCE, Place
from synq_cli.resources.shared.validation import LARGEST
from synq_cli.rows import Columns, Record, RowReader
from synq_cli.times import epoch, precise_timestamp

# A scan file has the code as it was scanned, its SKU unless it was unknown, a quantity, and its own time.
NAMES = (*VARIANT, "code")
UNITS = ("counted", "quantity")
TIMES = ("counted_at", "scanned_at")
COUNT = Columns((NAMES, UNITS), ("location", *TIMES), guess=True)
# A spreadsheet may write a whole number with a decimal point.
_WHOLE = r"[-+]?[0-9]{1,10}(\.0+)?"
BOOKS = Columns((VARIANT, ("on_hand",)), ("location", "location_id"), guess=True)


@dataclass(frozen=True)
class CountRow:
    """A row of a count: how it names its variant, units, and the time in epoch seconds by our clock, if given.

    Only a row of a scan file may have negative units: those of a line that was taken back.
    """

    line: int
    named: Content
    units: int
    at: float | None
    location: str
    source: str

    @property
    def code(self) -> str:
        """The SKU, barcode or UUID in the file."""
        return str(self.named["sku"])


@dataclass(frozen=True)
class Count:
    """What was counted of a variant at a location: the rows of it, added up.

    The count is of the time of the `last` row. `source` is that row as it is written; `is_timed` if a row has a time.
    What `is_missing` was not found, and is counted as 0.
    """

    line: int
    place: Place
    sku: str
    location: str
    units: int
    first: float
    last: float
    source: str
    is_timed: bool = False
    is_missing: bool = False

    @classmethod
    def of(cls, place: Place, sku: str, location: str, rows: Sequence[CountRow], at: float) -> "Count":
        """The count of rows of one variant at one location; those without a time were counted `at` this one."""
        times = [at if row.at is None else row.at for row in rows]
        last = max(range(len(rows)), key=lambda number: (times[number], number))
        return cls(
            rows[0].line,
            place,
            sku,
            location,
            sum(row.units for row in rows),
            min(times),
            max(times),
            rows[last].source,
            any(row.at is not None for row in rows),
        )


def count_row(record: Record, now: float) -> CountRow:
    """A row of a count; UsageError says what is wrong with its fields."""
    fields = record.fields
    named = check_variant({**fields, "sku": fields.get("sku") or fields.get("code", "")})
    name = next((name for name in UNITS if name in fields), UNITS[0])
    at = _time_of(next((fields[name] for name in TIMES if fields.get(name)), ""), now)
    units = _units_of(fields.get(name, ""), name)
    return CountRow(record.line, named, units, at, fields.get("location", ""), record.source)


def book_row(record: Record) -> CountRow:
    """A row of book quantities, of any time; UsageError says what is wrong with its fields."""
    fields = record.fields
    text, location = fields.get("on_hand", ""), fields.get("location") or fields.get("location_id") or ""
    if not re.fullmatch(_WHOLE, text):
        raise UsageError(f'Invalid on_hand "{text}": use a whole number.' if text else "No on_hand.")
    return CountRow(record.line, check_variant(fields), int(text.partition(".")[0]), None, location, record.source)


def _units_of(text: str, name: str) -> int:
    """A count of units; negative only as the quantity of a scan file."""
    if not text:
        raise UsageError(f"No {name}: enter 0 if there is none, or remove the row.")
    if not re.fullmatch(_WHOLE, text) or abs(units := int(text.partition(".")[0])) > LARGEST:
        raise UsageError(f'Invalid {name} "{text}": use a whole number.')
    if units < 0 and name != "quantity":
        raise UsageError(f'Invalid {name} "{text}": a count can\'t be negative.')
    return units


def _time_of(text: str, now: float) -> float | None:
    """The epoch seconds of a time, local if it names no zone; None for an empty one."""
    if not text:
        return None
    at = epoch(text, local=True)
    if at is None:
        raise UsageError(f'Invalid time "{text}": use one such as 2026-11-27T14:05, local or with a zone.')
    if at > now + CLOCK_TOLERANCE:
        raise UsageError(f'The time "{text}" is in the future.')
    return min(at, now)


class CountWriter:
    """Writes rows of a count as they are written in its file."""

    def __init__(self, reader: RowReader) -> None:
        self._key_of = reader.key_of
        header = reader.dialect["header"]
        self._header = [reader.key_of(cell) for cell in header]
        self.dialect = reader.dialect
        self._time = next((name for name in TIMES if name in self._header), TIMES[0])
        self.dialect_with_time = {
            **reader.dialect,
            "header": header if not header or self._time in self._header else [*header, self._time],
        }

    def row(self, count: Count) -> str:
        """The row of a count with its sum and its time, so that it can be sent again later."""
        units = next((name for name in UNITS if name in self._header), UNITS[0])
        return self._with(count.source, {units: str(count.units), self._time: precise_timestamp(count.last)})

    def to_count(self, count: Count) -> str:
        """The row without what was counted, and when."""
        keys = self._header or [self._key_of(name) for name in exact_json.loads(count.source)]
        return self._with(count.source, {key: "" for key in (*UNITS, *TIMES) if key in keys})

    def new(self, sku: str, place: Place, location: str) -> str:
        """A row for a SKU that is not in the file."""
        known = {"variant_id": place[0], "location": location}
        if not self._header:
            return exact_json.dumps({"sku": sku, **known})
        return exact_json.dumps([known.get(key, sku if key in NAMES else "") for key in self._header])

    def _with(self, source: str, values: Mapping[str, str]) -> str:
        """A row with other values for these keys; those without a column go to its end."""
        row = exact_json.loads(source)
        if isinstance(row, dict):
            keys = {name: self._key_of(name) for name in row}
            kept = {name: values.get(keys[name], value) for name, value in row.items()}
            return exact_json.dumps(kept | {key: value for key, value in values.items() if key not in keys.values()})
        cells = [values.get(key, cell) for key, cell in zip(self._header, row, strict=False)]
        return exact_json.dumps([*cells, *(value for key, value in values.items() if key not in self._header)])
