"""Panels and trees for people, drawn with Rich: a dashboard, and rows that nest."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from synq_cli.output.columns import Column, Row, lookup
from synq_cli.output.formats import Cell, visible
from synq_cli.output.table import draw, made_record, made_table, styled

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.tree import Tree

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
) -> None:
    """Draw the lines, and below them a table for each list of the row, in one frame; uncut if `width` is None."""
    from rich.console import Group
    from rich.panel import Panel
    from rich.text import Text

    inner = None if width is None else max(width - _FRAME, 1)
    record, widest = made_record(stream, lines, width=inner)
    blocks: list[RenderableType] = [record]
    for key, (heading, columns) in parts.items():
        rows = [item for item in lookup(row, key, []) or [] if isinstance(item, Mapping)]
        if rows:
            made = made_table(stream, rows, columns, now=now, width=inner, keep_empty=False)
            blocks += [styled(""), styled(stream.fit(heading), "bold"), made.table]
            widest = max(widest, made.width)
    frame = Panel(Group(*blocks), title=Text(stream.fit(visible(title)), "bold"), title_align="left")
    draw(stream, frame, max(widest, len(title)) + _FRAME)


def draw_tree(
    stream: "Stream", rows: Sequence[Row], columns: Sequence[Column], *, parent: str, now: float, width: int | None
) -> None:
    """Draw the rows by the id under `parent`: the first column as it is, the others dim behind it."""
    from rich.tree import Tree

    below: dict[object, list[Row]] = {}
    known = {row.get("id") for row in rows}
    for row in rows:
        above = row.get(parent)
        below.setdefault(above if above in known and above != row.get("id") else None, []).append(row)
    drawn: set[int] = set()

    def grow(branch: Tree, children: Sequence[Row]) -> None:
        for row in children:
            if id(row) not in drawn:
                drawn.add(id(row))
                grow(branch.add(_label(stream, row, columns, now)), below.get(row.get("id"), []))

    root = Tree("", hide_root=True)
    grow(root, below.get(None, []))
    grow(root, rows)  # what is left hangs in a ring
    widest = max(len(line) for line in _plain_lines(root)) if width is None else width
    draw(stream, root, widest)


def _label(stream: "Stream", row: Row, columns: Sequence[Column], now: float) -> "RenderableType":
    from rich.text import Text

    name, *others = (stream.fit(column.format.show(lookup(row, column.key), row, now).text) for column in columns)
    label = Text(name, no_wrap=True, overflow="ellipsis")
    for other in filter(None, others):
        label.append(f"  {other}", "dim")
    return label


def _plain_lines(root: "Tree") -> list[str]:
    from io import StringIO

    from rich.console import Console

    page = StringIO()
    Console(file=page, width=10_000, color_system=None).print(root)
    return [line.rstrip() for line in page.getvalue().splitlines()]
