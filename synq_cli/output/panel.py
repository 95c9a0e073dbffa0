"""Panels for people, drawn with Rich: one object and its lists in a frame."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from synq_cli.output.columns import Column, Row
from synq_cli.output.formats import Cell
from synq_cli.output.table import Made, draw, made_record, made_table, styled

if TYPE_CHECKING:
    from rich.console import RenderableType

    from synq_cli.output.streams import Stream

# The border and one blank on each side.
_FRAME = 4


def draw_panel(
    stream: "Stream",
    title: str,
    lines: Sequence[tuple[str, Cell]],
    row: Row,
    parts: Mapping[str, tuple[str, Sequence[Column]]],
    *,
    now: float,
    width: int | None,
) -> list[Made]:
    """Draw the lines, and below them a table for each list of the row, in one frame; uncut if `width` is None.

    Gives the tables, for what of them is shortened or left out.
    """
    from rich.console import Group
    from rich.panel import Panel
    from rich.text import Text

    inner = None if width is None else max(width - _FRAME, 1)
    record = made_record(stream, lines, width=inner)
    widest = record.width
    blocks: list[RenderableType] = [record.drawing()]
    tables = []
    for key, (heading, columns) in parts.items():
        if row[key]:
            made = made_table(stream, row[key], columns, now=now, width=inner, keep_empty=False)
            blocks += [styled(""), styled(stream.fit(heading), "bold"), made.drawing()]
            widest = max(widest, made.width)
            tables.append(made)
    frame = Panel(Group(*blocks), title=Text(stream.fit(title), "bold"), title_align="left")
    # The title stands in the border, between a blank and a corner on either side.
    natural = max(widest, len(title) + 2) + _FRAME
    draw(stream, frame, natural if width is None else min(natural, width))
    return tables
