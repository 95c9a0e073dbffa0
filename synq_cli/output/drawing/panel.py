"""Panels for people, drawn with Rich: one object and its lists in a frame."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from synq_cli.output.columns import Column, Row
from synq_cli.output.drawing.table import RenderedTable, build_record, build_table, cut
from synq_cli.output.formats import Cell, visible

if TYPE_CHECKING:
    from rich.console import RenderableType

    from synq_cli.output.streams import Stream

# The border and one blank on each side.
_FRAME = 4


def draw_panel(
    stream: "Stream",
    title: str,
    fields: Sequence[tuple[str, Cell]],
    row: Row,
    parts: Mapping[str, tuple[str, Sequence[Column]]],
    *,
    now: float,
    width: int | None,
) -> list[RenderedTable]:
    """Draw the fields, and below them a table for each list of the row, in one frame; uncut if `width` is None.

    Gives the tables, for what of them is shortened or left out.
    """
    from rich.cells import cell_len
    from rich.console import Group
    from rich.panel import Panel
    from rich.text import Text

    inner = None if width is None else max(width - _FRAME, 1)
    record = build_record(stream, fields, width=inner)
    widest = record.width
    blocks: list[RenderableType] = [record.table]
    tables = []
    for key, (heading, columns) in parts.items():
        if row[key]:
            built = build_table(stream, row[key], columns, now=now, width=inner, keep_empty=False)
            blocks += [Text(""), Text(stream.fit(heading), "bold", overflow="fold"), built.table]
            widest = max(widest, built.width)
            tables.append(built)
    heading = stream.fit(visible(title))
    # The title stands in the border, between a blank and a corner on either side.
    natural = max(widest, cell_len(heading) + 2) + _FRAME
    width = natural if width is None else min(natural, width)
    heading = cut(heading, width - _FRAME - 2, stream.ellipsis)
    stream.draw(Panel(Group(*blocks), title=Text(heading, "bold"), title_align="left"), width)
    return tables
