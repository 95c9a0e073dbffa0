"""Columns: what a command shows of its rows, under which title and in which form."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from synq_cli.output.formats import Format, text

Row = Mapping[str, Any]
# Rows of a list that are written at once, so that their text takes little memory.
_BATCH = 100


class Column(NamedTuple):
    """One column of a table, one line of a record.

    `key` is a dotted path into the row; CSV and TSV use it as header and show the raw value under it. Columns
    whose `drop` is not 0 leave a table that is too wide for its terminal, the highest first; those that are not for
    a `table` stand in CSV and TSV alone. `width` is for lines that are drawn before the next row is known; columns
    without one share what the others leave.
    """

    title: str
    key: str
    format: Format = text
    drop: int = 0
    table: bool = True
    width: int = 0


def batches(rows: Iterable[Row]) -> Iterator[Sequence[Row]]:
    """The rows in batches that are written at once: those of a page, or a row that comes by itself.

    Rows that are read in pages have them under `pages`.
    """
    if isinstance(rows, list):
        return (rows[begin : begin + _BATCH] for begin in range(0, len(rows), _BATCH))
    pages: Iterator[Sequence[Row]] | None = getattr(rows, "pages", None)
    return ([row] for row in rows) if pages is None else pages


def lookup(row: Row, key: str, default: object = None) -> Any:
    """The value under a dotted path, or `default` where the path leads nowhere."""
    if key in row:
        return row[key]
    value: Any = row
    for name in key.split("."):
        if not isinstance(value, Mapping) or name not in value:
            return default
        value = value[name]
    return value
