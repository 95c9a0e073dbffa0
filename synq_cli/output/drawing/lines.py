"""Rows drawn one by one as they come, in columns whose widths are known before."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from synq_cli.output.columns import Column, Row, lookup
from synq_cli.output.drawing.table import TableColumn, cut, rich_table, total_width
from synq_cli.output.formats import Cell, visible

if TYPE_CHECKING:
    from synq_cli.output.streams import Stream

# A column that takes what is left is worth a place with this much.
_READABLE = 20


def write_lines(
    stream: "Stream", rows: Iterable[Row], columns: Sequence[Column], *, now: Callable[[], float], width: int | None
) -> None:
    """A heading and then a line a row, no wider than `width`; what does not fit ends in an ellipsis."""
    columns = _fitting(columns, width)
    heading = True
    for row in rows:
        if heading:
            _write(stream, columns, [Cell(visible(column.title), "bold") for column in columns])
            heading = False
        _write(stream, columns, [column.format.show(lookup(row, column.key), row, now()) for column in columns])


def _fitting(columns: Sequence[Column], width: int | None) -> list[Column]:
    """The columns that find a place, each with its width; 0 where a column may be as wide as it likes."""
    kept = list(columns)
    if width is None:
        return kept
    for column in sorted(columns, key=lambda column: -column.drop):
        if column.drop and total_width(map(_width, kept)) > width:
            kept.remove(column)
    loose = sum(not column.width for column in kept)
    left = width - total_width(map(_width, kept)) + _READABLE * loose
    return [column if column.width else column._replace(width=max(left // loose, 1)) for column in kept]


def _width(column: Column) -> int:
    return column.width or _READABLE


def _write(stream: "Stream", columns: Sequence[Column], cells: Sequence[Cell]) -> None:
    from rich.cells import cell_len

    shown = []
    for column, (text, style) in zip(columns, cells, strict=True):
        fitted = stream.fit(text)
        width = column.width or cell_len(fitted)
        left_aligned = column._replace(format=column.format._replace(right=False))
        shown.append(TableColumn(left_aligned, "", [Cell(cut(fitted, width, stream.ellipsis), style)], width))
    stream.draw(rich_table(shown), total_width(column.width for column in shown))
