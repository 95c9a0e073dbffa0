"""Tables, at once or row by row, and records for people, fitted to the terminal."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from synq_cli.output.columns import Column, Row, lookup
from synq_cli.output.formats import Cell, visible

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

    from synq_cli.output.streams import Stream

GAP = 2
# Cells that an identifier keeps when it is shortened, beside the ellipsis.
_SHORT = 8
# A text column is not cut to less than this.
_LEAST = 6
# A column is left out before a text is cut to less than this; every order status fits.
_READABLE = 20


class TableColumn:
    """One column that is fitted to the terminal, its width in cells."""

    def __init__(self, canvas: "Canvas", rows: Sequence[Row], column: Column) -> None:
        fit = canvas.stream.fit
        cells = (column.format.show(lookup(row, column.key), row, canvas.now) for row in rows)
        self.column, self.title = column, fit(visible(column.title))
        self.cells = [Cell(fit(cell.text), cell.style) for cell in cells]
        self.shortened = False
        self.width = max(_width(self.title), self.cell_width)
        self.may_cut = self.column.format.narrow in {"cut", "tail"}

    @property
    def cell_width(self) -> int:
        """The width of the widest cell, without the title."""
        return max((_width(cell.text) for cell in self.cells), default=0)

    def cut(self, width: int, ellipsis: str) -> None:
        """Cut the title and all cells to this width."""
        tail = self.column.format.narrow == "tail"
        cells = [Cell(cut(cell.text, width, ellipsis, tail=tail), cell.style) for cell in self.cells]
        title = cut(self.title, width, ellipsis)
        self.shortened |= (cells, title) != (self.cells, self.title)
        self.cells, self.title = cells, title
        self.width = max(_width(self.title), self.cell_width)


class Canvas(NamedTuple):
    """What is drawn on: the stream, the time in epoch seconds, and the width in cells; None cuts nothing."""

    stream: "Stream"
    now: float
    width: int | None


class Rendered(NamedTuple):
    """A drawing for Rich, its width in cells, and the titles of shortened and of left out columns."""

    drawing: "RenderableType"
    width: int
    shortened: Sequence[str] = ()
    dropped: Sequence[str] = ()


def build_table(canvas: Canvas, rows: Sequence[Row], columns: Sequence[Column], *, keep_empty: bool) -> Rendered:
    """The rows as a table, without empty columns unless `keep_empty`."""
    from rich.console import Group

    shown = [TableColumn(canvas, rows, column) for column in columns]
    if not keep_empty:
        # If no column names a field of the API's reply, its own names are shown.
        own = [Column(key, key) for key in dict.fromkeys(key for row in rows for key in row)]
        shown = _filled(shown) or _filled([TableColumn(canvas, rows, column) for column in own]) or shown
    dropped = [] if canvas.width is None else _fit(shown, canvas.width, canvas.stream.ellipsis)
    shortened = [column.column.title for column in shown if column.shortened]
    return Rendered(Group(*_lines(shown)), total_width(column.width for column in shown), shortened, dropped)


def build_list(canvas: Canvas, rows: Sequence[Row], columns: Sequence[Column], *, keep_empty: bool) -> Rendered:
    """The rows as a table, or below each other as records if the terminal would break the lines of the table."""
    from rich.console import Group

    rendered = build_table(canvas, rows, columns, keep_empty=keep_empty)
    if canvas.width is None or rendered.width <= canvas.width:
        return rendered
    records = [build_record(canvas, record_fields(canvas, row, columns, keep_empty=keep_empty)) for row in rows]
    parts = [part for record in records for part in ("", record.drawing)][1:]
    return Rendered(Group(*parts), canvas.width)


def build_whole(canvas: Canvas, rows: Sequence[Row], columns: Sequence[Column]) -> Rendered:
    """The rows as a table, with its widest column wrapped or, without room for that, below each other as records.

    Nothing is shortened or left out.
    """
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    shown = _filled([TableColumn(canvas, rows, column) for column in columns])
    natural = total_width(column.width for column in shown)
    if canvas.width is None or natural <= canvas.width:
        return Rendered(Group(*_lines(shown)), natural)
    widest = max(shown, key=lambda column: column.width)
    if (room := canvas.width - natural + widest.width) >= _READABLE:
        grid = Table.grid(padding=(0, GAP, 0, 0))
        for column in shown:
            justify: Literal["right", "left"] = "right" if column.column.format.right else "left"
            grid.add_column(width=room if column is widest else column.width, overflow="fold", justify=justify)
        grid.add_row(*(Text(column.title, "bold") for column in shown))
        for cells in zip(*(column.cells for column in shown), strict=True):
            grid.add_row(*(Text(cell.text, cell.style or "") for cell in cells))
        return Rendered(grid, canvas.width)
    records = [build_record(canvas, record_fields(canvas, row, columns)) for row in rows]
    parts = [part for record in records for part in ("", record.drawing)][1:]
    return Rendered(Group(*parts), canvas.width)


def _lines(columns: Sequence[TableColumn]) -> Iterator["Text"]:
    titles = [Cell(column.title, "bold") for column in columns]
    for cells in (titles, *zip(*(column.cells for column in columns), strict=True)):
        yield build_line(
            (cell, column.width, column.column.format.right) for column, cell in zip(columns, cells, strict=True)
        )


def build_line(cells: Iterable[tuple[Cell, int, bool]]) -> "Text":
    """Cells side by side, each with its width, to which it is padded, and whether it is right-aligned."""
    from rich.text import Text

    line = Text(no_wrap=True, overflow="crop")
    gap = ""
    for (text, style), width, right in cells:
        padding = " " * (width - _width(text))
        line.append(gap + padding if right else gap)
        line.append(text, style)
        gap = " " * GAP if right else padding + " " * GAP
    return line


def write_rows(canvas: Callable[[], Canvas], rows: Iterable[Row], columns: Sequence[Column]) -> None:
    """A heading and a line for each row as it arrives; text without room is cut."""
    columns = _with_room(columns, canvas().width)
    for number, row in enumerate(rows):
        stream, now, _ = canvas()
        if not number:
            _write_row(stream, columns, [Cell(visible(column.title), "bold") for column in columns])
        _write_row(stream, columns, [column.format.show(lookup(row, column.key), row, now) for column in columns])


def _with_room(columns: Sequence[Column], width: int | None) -> list[Column]:
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


def _write_row(stream: "Stream", columns: Sequence[Column], cells: Sequence[Cell]) -> None:
    fitted = []
    for column, (text, style) in zip(columns, cells, strict=True):
        whole = stream.fit(text)
        shown = cut(whole, column.width, stream.ellipsis) if column.width else whole
        fitted.append((Cell(shown, style), column.width, column.format.right))
    line = build_line(fitted)
    stream.draw(line, line.cell_len)


def build_record(canvas: Canvas, fields: Sequence[tuple[str, Cell]]) -> Rendered:
    """A line with title and value for each field, long values wrapped."""
    from rich.table import Table
    from rich.text import Text

    stream, width = canvas.stream, canvas.width
    shown = [(stream.fit(title), stream.fit(cell.text), cell.style) for title, cell in fields]
    titles = max((_width(title) for title, _, _ in shown), default=0)
    values = max((_width(value) for _, value, _ in shown), default=0)
    natural = total_width((titles, values))
    if width is not None and natural > width:
        # A title gives way only where the values would have less than half of the line.
        titles = max(min(titles, width - GAP - min(values, width // 2)), 1)
        values = max(width - GAP - titles, 1)
        natural = max(width, 1)
    record = Table.grid(padding=(0, GAP, 0, 0))
    record.add_column(width=titles, no_wrap=True, overflow="crop", justify="default")
    record.add_column(width=values, overflow="fold")
    for title, value, style in shown:
        record.add_row(Text(cut(title, titles, stream.ellipsis), "bold"), Text(value, style or ""))
    return Rendered(record, natural)


def record_fields(
    canvas: Canvas, row: Row, columns: Sequence[Column], *, keep_empty: bool = False, leftovers: bool = False
) -> list[tuple[str, Cell]]:
    """Title and value of each column and, with `leftovers`, of each field that no column names."""
    named = {column.key for column in columns}
    others = [Column(visible(key), key) for key in row if leftovers and key not in named]
    fields = ((each.title, each.format.show(lookup(row, each.key), row, canvas.now)) for each in (*columns, *others))
    return [(title, cell) for title, cell in fields if keep_empty or cell.text]


def cut(text: str, width: int, ellipsis: str, *, tail: bool = False) -> str:
    """The text in at most `width` cells: if cut, it ends in the ellipsis, or with `tail` begins with it."""
    from rich.cells import cell_len, set_cell_size, split_text

    length = cell_len(text)
    if length <= width:
        return text
    room = max(width - len(ellipsis), 0)
    if tail:
        return ellipsis[:width] + split_text(text, length - room)[1]
    return set_cell_size(text, room).rstrip() + ellipsis[:width]


def total_width(widths: Iterable[int]) -> int:
    """The cells of columns with these widths, and of the gaps between them."""
    return max(sum(width + GAP for width in widths) - GAP, 0)


def _width(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(text)


def _filled(columns: Sequence[TableColumn]) -> list[TableColumn]:
    return [column for column in columns if any(cell.text for cell in column.cells)]


def _fit(columns: list[TableColumn], width: int, ellipsis: str) -> list[str]:
    """Make the columns fit: shorten identifiers, drop columns, cut text; gives the dropped titles.

    Rich would narrow all columns alike and wrap them.
    """
    dropped = []
    for column in reversed(columns):
        if column.column.format.narrow == "shorten" and total_width(column.width for column in columns) > width:
            column.cut(_SHORT + len(ellipsis), ellipsis)
    for column in sorted(columns, key=lambda column: -column.column.drop):
        # One long text does not cost a whole column: a column is dropped if the others don't fit with texts cut.
        readable = [min(column.width, _READABLE) if column.may_cut else column.width for column in columns]
        if column.column.drop and total_width(readable) > width:
            columns.remove(column)
            dropped.append(column.column.title)
    # Of other columns, only the title is cut: half an amount or half a date would be a wrong one.
    least = [min(column.width, _LEAST) if column.may_cut else column.cell_width for column in columns]
    widths = [max(low, min(column.width, width)) for column, low in zip(columns, least, strict=True)]
    for _ in range(total_width(widths) - width):
        loose = [i for i in range(len(columns)) if widths[i] > least[i]]
        if loose:
            widths[max(loose, key=widths.__getitem__)] -= 1
    for column, target in zip(columns, widths, strict=True):
        if target < column.width:
            column.cut(target, ellipsis)
    return dropped
