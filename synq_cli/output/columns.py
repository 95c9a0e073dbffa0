"""Columns: what a command shows of its rows, with titles and formats."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from synq_cli.output.formats import Format, text

Row = Mapping[str, Any]
# Rows of a list that are written at once; more would only take memory.
_BATCH = 100


class Column(NamedTuple):
    """One column of a table, one line of a record.

    `key` is a dotted path into the row; CSV and TSV use it as header and show the raw value. If a table is too wide
    for its terminal, columns are left out by their `drop`, the highest first, those with 0 never. With `table` false,
    a column is in CSV and TSV only. `width`, in cells, is for rows that are drawn one by one; columns without one
    share the rest.
    """

    title: str
    key: str
    format: Format = text
    drop: int = 0
    table: bool = True
    width: int = 0


def batches(rows: Iterable[Row]) -> Iterator[Sequence[Row]]:
    """The rows in batches that are written at once: pages if the rows have them under `pages`, else single rows."""
    if isinstance(rows, list):
        return (rows[begin : begin + _BATCH] for begin in range(0, len(rows), _BATCH))
    pages: Iterator[Sequence[Row]] | None = getattr(rows, "pages", None)
    return ([row] for row in rows) if pages is None else pages


def lookup(row: Row, key: str) -> Any:
    """The value under a dotted path; None if there is none."""
    if key in row:
        return row[key]
    value: Any = row
    for name in key.split("."):
        if not isinstance(value, Mapping) or name not in value:
            return None
        value = value[name]
    return value
