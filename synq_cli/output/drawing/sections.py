"""An object for people: its fields, and below them a table for each of its lists; in a frame if it is a panel."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from synq_cli.output.columns import Column, Row
from synq_cli.output.drawing.table import Canvas, Rendered, build_record, build_table, build_whole, cut, record_fields
from synq_cli.output.formats import Cell, visible

if TYPE_CHECKING:
    from rich.console import RenderableType

# By the key of a list in the row: the heading and the columns of its table.
Sections = Mapping[str, tuple[str, Sequence[Column]]]
# The border and one blank on each side.
_FRAME = 4


def build_sections(
    canvas: Canvas,
    fields: Sequence[tuple[str, Cell]],
    row: Row,
    sections: Sections,
    between: "Sequence[RenderableType]" = (),
    *,
    whole: bool = False,
) -> Rendered:
    """The fields, the drawings `between`, and a table for each list; a list that is null is one the server lacks.

    With `whole` nothing in them is shortened or left out.
    """
    from rich.console import Group
    from rich.text import Text

    tables = [build_record(canvas, fields)]
    blocks = [tables[0].drawing, *between]
    for key, (heading, columns) in sections.items():
        rows = row[key]
        if rows is None or rows:
            blocks += [Text(""), Text(canvas.stream.fit(heading), "bold")]
        if rows is None:
            blocks.append(Text("This server does not list them.", "dim"))
        elif rows:
            fitted = None if whole else build_table(canvas, rows, columns, keep_empty=False)
            tables.append(fitted or build_whole(canvas, rows, columns))
            blocks.append(tables[-1].drawing)
    shortened = dict.fromkeys(title for table in tables for title in table.shortened)
    dropped = dict.fromkeys(title for table in tables for title in table.dropped)
    return Rendered(Group(*blocks), max(table.width for table in tables), [*shortened], [*dropped])


def build_panel(
    canvas: Canvas,
    title: str,
    row: Row,
    columns: Sequence[Column],
    sections: Sections,
    *,
    leftovers: bool,
    whole: bool = False,
) -> Rendered:
    """The object in a frame under the title; with `leftovers` fields that no column names are shown too.

    With `whole` nothing is shortened or left out, however narrow the terminal is.
    """
    from rich.cells import cell_len
    from rich.panel import Panel
    from rich.text import Text

    # Of another shape than a list of objects, it is shown as a field.
    lists = {
        key for key, rows in row.items() if isinstance(rows, list) and all(isinstance(item, Mapping) for item in rows)
    }
    sections = {key: section for key, section in sections.items() if key in lists}
    rest = {key: value for key, value in row.items() if key not in sections}
    inside = canvas._replace(width=None if canvas.width is None else max(canvas.width - _FRAME, 1))
    fields = record_fields(canvas, rest, columns, leftovers=leftovers)
    built = build_sections(inside, fields, row, sections, whole=whole)
    heading = canvas.stream.fit(visible(title))
    # The title is in the border, between a blank and a corner on either side.
    natural = max(built.width, cell_len(heading) + 2) + _FRAME
    width = natural if canvas.width is None else min(natural, canvas.width)
    heading = cut(heading, width - _FRAME - 2, canvas.stream.ellipsis)
    return built._replace(drawing=Panel(built.drawing, title=Text(heading, "bold"), title_align="left"), width=width)
