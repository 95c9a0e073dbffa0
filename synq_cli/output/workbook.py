"""A list as an Excel workbook: ids and codes are text; amounts, numbers and times are typed."""

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import chain
from typing import TYPE_CHECKING

from synq_cli.excel.writing import workbook
from synq_cli.output.columns import Row, lookup
from synq_cli.output.formats import plain
from synq_cli.times import parse_time

if TYPE_CHECKING:
    from synq_cli.output.streams import Stream

# The number formats of a workbook's columns, by the kind of their cells.
_NUMBER_FORMATS = {"": "General", "money": "#,##0.00", "time": "yyyy-mm-dd hh:mm:ss"}
_CODE = re.compile(r"(.*[._])?(id|sku|barcode|code|number|reference)")
# A spreadsheet keeps so many digits of a number, and knows no time before this year.
_MOST_DIGITS = 15
_FIRST_YEAR = 1900


def write(stream: "Stream", pages: Iterable[Sequence[Row]], keys: Sequence[str], kinds: Sequence[str]) -> None:
    """Write a list whose columns have these keys and kinds of cells, once all of it is read."""
    # --fields may name a time that the command has no column for.
    known = [*kinds, *[""] * (len(keys) - len(kinds))]
    kinds = [kind or ("time" if key.endswith("_at") else "") for key, kind in zip(keys, known, strict=True)]
    columns = list(zip(keys, kinds, strict=True))
    rows = ([_typed(lookup(row, key), key, kind) for key, kind in columns] for row in chain.from_iterable(pages))
    stream.write_bytes(workbook(chain([keys], rows), [_NUMBER_FORMATS[kind] for kind in kinds]))


def _typed(value: object, key: str, kind: str) -> object:
    """A value as a cell of a workbook: a number, a time or a boolean only where it loses nothing."""
    if value is None or isinstance(value, bool):
        return value
    if kind == "time" and (moment := parse_time(value)) and moment.year > _FIRST_YEAR:
        return moment.replace(tzinfo=None)
    number = value if isinstance(value, int | Decimal) else _amount(value) if kind == "money" else None
    if number is None or _CODE.fullmatch(key) or len(Decimal(number).normalize().as_tuple().digits) > _MOST_DIGITS:
        return plain(value)
    return number


def _amount(value: object) -> Decimal | None:
    """The number in a text such as 19.90."""
    return Decimal(value) if isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?", value, re.ASCII) else None
