"""Tables and records for people: made to fit the terminal, and saying what did not."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from synq_cli.output.columns import Column, Row, lookup
from synq_cli.output.formats import Cell, visible

if TYPE_CHECKING:
    from rich.table import Table

    from synq_cli.output.streams import Stream

GAP = 2
_SHORT = 8
# A text column cut to less than this says nothing.
_LEAST = 6
# A column is left out sooner than a text is cut to less than this; every order status fits.
_READABLE = 20
_CUT = {"cut", "tail"}
# Rows of ours in one of Rich's.
_BATCH = 100


@dataclass
class TableColumn:
    """One column on its way to the terminal, its width in cells."""

    column: Column
    title: str
    cells: list[Cell]
    width: int
    shortened: bool = False


class RenderedTable(NamedTuple):
    """A Rich table, its width in cells, and the titles of shortened and of left out columns."""

    table: "Table"
    width: int
    shortened: list[str]
    dropped: list[str]


def build_table(
    stream: "Stream",
    rows: Sequence[Row],
    columns: Sequence[Column],
    *,
    now: float,
    width: int | None,
    keep_empty: bool,
) -> RenderedTable:
    """The rows as a table of this width at the most, uncut if it is None."""
    shown = [_table_column(stream, rows, column, now) for column in columns]
    if not keep_empty:
        # Where the API names all fields otherwise than the columns do, its own names are shown.
        own = [Column(key, key) for key in dict.fromkeys(key for row in rows for key in row)]
        shown = _filled(shown) or _filled([_table_column(stream, rows, column, now) for column in own]) or shown
    dropped = [] if width is None else _fit(shown, width, stream.ellipsis)
    shortened = [column.column.title for column in shown if column.shortened]
    return RenderedTable(rich_table(shown), total_width(column.width for column in shown), shortened, dropped)


def rich_table(columns: Sequence[TableColumn]) -> "Table":
    """The columns as a Rich table without lines.

    All widths are known and nothing wraps, so that a row of Rich's holds a batch of ours, and the gap is part of the
    cell: with a row each and with padding, Rich takes three times as long.
    """
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=0, header_style="bold", show_header=any(column.title for column in columns))
    gaps = [" " * GAP if place and not column.column.format.right else "" for place, column in enumerate(columns)]
    for place, (column, gap) in enumerate(zip(columns, gaps, strict=True)):
        table.add_column(
            Text(gap + column.title),
            width=column.width + (GAP if place else 0),
            justify="right" if column.column.format.right else "default",
            no_wrap=True,
            overflow="crop",
        )
    for begin in range(0, max((len(column.cells) for column in columns), default=0), _BATCH):
        batch = []
        for column, gap in zip(columns, gaps, strict=True):
            lines = Text()
            for number, cell in enumerate(column.cells[begin : begin + _BATCH]):
                lines.append(f"\n{gap}" if number else gap)
                lines.append(cell.text, cell.style)
            batch.append(lines)
        table.add_row(*batch)
    return table


def build_record(stream: "Stream", fields: Sequence[tuple[str, Cell]], *, width: int | None) -> RenderedTable:
    """A title and a value a line, long values wrapped if there is a width."""
    from rich.cells import cell_len
    from rich.table import Table
    from rich.text import Text

    shown = [(stream.fit(title), Cell(stream.fit(cell.text), cell.style)) for title, cell in fields]
    titles = max((cell_len(title) for title, _ in shown), default=0)
    values = max((cell_len(cell.text) for _, cell in shown), default=0)
    natural = total_width((titles, values))
    if width is not None and natural > width:
        # A title gives way only where the values would have less than half of the line.
        titles = max(min(titles, width - GAP - min(values, width // 2)), 1)
        values = max(width - GAP - titles, 1)
        natural = max(width, 1)
    record = Table.grid(padding=(0, GAP, 0, 0))
    record.add_column(width=titles, no_wrap=True, overflow="crop", justify="default")
    record.add_column(width=values, overflow="fold")
    for title, (text, style) in shown:
        record.add_row(Text(cut(title, titles, stream.ellipsis), "bold"), Text(text, style or ""))
    return RenderedTable(record, natural, [], [])


def record_fields(
    row: Row, columns: Sequence[Column], *, now: float, keep_empty: bool, leftovers: bool
) -> list[tuple[str, Cell]]:
    """Title and value of each column, then, if wanted, of each field that no column names."""
    named = {column.key for column in columns}
    others = [Column(visible(key), key) for key in row if leftovers and key not in named]
    fields = [(column.title, column.format.show(lookup(row, column.key), row, now)) for column in (*columns, *others)]
    return [(title, cell) for title, cell in fields if keep_empty or cell.text]


def cut(text: str, width: int, ellipsis: str, *, tail: bool = False) -> str:
    """The text brought down to so many cells; it ends in the ellipsis then, or begins with it for its tail."""
    from rich.cells import cell_len, set_cell_size, split_text

    length = cell_len(text)
    if length <= width:
        return text
    room = max(width - len(ellipsis), 0)
    if tail:
        return ellipsis[:width] + split_text(text, length - room)[1]
    return set_cell_size(text, room).rstrip() + ellipsis[:width]


def total_width(widths: Iterable[int]) -> int:
    """Cells that columns of these widths take, with the gaps between them."""
    with_gaps = [width + GAP for width in widths]
    return sum(with_gaps) - GAP if with_gaps else 0


def _filled(columns: Sequence[TableColumn]) -> list[TableColumn]:
    return [column for column in columns if any(cell.text for cell in column.cells)]


def _table_column(stream: "Stream", rows: Sequence[Row], column: Column, now: float) -> TableColumn:
    from rich.cells import cell_len

    title = stream.fit(visible(column.title))
    cells = []
    for row in rows:
        cell = column.format.show(lookup(row, column.key), row, now)
        cells.append(Cell(stream.fit(cell.text), cell.style))
    return TableColumn(column, title, cells, max(map(cell_len, (title, *(cell.text for cell in cells)))))


# Rich narrows every column alike and wraps what is in it; which of them may give way, and how, is said here.


def _fit(columns: list[TableColumn], width: int, ellipsis: str) -> list[str]:
    """Make the columns fit: shorten identifiers, drop columns, cut text; gives the dropped titles."""
    dropped = []
    for column in reversed(columns):
        if column.column.format.narrow == "shorten" and total_width(column.width for column in columns) > width:
            _cut(column, _SHORT + len(ellipsis), ellipsis)
    for column in sorted(columns, key=lambda column: -column.column.drop):
        # One long text must not cost a whole column, so what counts is whether all fits with texts cut.
        if column.column.drop and total_width(map(_readable, columns)) > width:
            columns.remove(column)
            dropped.append(column.column.title)
    least = [_least(column) for column in columns]
    widths = [max(low, min(column.width, width)) for column, low in zip(columns, least, strict=True)]
    for _ in range(total_width(widths) - width):
        loose = [i for i in range(len(columns)) if widths[i] > least[i]]
        if loose:
            widths[max(loose, key=widths.__getitem__)] -= 1
    for column, target in zip(columns, widths, strict=True):
        if target < column.width:
            _cut(column, target, ellipsis)
    return dropped


def _readable(column: TableColumn) -> int:
    return min(column.width, _READABLE) if column.column.format.narrow in _CUT else column.width


def _least(column: TableColumn) -> int:
    from rich.cells import cell_len

    if column.column.format.narrow in _CUT:
        return min(column.width, _LEAST)
    # Only the title may lose characters: half an amount or half a date would be a wrong one.
    return max((cell_len(cell.text) for cell in column.cells), default=0)


def _cut(column: TableColumn, width: int, ellipsis: str) -> None:
    from rich.cells import cell_len

    tail = column.column.format.narrow == "tail"
    cells = [Cell(cut(cell.text, width, ellipsis, tail=tail), cell.style) for cell in column.cells]
    title = cut(column.title, width, ellipsis)
    column.shortened |= (cells, title) != (column.cells, column.title)
    column.cells, column.title = cells, title
    column.width = max(map(cell_len, (title, *(cell.text for cell in cells))))
