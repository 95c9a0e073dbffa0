"""Rows drawn one by one as they come, in columns of widths that are settled before."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from synq_cli.output.columns import Column, Row, lookup
from synq_cli.output.formats import Cell, visible

if TYPE_CHECKING:
    from synq_cli.output.streams import Stream

GAP = 2
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
        if column.drop and _needed(kept) > width:
            kept.remove(column)
    loose = sum(not column.width for column in kept)
    left = width - _needed(kept) + _READABLE * loose
    return [column if column.width else column._replace(width=max(left // loose, 1)) for column in kept]


def _needed(columns: Sequence[Column]) -> int:
    return sum((column.width or _READABLE) + GAP for column in columns) - GAP


def _write(stream: "Stream", columns: Sequence[Column], cells: Sequence[Cell]) -> None:
    parts = []
    for column, (text, style) in zip(columns, cells, strict=True):
        parts.append((Cell(cut(stream, stream.fit(text), column.width), style), column.width, False))
    stream.write(line(stream, parts) + "\n")


def cut(stream: "Stream", text: str, width: int) -> str:
    """The text brought down to a width; 0 is as wide as it is."""
    from rich.cells import cell_len, set_cell_size

    if not width or cell_len(text) <= width:
        return text
    return set_cell_size(text, max(width - len(stream.ellipsis), 0)).rstrip() + stream.ellipsis


def folded(text: str, width: int) -> list[str]:
    """The text in lines of this width at most, broken between words where that can be."""
    from rich.cells import cell_len, chop_cells

    if cell_len(text) <= width:
        return [text.rstrip()]
    lines, begun = [], ""
    for word in re.findall(r"\s*\S+\s*", text):
        if cell_len(begun) + cell_len(word.rstrip()) <= width:
            begun += word
            continue
        if begun:
            lines.append(begun.rstrip())
        *whole, begun = [word] if cell_len(word.rstrip()) <= width else chop_cells(word, width)
        lines += whole
    return [*lines, begun.rstrip()]


def line(stream: "Stream", cells: Iterable[tuple[Cell, int, bool]]) -> str:
    """One line of cells, each with its width and whether it stands at the right of it, painted for the stream."""
    from rich.cells import cell_len

    parts = []
    for (text, style), width, right in cells:
        blanks = " " * (width - cell_len(text))
        # Only the letters are painted: blanks would show in some styles.
        painted = stream.paint(text, style) if text else ""
        parts.append(blanks + painted if right else painted + blanks)
    return (" " * GAP).join(parts).rstrip()
