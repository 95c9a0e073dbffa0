"""A list as an Excel workbook: ids and codes are text; amounts, numbers and times are typed."""

import re
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from itertools import chain, groupby
from typing import TYPE_CHECKING

from synq_cli.excel.writing import workbook_of
from synq_cli.output.columns import Row, lookup
from synq_cli.output.formats import plain
from synq_cli.times import parse_time

if TYPE_CHECKING:
    from synq_cli.output.streams import Stream

# The number formats of a workbook's columns, by the kind of their cells.
_NUMBER_FORMATS = {"": "General", "money": "#,##0.00", "time": "yyyy-mm-dd hh:mm:ss"}
_CODE = re.compile(r"(.*[._])?(id|sku|barcode|code|number|reference)")
# A spreadsheet knows no time before it.
_FIRST_YEAR = 1900


def write(
    stream: "Stream",
    pages: Iterable[Sequence[Row]],
    keys: Sequence[str],
    kinds: Sequence[str],
    sheet_of: Callable[[Row], str] | None = None,
) -> None:
    """Write a list whose columns have these keys and kinds of cells, once all of it is read.

    With `sheet_of`, which names the sheet of a row, rows that follow each other get one if their names are the same.
    """
    # --fields may name a time that the command has no column for.
    known = [*kinds, *[""] * (len(keys) - len(kinds))]
    kinds = [kind or ("time" if key.endswith("_at") else "") for key, kind in zip(keys, known, strict=True)]
    columns = list(zip(keys, kinds, strict=True))

    def cells(rows: Iterable[Row]) -> Iterable[Sequence[object]]:
        return chain([keys], ([_typed(lookup(row, key), key, kind) for key, kind in columns] for row in rows))

    rows = chain.from_iterable(pages)
    named: Iterable[tuple[str | None, Iterable[Row]]] = [(None, rows)]
    if sheet_of is not None and (first := next(rows, None)) is not None:
        named = groupby(chain([first], rows), sheet_of)
    parts = ((name, cells(rows)) for name, rows in named)
    stream.write_bytes(workbook_of(parts, [_NUMBER_FORMATS[kind] for kind in kinds]))


def _typed(value: object, key: str, kind: str) -> object:
    """A value as a cell of a workbook: a number, a time or a boolean only where it loses nothing."""
    if value is None or isinstance(value, bool):
        return value
    if kind == "time":
        moment = parse_time(value)
        return moment.replace(tzinfo=None) if moment and moment.year > _FIRST_YEAR else plain(value)
    number = (
        Decimal(str(value)) if isinstance(value, int | float | Decimal) else _amount(value) if kind == "money" else None
    )
    if number is None or _CODE.fullmatch(key) or Decimal(f"{float(number):.15g}") != number:
        return plain(value)
    return number


def _amount(value: object) -> Decimal | None:
    """The number in a text such as 19.90."""
    return Decimal(value) if isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?", value, re.ASCII) else None
