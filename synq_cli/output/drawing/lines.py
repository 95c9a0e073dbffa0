"""Rows drawn one by one as they arrive, in columns of fixed widths."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from synq_cli.output.columns import Column, Row, lookup
from synq_cli.output.drawing.table import build_line, cut, total_width
from synq_cli.output.formats import Cell, visible

if TYPE_CHECKING:
    from synq_cli.output.streams import Stream

# The least width that a column without a width of its own is worth.
_READABLE = 20


def write_lines(
    stream: "Stream", rows: Iterable[Row], columns: Sequence[Column], *, now: Callable[[], float], width: int | None
) -> None:
    """A heading and then a line for each row, uncut if `width` is None; text that is too long ends in an ellipsis."""
    columns = _fitting(columns, width)
    for number, row in enumerate(rows):
        if not number:
            _write(stream, columns, [Cell(visible(column.title), "bold") for column in columns])
        _write(stream, columns, [column.format.show(lookup(row, column.key), row, now()) for column in columns])


def _fitting(columns: Sequence[Column], width: int | None) -> list[Column]:
    """The columns that have room, each with its width in cells; 0 for a column that is never cut."""
    kept = list(columns)
    if width is None:
        return kept
    for column in sorted(columns, key=lambda column: -column.drop):
        if column.drop and total_width(column.width or _READABLE for column in kept) > width:
            kept.remove(column)
    flexible = sum(not column.width for column in kept)
    left = width - total_width(column.width or _READABLE for column in kept) + _READABLE * flexible
    return [column if column.width else column._replace(width=max(left // flexible, 1)) for column in kept]


def _write(stream: "Stream", columns: Sequence[Column], cells: Sequence[Cell]) -> None:
    fitted = []
    for column, (text, style) in zip(columns, cells, strict=True):
        whole = stream.fit(text)
        shown = cut(whole, column.width, stream.ellipsis) if column.width else whole
        fitted.append((Cell(shown, style), column.width, column.format.right))
    stream.draw(build_line(fitted))
