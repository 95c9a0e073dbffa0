"""Tables and records for people: made to fit the terminal, and saying what did not."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from synq_cli.output.columns import Column, Row, lookup
from synq_cli.output.formats import Cell, visible
from synq_cli.output.lines import GAP, cut, folded, line

if TYPE_CHECKING:
    from rich.console import RenderableType

    from synq_cli.output.streams import Stream

_SHORT = 8
# A text column cut to less than this says nothing.
_LEAST = 6
# A column is left out sooner than a text is cut to less than this; every order status fits.
_READABLE = 20
_CUT = {"cut", "tail"}


@dataclass
class _Strip:
    """One column on its way to the terminal."""

    column: Column
    title: str
    cells: list[Cell]
    width: int
    shortened: bool = False


class Made(NamedTuple):
    """Lines, painted; their width, and the titles of shortened and of left out columns."""

    lines: list[str]
    width: int
    shortened: list[str]
    dropped: list[str]

    def drawing(self) -> "RenderableType":
        """The same for a drawing that holds more."""
        from rich.text import Text

        return Text.from_ansi("\n".join(self.lines), no_wrap=True)


def made_table(
    stream: "Stream",
    rows: Sequence[Row],
    columns: Sequence[Column],
    *,
    now: float,
    width: int | None,
    keep_empty: bool,
) -> Made:
    """The rows as a table of this width at the most, uncut if it is None.

    Its lines are put together here: a Rich table measures and wraps every cell once more, which takes four times as
    long as all the rest of a page of orders.
    """
    strips = [_strip(stream, rows, column, now) for column in columns]
    if not keep_empty:
        # Where the API names all fields otherwise than the columns do, its own names are shown.
        own = [Column(key, key) for key in dict.fromkeys(key for row in rows for key in row)]
        strips = _filled(strips) or _filled([_strip(stream, rows, column, now) for column in own]) or strips
    dropped = [] if width is None else _fit(strips, width, stream.ellipsis)
    shape = [(strip.width, strip.column.format.right) for strip in strips]
    head = [Cell(strip.title, "bold") for strip in strips]
    table = zip(*(strip.cells for strip in strips), strict=True)
    lines = [
        line(stream, ((cell, *place) for cell, place in zip(cells, shape, strict=True))) for cells in (head, *table)
    ]
    shortened = [strip.column.title for strip in strips if strip.shortened]
    return Made(lines, _total(strip.width for strip in strips), shortened, dropped)


def made_record(stream: "Stream", lines: Sequence[tuple[str, Cell]], *, width: int | None) -> Made:
    """A title and a value a line, long values wrapped if there is a width."""
    from rich.cells import cell_len

    shown = [(stream.fit(title), Cell(stream.fit(cell.text), cell.style)) for title, cell in lines]
    titles = max((cell_len(title) for title, _ in shown), default=0)
    values = max((cell_len(cell.text) for _, cell in shown), default=0)
    natural = _total((titles, values))
    if width is not None and natural > width:
        # A title gives way only where the values would have less than half of the line.
        titles = max(min(titles, width - GAP - min(values, width // 2)), 1)
        values = max(width - GAP - titles, 1)
        natural = max(width, 1)
    drawn = []
    for title, (text, style) in shown:
        for number, part in enumerate(folded(text, values)):
            head = "" if number else cut(stream, title, titles)
            drawn.append(line(stream, [(Cell(head, "bold"), titles, False), (Cell(part, style), values, False)]))
    return Made(drawn, natural, [], [])


def record_lines(
    row: Row, columns: Sequence[Column], *, now: float, keep_empty: bool, leftovers: bool
) -> list[tuple[str, Cell]]:
    """Title and value of each column, then, if wanted, of each field that no column names."""
    named = {column.key for column in columns}
    others = [Column(visible(key), key) for key in row if leftovers and key not in named]
    lines = [(column.title, column.format.show(lookup(row, column.key), row, now)) for column in (*columns, *others)]
    return [(title, cell) for title, cell in lines if keep_empty or cell.text]


def _filled(strips: Sequence[_Strip]) -> list[_Strip]:
    return [strip for strip in strips if any(cell.text for cell in strip.cells)]


def _strip(stream: "Stream", rows: Sequence[Row], column: Column, now: float) -> _Strip:
    from rich.cells import cell_len

    title = stream.fit(visible(column.title))
    cells = []
    for row in rows:
        cell = column.format.show(lookup(row, column.key), row, now)
        cells.append(Cell(stream.fit(cell.text), cell.style))
    return _Strip(column, title, cells, max(map(cell_len, (title, *(cell.text for cell in cells)))))


def _total(widths: Iterable[int]) -> int:
    with_gaps = [width + GAP for width in widths]
    return sum(with_gaps) - GAP if with_gaps else 0


def _fit(strips: list[_Strip], width: int, ellipsis: str) -> list[str]:
    """Make the columns fit: shorten identifiers, drop columns, cut text; gives the dropped titles."""
    dropped = []
    for strip in reversed(strips):
        if strip.column.format.narrow == "shorten" and _total(strip.width for strip in strips) > width:
            _cut(strip, _SHORT + len(ellipsis), ellipsis)
    for strip in sorted(strips, key=lambda strip: -strip.column.drop):
        # One long text must not cost a whole column, so what counts is whether all fits with texts cut.
        if strip.column.drop and _total(map(_readable, strips)) > width:
            strips.remove(strip)
            dropped.append(strip.column.title)
    least = [_least(strip) for strip in strips]
    widths = [max(low, min(strip.width, width)) for strip, low in zip(strips, least, strict=True)]
    for _ in range(_total(widths) - width):
        loose = [i for i in range(len(strips)) if widths[i] > least[i]]
        if loose:
            widths[max(loose, key=widths.__getitem__)] -= 1
    for strip, target in zip(strips, widths, strict=True):
        if target < strip.width:
            _cut(strip, target, ellipsis)
    return dropped


def _readable(strip: _Strip) -> int:
    return min(strip.width, _READABLE) if strip.column.format.narrow in _CUT else strip.width


def _least(strip: _Strip) -> int:
    from rich.cells import cell_len

    if strip.column.format.narrow in _CUT:
        return min(strip.width, _LEAST)
    # Only the title may lose letters: half an amount or half a date would be a wrong one.
    return max((cell_len(cell.text) for cell in strip.cells), default=0)


def _cut(strip: _Strip, width: int, ellipsis: str) -> None:
    """Bring every cell and the title down to the width; whatever loses letters ends in the ellipsis."""
    from rich.cells import cell_len, set_cell_size

    def cut(text: str) -> str:
        if cell_len(text) <= width:
            return text
        room = max(width - len(ellipsis), 0)
        if strip.column.format.narrow == "tail":
            return ellipsis[:width] + set_cell_size(text[::-1], room)[::-1]
        return set_cell_size(text, room).rstrip() + ellipsis[:width]

    cells, title = [Cell(cut(cell.text), cell.style) for cell in strip.cells], cut(strip.title)
    strip.shortened |= (cells, title) != (strip.cells, strip.title)
    strip.cells, strip.title = cells, title
    strip.width = max(map(cell_len, (strip.title, *(cell.text for cell in cells))))


def styled(text: str, style: str | None = None) -> "RenderableType":
    """Text as it is, nothing in it read as markup."""
    from rich.text import Text

    return Text(text, style or "")


def draw(stream: "Stream", drawing: "RenderableType", width: int) -> int:
    """Draw it on the stream, with no blanks at the ends of lines; gives their number."""
    from rich.console import Console

    console = Console(
        file=stream.file,
        width=max(width, 1),
        height=25,
        color_system="standard" if stream.color else None,
        force_terminal=stream.color,
        no_color=not stream.color,
        legacy_windows=False,
    )
    with console.capture() as drawn:
        console.print(drawing)
    # Rich fills each line up to the width.
    lines = [line.rstrip() + "\n" for line in drawn.get().split("\n")[:-1]]
    stream.write("".join(lines))
    return len(lines)
